#!/bin/sh
# provision.sh - make a root file system that holds Debian's Bazel.
#
# Debian testing packages Bazel 7.7.1 with everything that it needs to run. A
# minimal Debian in a folder, made by debootstrap, is all the network that this
# takes: no download of a release, no registry.
#
# Idempotent: a finished root carries a stamp with what it was made of, and when
# that matches there is nothing to do. A root is built beside and renamed, so
# that one that exists is one that is complete.
#
#   NOSPLIT_BAZEL_CACHE   where to put it (set by run.sh)
#
# Needs root, apt, debootstrap (installed if it is missing), 2.5 GB of disk.
set -eu

cache=$NOSPLIT_BAZEL_CACHE
suite=forky # the first Debian with bazel-bootstrap 7.7
# Bazel itself brings gcc, a Java runtime and python3. The others are for the
# tests that compile (clang and lld as second opinions, 32-bit libraries) and
# for Bazel, which packs the outputs of tests.
packages="bazel-bootstrap bazel-rules-shell binutils-gold clang file gcc-multilib lld llvm zip"

root=$cache/root
want="1 $suite $packages"
if [ "$(cat "$root/.stamp" 2>/dev/null)" = "$want" ]; then exit 0; fi

say() { echo "bazelw: $*" >&2; }
die() {
  say "$*"
  exit 1
}

[ "$(id -u)" = 0 ] || die "making a Bazel from Debian's packages needs root." \
  "Run as root, or install bazelisk, or set BAZEL to a Bazel 7.7 or newer."
command -v apt-get >/dev/null || die "there is no apt-get on this machine." \
  "Install bazelisk, or set BAZEL to a Bazel 7.7 or newer."
for tool in unshare mount flock; do
  command -v "$tool" >/dev/null || die "$tool is missing: apt-get install -y util-linux mount"
done

mkdir -p "$cache"
log=$cache/provision.log
exec 9>"$cache/.provision.lock"
flock 9 # a second caller waits here, and then finds the stamp
if [ "$(cat "$root/.stamp" 2>/dev/null)" = "$want" ]; then exit 0; fi
: >"$log"

# step runs a command with its output in the log.
step() {
  say "$1"
  shift
  "$@" >>"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "that failed; the whole output is in $log"
  }
}

if ! command -v debootstrap >/dev/null; then
  step "installing debootstrap" sh -c 'apt-get -q update && apt-get -q -y install --no-install-recommends debootstrap'
fi
# The mirror that this machine's apt uses already.
# shellcheck disable=SC2016  # apt's own variables
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m1 '/debian/*$') ||
  die "apt knows no Debian mirror: add one to /etc/apt/sources.list.d and run apt-get update"

new=$root.new
rm -rf "$new"
say "no bazel or bazelisk here: making Debian's own in $cache (about two minutes, once)"
# debootstrap knows the suites of its own time; all of them share sid's script.
step "1/2 a minimal Debian ($suite)" \
  debootstrap --variant=minbase "$suite" "$new" "$mirror" /usr/share/debootstrap/scripts/sid

printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d" # no services
chmod 755 "$new/usr/sbin/policy-rc.d"
printf 'force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/locale/*\n' >"$new/etc/dpkg/dpkg.cfg.d/box"
cat >"$new/etc/apt/apt.conf.d/90box" <<'APT'
// A frozen mirror's Release file runs out.
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
APT
cp -L /etc/resolv.conf "$new/etc/resolv.conf" 2>/dev/null || :
# The Java runtime's installation wants /proc. In a mount namespace of its own,
# nothing stays mounted whatever happens.
# shellcheck disable=SC2016  # expanded by the inner shell
step "2/2 Bazel, a Java runtime and compilers" \
  env new="$new" packages="$packages" DEBIAN_FRONTEND=noninteractive LC_ALL=C \
  unshare --mount --propagation private -- sh -euc '
    mount -t proc proc "$new/proc" || mount --rbind /proc "$new/proc"
    chroot "$new" apt-get -q update
    chroot "$new" apt-get -q -y install $packages
    chroot "$new" apt-get clean
  '
rm -rf "$new"/var/lib/apt/lists/*
# What run.sh mounts over.
: >"$new/etc/resolv.conf"
: >>"$new/etc/hosts"
: >>"$new/etc/hostname"
mkdir -p "$new/usr/local"
printf '%s' "$want" >"$new/.stamp"
# A server that was started in the old root would go on without its files.
for mounts in /proc/[0-9]*/mountinfo; do
  if grep -qs "/${cache##*/}/root/usr /usr " "$mounts"; then
    pid=${mounts#/proc/}
    kill "${pid%/mountinfo}" 2>/dev/null || :
  fi
done
rm -rf "$root"
mv "$new" "$root"
say "Bazel is ready in $root"
