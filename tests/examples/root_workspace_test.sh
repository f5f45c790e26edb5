#!/bin/sh
# With WORKSPACE in place of MODULE.bazel, the public packages build and pass
# their tests, from the same versions.
set -eu
. tests/examples/nested_bazel.sh
in_workspace .

# What MODULE.bazel reads from go.mod, toolchain/go_repositories.bzl repeats.
sed -n 's/^\(require\)\{0,1\}[[:space:]]*\([^ ]*\.[^ ]*\/[^ ]*\) \(v[^ ]*\).*/\2 \3/p' "$checkout/go.mod" >"$tmp/required"
[ -s "$tmp/required" ] || fail "no module found in go.mod"
awk '/importpath = "/ { path = $3 } /sum = "/ { sum = $3 } /version = "/ { print path, $3, sum }' \
  "$checkout/toolchain/go_repositories.bzl" | tr -d '",' | sort >"$tmp/declared"
while read -r path version; do
  sum=$(awk -v path="$path" -v version="$version" '$1 == path && $2 == version { print $3 }' "$checkout/go.sum")
  echo "$path $version $sum"
done <"$tmp/required" | sort >"$tmp/wanted"
diff "$tmp/wanted" "$tmp/declared" ||
  fail "toolchain/go_repositories.bzl (>) is not what go.mod and go.sum say (<): edit it"

expect_exit 0 bazel test --config=workspace //rules/... //toolchain/...
expect_line "$log" "//toolchain/cli:cli_test"
