#!/bin/sh
# A program in the place of nosplit, which has a file of its own.
cat tests/rules/toolchain/program.txt
