#!/bin/sh
# examples/quickstart builds, runs, and its audit passes after reading something.
set -eu
. tests/examples/nested_bazel.sh
in_workspace examples/quickstart

expect_exit 0 bazel test //...
copy_outputs hello_audit_test
expect_audited "$tmp/hello_audit_test/test.log"

expect_exit 0 bazel run //:hello
expect_line "$log" "Hello, Go, from C!"
