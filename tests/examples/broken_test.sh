#!/bin/sh
# examples/broken builds and runs, and its audit fails and says why.
set -eu
. tests/examples/nested_bazel.sh
in_workspace examples/broken

expect_exit 0 bazel run //:hello
expect_line "$log" "HELLO, GO, FROM C!"

# 3: built, and a test failed. Not zipped, so that the report can be read.
expect_exit 3 bazel test --nozip_undeclared_test_outputs //...
copy_outputs hello_audit_test
audit=$tmp/hello_audit_test/test.log
expect_line "$audit" "hello_/hello: violation"
expect_line "$audit" "libshout.a(shout.pic.o): violation"
expect_line "$audit" "NS001 error: 1 function checks for a split stack on entry"
grep -qE '^ +shout +0x0 ' "$audit" || fail "the audit does not name the function shout"
expect_line "$audit" "fix: NS001"

report=$tmp/hello_audit_test/test.outputs/nosplit.audit.json
[ -e "$report" ] || fail "the audit wrote no JSON report to its undeclared outputs (is zip installed?)"
cat "$report"
expect_line "$report" '"NS001"'
expect_line "$report" '"shout.pic.o"'

# The library that follows the policy is not to blame.
if grep -F "libgreeting.a" "$audit"; then fail "the audit blames libgreeting.a"; fi
