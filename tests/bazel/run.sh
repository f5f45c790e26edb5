#!/bin/sh
# run.sh - run Debian's Bazel from a root file system on this machine's files.
#
# In a mount namespace of its own, the root's /usr and /etc lie over the
# machine's. Everything else stays where it is: the workspace, the home folder,
# the Go SDK in /usr/local, caches. There is no path to translate and nothing to
# unmount.
#
#   NOSPLIT_BAZEL_CACHE  where root, registry and caches are; default
#                        ${XDG_CACHE_HOME:-$HOME/.cache}/rules_nosplit/bazel
#   NOSPLIT_BOX_EXEC     run this program in the box instead of bazel
set -eu

# In the box already: a test that calls Bazel.
if grep -qs '^# Written by registry.sh' /etc/bazel/bazelrc; then exec /usr/bin/bazel "$@"; fi

here=$(cd "$(dirname "$0")" && pwd -P)
NOSPLIT_BAZEL_CACHE=${NOSPLIT_BAZEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rules_nosplit/bazel}
# Bazel reads it as part of a URL, and from other folders.
case $NOSPLIT_BAZEL_CACHE in
  /*) ;;
  *) NOSPLIT_BAZEL_CACHE=$PWD/$NOSPLIT_BAZEL_CACHE ;;
esac
export NOSPLIT_BAZEL_CACHE
"$here/provision.sh"
registry=$("$here/registry.sh")

userns=
[ "$(id -u)" = 0 ] || userns="--user --map-root-user"
# shellcheck disable=SC2086,SC2016  # words; expanded by the inner shell
exec unshare $userns --mount --propagation private -- /bin/sh -euc '
root=$1 rc=$2/offline.bazelrc
shift 2
# Users, name resolution and trust stay those of the machine.
for f in passwd group hosts resolv.conf hostname ssl/certs/ca-certificates.crt; do
  if [ -e "/etc/$f" ] && [ -e "$root/etc/$f" ]; then mount --bind "/etc/$f" "$root/etc/$f"; fi
done
mount --bind "$rc" "$root/etc/bazel/bazelrc"
mount --rbind /usr/local "$root/usr/local"
mount --rbind "$root/etc" /etc
mount --rbind "$root/usr" /usr
# Where /bin and its like are folders of their own and no links into /usr.
for d in bin sbin lib lib64; do
  if [ ! -L "/$d" ] && [ -d "$root/usr/$d" ]; then mount --bind "$root/usr/$d" "/$d"; fi
done
if [ -n "${NOSPLIT_BOX_EXEC:-}" ]; then
  program=$NOSPLIT_BOX_EXEC
  unset NOSPLIT_BOX_EXEC
  exec "$program" "$@"
fi
exec /usr/bin/bazel "$@"
' sh "$NOSPLIT_BAZEL_CACHE/root" "$registry" "$@"
