#!/usr/bin/env bash
# clvid on FFmpeg 7, Debian 13's: the same sources with the go-astiav of
# go.ffmpeg7.mod, which binds FFmpeg 7, and the build tag ffmpeg7.
#
#   scripts/ffmpeg7.sh mod       make go.ffmpeg7.mod anew, after go.mod changed
#   scripts/ffmpeg7.sh build     bin/clvid-ffmpeg7, with the FFmpeg 7 of this system
#   scripts/ffmpeg7.sh test      the decoder's tests on it (further arguments go to go test)
#   scripts/ffmpeg7.sh debian13 [build|test ...]
#                                the same in a Debian 13 root that debootstrap makes, as root
#
# The root lies in build/debian13 (CLVID_DEBIAN13); this folder and Go are seen in
# it as long as the command runs, by mounts that nothing else sees.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
astiav=github.com/asticode/go-astiav@v0.38.0
flags=(-modfile=go.ffmpeg7.mod -tags=ffmpeg7)
debian=${CLVID_DEBIAN13:-$PWD/build/debian13}
shared=${CLVID_SHARED:-$PWD/../shared}
packages=(gcc libc6-dev make pkg-config ca-certificates ffmpeg libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev
  libavutil-dev libswresample-dev libswscale-dev libdnnl3.6)

say() { printf 'ffmpeg7: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

make_mod() {
  cp go.mod go.ffmpeg7.mod
  cp go.sum go.ffmpeg7.sum
  go get -modfile=go.ffmpeg7.mod "$astiav"
}

want_ffmpeg7() {
  local found
  found=$(pkg-config --modversion libavcodec 2>/dev/null || echo none)
  [ "${found%%.*}" = 61 ] || fail "this wants FFmpeg 7 with development files (libavcodec 61, found: $found): use Debian 13, or the command debian13"
}

build() {
  want_ffmpeg7
  mkdir -p bin
  go build "${flags[@]}" -trimpath -o bin/clvid-ffmpeg7 ./cmd/clvid
  say "done: bin/clvid-ffmpeg7"
}

run_tests() {
  want_ffmpeg7
  go test "${flags[@]}" ./media/avdecode "$@"
}

# make_root fills the root from the first Debian mirror that apt knows, once.
make_root() {
  local mirror
  if [ -e "$debian/made" ]; then return; fi
  command -v debootstrap >/dev/null || apt-get -qq -y --no-install-recommends install debootstrap >/dev/null
  # shellcheck disable=SC2016 # apt's variables, not the shell's
  mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$1 == "Debian" && $3 !~ /-/ { print $2; exit }')
  [ -n "$mirror" ] || fail "no Debian mirror is configured here: see apt's sources.list"
  say "making a Debian 13 root in $debian, which takes minutes"
  rm -rf "$debian"
  mkdir -p "$debian"
  debootstrap --variant=minbase trixie "$debian" "$mirror" >"$debian.log" 2>&1 || fail "debootstrap failed: see $debian.log"
  chroot "$debian" apt-get -q -y --no-install-recommends install "${packages[@]}" >>"$debian.log" 2>&1 || fail "installing failed: see $debian.log"
  mkdir -p "$debian"/{clvid,shared,go,mod}
  touch "$debian/made"
}

# in_root runs this script in the root, with Go and the modules of this system.
in_root() {
  local go modules
  [ "$(id -u)" = 0 ] || fail "a Debian 13 root needs the rights of root"
  make_root
  go mod download -modfile=go.ffmpeg7.mod
  go=$(go env GOROOT) modules=$(go env GOMODCACHE)
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --propagation private bash -euc '
    debian=$1 go=$2 modules=$3 shared=$4
    shift 4
    mount -t proc proc "$debian/proc"
    mount --bind "$PWD" "$debian/clvid"
    mount --bind "$go" "$debian/go"
    mount --bind "$modules" "$debian/mod"
    [ ! -d "$shared" ] || mount --bind "$shared" "$debian/shared"
    exec chroot "$debian" env PATH="/go/bin:$PATH" GOROOT=/go GOMODCACHE=/mod GOPROXY=off GOTOOLCHAIN=local \
      GOFLAGS=-buildvcs=false CLVID_SHARED=/shared /clvid/scripts/ffmpeg7.sh "$@"
  ' bash "$debian" "$go" "$modules" "$shared" "$@"
}

case ${1:-} in
mod) make_mod ;;
build) build ;;
test)
  shift
  run_tests "$@"
  ;;
debian13)
  shift
  in_root "${@:-build}"
  ;;
*) fail "unknown command ${1:-}: want mod, build, test or debian13" ;;
esac
