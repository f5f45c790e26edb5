#!/bin/sh
# bazelw runs $BAZEL, else bazelisk, else bazel from PATH, else the box: whatever
# name it is called by, and never itself.
set -eu

checkout=$TEST_TMPDIR/checkout
mkdir -p "$checkout/tests/bazel" "$checkout/links" "$checkout/tools"
cp -L bazelw "$checkout/bazelw"
ln -s ../bazelw "$checkout/links/bazel"

# program FILE TEXT writes one that prints the text and its arguments.
program() {
  printf '#!/bin/sh\necho "%s:" "$@"\n' "$2" >"$1"
  chmod 755 "$1"
}
program "$checkout/tests/bazel/run.sh" box
program "$checkout/tools/bazel" tools/bazel
program "$checkout/mine" mine

# What bazelw needs itself, and no Bazel.
mkdir "$TEST_TMPDIR/bin"
for tool in env readlink sh; do ln -s "$(command -v "$tool")" "$TEST_TMPDIR/bin/$tool"; done
nothing=$TEST_TMPDIR/bin

failed=0
# expect CODE TEXT PATH COMMAND... runs bazelw with a PATH and without $BAZEL.
expect() {
  code=$1 text=$2 path=$3
  shift 3
  actual=0
  # An endless chain of exec is ended.
  output=$(timeout 20 env -u BAZEL PATH="$path" "$@" 2>&1) || actual=$?
  if [ "$actual" = "$code" ] && printf '%s' "$output" | grep -qF -e "$text"; then return; fi
  printf 'FAILED: PATH=%s %s\n  ended with %s, not %s, and printed: %s\n  not: %s\n' \
    "$path" "$*" "$actual" "$code" "$output" "$text"
  failed=1
}

bazelw=$checkout/bazelw
expect 0 "box: test //..." "$nothing" "$bazelw" test //...
expect 0 "tools/bazel: test //..." "$checkout/tools:$nothing" "$bazelw" test //...
expect 0 "mine: build //a b" "$checkout/tools:$nothing" env BAZEL="$checkout/mine" "$bazelw" build "//a b"

# A link to bazelw that PATH calls bazel is passed over.
expect 0 "box: version" "$checkout/links:$nothing" "$bazelw" version
expect 0 "box: version" "$checkout/links:$nothing" bazel version
expect 0 "tools/bazel: version" "$checkout/links:$checkout/tools:$nothing" bazel version
expect 2 "is bazelw itself" "$nothing" env BAZEL="$bazelw" "$bazelw" version
expect 2 "is bazelw itself" "$checkout/links:$nothing" env BAZEL=bazel "$bazelw" version

program "$checkout/tools/bazelisk" tools/bazelisk
expect 0 "tools/bazelisk: version" "$checkout/tools:$nothing" "$bazelw" version

exit "$failed"
