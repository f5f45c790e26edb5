#!/bin/sh
# ends_with.sh TEST CODE TEXT... - run TEST; it must end with the exit code CODE
# and print each TEXT, on standard output or standard error.
set -eu
test=$1 code=$2
shift 2
output=$TEST_TMPDIR/output
actual=0
"./$test" >"$output" 2>&1 || actual=$?
cat "$output"

failed=0
if [ "$actual" != "$code" ]; then
  echo "FAILED: $test ended with exit code $actual, not $code"
  failed=1
fi
for text in "$@"; do
  if ! grep -qF -e "$text" "$output"; then
    echo "FAILED: $test did not print: $text"
    failed=1
  fi
done
exit "$failed"
