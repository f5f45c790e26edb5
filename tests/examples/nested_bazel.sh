# shellcheck shell=sh
# nested_bazel.sh - to be sourced by a test that runs Bazel in a workspace of
# this checkout.
#
# The workspaces are used where they are, as a user uses them, because they name
# the root of the checkout by a relative path. What Bazel writes is in a cache
# folder: nothing in the checkout, and not that of whoever runs this test.
# Everything is compiled once: rerun, a test takes seconds.

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# The runfiles are links into the checkout.
checkout=$(dirname "$(readlink -f go.mod)")
[ -e "$checkout/bazelw" ] || fail "$checkout is no checkout of rules_nosplit; run this test without a sandbox and not remotely"

# To Bazel's client it says where to put everything.
tmp=$TEST_TMPDIR
unset TEST_TMPDIR

cache=${NOSPLIT_BAZEL_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/rules_nosplit/bazel}

find_bazel() {
  if [ -n "${BAZEL:-}" ]; then
    echo "$BAZEL"
  else
    command -v bazelisk || command -v bazel
  fi
}
bazel_program=$(find_bazel) ||
  fail "there is no Bazel in PATH ($PATH). Install bazelisk, or set BAZEL to a Bazel 7.7 or newer, or run the tests with ./bazelw"

# bazel COMMAND ARGUMENTS... runs Bazel in the workspace.
bazel() {
  command=$1
  shift
  # No links in the workspace: they are for whoever works in it.
  case $command in
    build | test | run | info) set -- --symlink_prefix=/ --color=no --curses=no --noshow_progress "$@" ;;
  esac
  (cd "$workspace" && "$bazel_program" --output_user_root="$cache/nested" "$command" "$@")
}

# in_workspace FOLDER chooses the workspace, and ends its server with the test.
in_workspace() {
  workspace=$checkout/$1
  trap 'bazel shutdown >/dev/null 2>&1 || :' EXIT
  trap 'exit 1' HUP INT TERM
}

# expect_exit CODE COMMAND... runs a command and keeps what it prints in $log.
log=$tmp/log
expect_exit() {
  want=$1
  shift
  printf '\n$ %s\n' "$*"
  code=0
  "$@" >"$log" 2>&1 || code=$?
  cat "$log"
  [ "$code" = "$want" ] || fail "$* ended with exit code $code, not with $want"
}

# expect_line FILE TEXT looks for a line that holds the text.
expect_line() {
  grep -qF -- "$2" "$1" || {
    cat "$1"
    fail "$1 has no line with: $2"
  }
}

# copy_outputs TEST ARGUMENTS... copies a test's log and outputs to $tmp/TEST.
copy_outputs() {
  name=$1
  shift
  logs=$(bazel info "$@" bazel-testlogs 2>/dev/null) || fail "bazel info bazel-testlogs failed in $workspace"
  rm -rf "${tmp:?}/$name"
  cp -rL "$logs/$name" "$tmp/$name"
}

# expect_audited LOG: a test that passes says how much it read, and it is not 0.
expect_audited() {
  cat "$1"
  grep -qE '^No split-stack code found: read [1-9][0-9]* objects in [1-9][0-9]* files\.$' "$1" ||
    fail "the audit does not say how many objects it read"
}
