#!/bin/bash
# registry.sh - write a Bazel module registry that needs no network but the Go
# module proxy, and the rc files that point Bazel to it.
#
# MODULE.bazel and WORKSPACE files stay what a user with a registry writes: for
# every version that anyone asks for there is an entry, all with one content.
#
#   rules_go, gazelle              the Go module proxy: module zips hold all files
#   bazel_skylib, platforms, rules_cc, rules_java, rules_license, rules_proto,
#   rules_python, rules_shell      Debian's packages in the root
#   the rest                       tests/bazel/stubs: just what the others load
#
# registry/NAME.MODULE.bazel are the module files as this registry serves them,
# without development dependencies. All is in a folder that is named after the
# hash of what goes in, and whose path is printed: a checkout that asks for other
# versions writes another folder, and leaves this one to whoever builds with it.
#
#   NOSPLIT_BAZEL_CACHE   where to put it (set by run.sh)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
cache=$NOSPLIT_BAZEL_CACHE
rules_go=v0.61.1
gazelle=v0.53.0

say() { echo "bazelw: $*" >&2; }

# Debian's modules at the path where they are when Bazel runs (run.sh).
debian=/usr/share/bazel

# Who may ask for a version: Bazel itself, the workspace and its examples.
# Relative, so that a name above the checkout does not count.
cd "$top"
mapfile -t askers < <(find . \( -name 'bazel-*' -o -path ./tests/bazel \) -prune -o -name MODULE.bazel -print | LC_ALL=C sort)
# dependencies prints NAME VERSION for every bazel_dep of module files.
dependencies() {
  tr '\n' ' ' | grep -oE 'bazel_dep\([^)]*\)' |
    sed -nE 's/.*[( ]name = "([^"]*)".*[( ]version = "([^"]*)".*/\1 \2/p' | LC_ALL=C sort -u
}
# The hash does not depend on where the checkout is, nor on anything in the
# workspaces' module files but what they ask for.
inputs=$({
  cat "$here"/registry.sh "$here"/registry/* "$cache/root/.stamp"
  cat "${askers[@]}" | dependencies
  find tests/bazel/stubs -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
} | sha256sum | cut -d' ' -f1)
final=$cache/registries/${inputs:0:16}
echo "$final"
if [ -d "$final" ]; then exit 0; fi

mkdir -p "$cache/registries"
exec 9>"$cache/.registry.lock"
flock 9
if [ -d "$final" ]; then exit 0; fi
command -v go >/dev/null || {
  say "go is missing: rules_go and gazelle come through its module proxy. Install Go 1.26 or newer."
  exit 1
}
say "writing an offline module registry to $final"

# Renamed when it is complete.
new=$cache/registries/new
mods=$new/modules
reg=$new/registry
rm -rf "$new"
mkdir -p "$mods" "$reg"

# go_module copies a Go module, writable, from the module cache.
go_module() { # MODULE VERSION FOLDER
  local dir
  dir=$(cd / && GOFLAGS=-mod=mod GOWORK=off go mod download -json "$1@$2" |
    sed -n 's/^[[:space:]]*"Dir": "\(.*\)",\{0,1\}$/\1/p')
  [ -n "$dir" ] || {
    say "the Go module proxy does not have $1 $2; look at: go mod download -json $1@$2"
    exit 1
  }
  cp -r --no-preserve=mode "$dir" "$mods/$3"
}
go_module github.com/bazelbuild/rules_go "$rules_go" rules_go
go_module github.com/bazelbuild/bazel-gazelle "$gazelle" gazelle
# gazelle is two Go modules in one repository, and a module's zip leaves out the
# other: put it back.
v2=$(sed -n 's#^[[:space:]]*github.com/bazel-contrib/bazel-gazelle/v2 \(v[^ ]*\).*#\1#p' "$mods/gazelle/go.mod")
if [ -n "$v2" ]; then
  go_module github.com/bazel-contrib/bazel-gazelle/v2 "$v2" gazelle/v2
  # Named in gazelle's list of sources, not in the zip, and not used.
  [ -e "$mods/gazelle/v2/go.sum" ] || : >"$mods/gazelle/v2/go.sum"
fi
# Zips carry no permissions; actions run these.
grep -rlIZ '^#!' --include='*.sh' --include='*.bash' --include='*.py' "$mods" | xargs -0 -r chmod 755

cp -r "$here"/stubs/* "$mods/"
for dir in "$mods"/*/; do
  [ -e "$dir/MODULE.bazel" ] || : >"$dir/MODULE.bazel" # marks the root of a module
done

folder() { # of a module's content
  case $1 in
    platforms) echo "$debian/tools/platforms" ;;
    bazel_skylib) echo "$debian/tools/skylib" ;;
    rules_cc | rules_java | rules_license | rules_proto | rules_python | rules_shell) echo "$debian/rules/${1#rules_}" ;;
    *) echo "$final/modules/$1" ;;
  esac
}

# module_file prints a module's file with VERSION where its version goes. The
# two big ones have their own, which is set to a version with a sentinel.
module_file() {
  case $1 in
    rules_go | gazelle)
      awk '/^module\(/ { print "module("; print "    version = \"VERSION\","; inside = 1; next }
           inside && /^[[:space:]]*version =/ { next }
           /^\)/ { inside = 0 }
           { print }' "$mods/$1/MODULE.bazel"
      ;;
    *) cat "$here/registry/$1.MODULE.bazel" ;;
  esac
}
mapfile -t names < <({
  printf 'rules_go\ngazelle\n'
  find "$here/registry" -name '*.MODULE.bazel' -printf '%f\n' | sed 's/\.MODULE\.bazel$//'
} | sort)

echo '{"mirrors": []}' >"$reg/bazel_registry.json"
{
  for name in "${names[@]}"; do module_file "$name"; done
  cat "$cache/root$debian/embedded_tools/MODULE.bazel" "${askers[@]}"
  # Asked for by Bazel's built-in local_config_platform.
  printf 'bazel_dep(name = "platforms", version = "0.0.7")\n'
} | dependencies |
  while read -r name version; do
    case " ${names[*]} " in
      *" $name "*) ;;
      *) continue ;; # somebody's development dependency
    esac
    entry=$reg/modules/$name/$version
    mkdir -p "$entry"
    module_file "$name" | sed "s/\"VERSION\"/\"$version\"/" >"$entry/MODULE.bazel"
    printf '{"type": "local_path", "path": "%s"}\n' "$(folder "$name")" >"$entry/source.json"
  done

cat >"$new/offline.bazelrc" <<RC
# Written by registry.sh. run.sh lays it over /etc/bazel/bazelrc.
startup --install_base=/usr/share/bazel
startup --trust_install_base
common --registry=file://$final/registry
common --lockfile_mode=off
common --disk_cache=$cache/disk
# Go modules come from the Go module cache and proxy of this machine.
common --repo_env=GO_REPOSITORY_USE_HOST_CACHE=1
RC
# With WORKSPACE, repositories stand in for the http_archive of the same name.
{
  for pair in bazel_skylib platforms rules_cc rules_shell rules_license rules_proto rules_python rules_java \
    package_metadata bazel_features io_bazel_rules_go_bazel_features:bazel_features \
    com_google_protobuf:protobuf io_bazel_rules_go:rules_go bazel_gazelle:gazelle; do
    echo "common:workspace --override_repository=${pair%%:*}=$(folder "${pair#*:}")"
  done
} >>"$new/offline.bazelrc"
mv "$new" "$final"
