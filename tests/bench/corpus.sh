#!/usr/bin/env bash
# corpus.sh DIR: fetches a corpus for the benchmark, some 6 GB of Debian's static
# archives, shared libraries and programs: LLVM, clang, Boost, Chromium, Firefox,
# Qt, WebKit, GHC, MariaDB, and gccgo for several machines. Nothing is installed.
#
# Needs apt and dpkg of Debian 12, and 9 GB of disk while it works. Packages that
# the suite does not have are named and left out.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"

packages=(
  llvm-14-dev llvm-16-dev llvm-19-dev libclang-14-dev libclang-19-dev
  libllvm14 libllvm16 libllvm19 libclang-cpp14 libclang-cpp19 libclang1-19
  chromium firefox-esr libwebkit2gtk-4.1-0 libjavascriptcoregtk-4.1-0
  libqt6core6 libqt6gui6 libqt6widgets6 libqt6webenginecore6 libqt5webkit5
  libboost-locale1.81-dev libboost-log1.81-dev libboost-regex1.81-dev
  libboost-test1.81-dev libboost-math1.81-dev libboost-serialization1.81-dev
  libboost-wave1.81-dev libboost-program-options1.81-dev libboost-thread1.81-dev
  libbotan-2-dev libicu-dev libssl-dev libprotobuf-dev libprotoc-dev libgrpc-dev
  libopencv-core-dev libc6-dev libstdc++-12-dev
  libgo-12-dev lib32go-12-dev libx32go-12-dev libgo-12-dev-i386-cross
  libgo-12-dev-s390x-cross libgo-12-dev-ppc64el-cross libgo-12-dev-arm64-cross
  libgo21 lib32go21 libx32go21 libgo21-s390x-cross libgo21-ppc64el-cross gccgo-12
  libstdc++-12-dev-s390x-cross libstdc++-12-dev-ppc64el-cross libstdc++-12-dev-arm64-cross
  libc6-dev-s390x-cross libc6-dev-ppc64el-cross libc6-dev-arm64-cross
  libgcc-12-dev-s390x-cross libgcc-12-dev-ppc64el-cross libgcc-12-dev-i386-cross
  libx32gcc-12-dev lib32gcc-12-dev
  ghc libghc-pandoc-dev libghc-hledger-lib-dev libvtk9-dev libnode108
  postgresql-server-dev-15 libdb5.3-dev libatlas-base-dev libopenblas-pthread-dev
  ceph-common libmariadbd-dev libpoco-dev libtesseract-dev libgtest-dev
  libbenchmark-dev libzmq3-dev libsodium-dev libcrypto++-dev
)

for p in "${packages[@]}"; do
  rm -f ./*.deb
  apt-get -q download "$p" >/dev/null 2>&1 || { echo "not there: $p" >&2; continue; }
  dpkg -x ./*.deb root
done
rm -f ./*.deb
du -sh root
