#!/usr/bin/env bash
# Installs the system packages that clvid builds and runs on: FFmpeg 5.1's
# development files (go-astiav v0.16.0 binds exactly that version), oneDNN (found
# at run time; without it training runs on slower pure-Go kernels) and the C
# tool chain. With the argument `static` also what build-static.sh works with.
# Does nothing where everything is there. Packages are installed on Debian 12
# only; elsewhere the script says what is missing and why.
set -euo pipefail

# FFmpeg's libraries with the major versions of release 5.1.
ffmpeg_libraries=(libavcodec:59 libavdevice:59 libavfilter:8 libavformat:59 libavutil:57 libswresample:4 libswscale:6)

say() { printf 'install-deps: %s\n' "$*"; }

has_compiler() { command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1; }

# has_ffmpeg tells whether every library is there with the wanted major version.
has_ffmpeg() {
  local entry name major found
  command -v pkg-config >/dev/null 2>&1 || return 1
  for entry in "${ffmpeg_libraries[@]}"; do
    name=${entry%%:*} major=${entry##*:}
    found=$(pkg-config --modversion "$name" 2>/dev/null) || return 1
    [ "${found%%.*}" = "$major" ] || return 1
  done
}

# has_onednn looks for oneDNN 2.x or 3.x where the program itself will.
has_onednn() {
  [ -n "${CLVID_ONEDNN:-}" ] && return 0
  local cache
  cache=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null) || return 1
  [[ $cache =~ libdnnl\.so\.[23] ]]
}

is_debian_12() {
  [ -r /etc/os-release ] || return 1
  (. /etc/os-release && [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ])
}

# missing lists the Debian packages that are needed for what is not there.
missing() {
  has_compiler || echo "gcc libc6-dev"
  command -v make >/dev/null 2>&1 || echo make
  command -v pkg-config >/dev/null 2>&1 || echo pkg-config
  has_ffmpeg || echo "libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev libavutil-dev libswresample-dev libswscale-dev"
  has_onednn || echo libdnnl2
}

# missing_static lists the packages that the static build needs in addition.
missing_static() {
  command -v g++ >/dev/null 2>&1 || echo g++
  command -v nasm >/dev/null 2>&1 || echo nasm
  command -v meson >/dev/null 2>&1 || echo meson
  command -v ninja >/dev/null 2>&1 || echo ninja-build
  command -v dpkg-source >/dev/null 2>&1 || echo dpkg-dev
  command -v readelf >/dev/null 2>&1 || echo binutils
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    say "not root and no sudo here: run this as root: $*" >&2
    exit 1
  fi
}

# install_on_debian takes package names.
install_on_debian() {
  say "installing for video (FFmpeg 5.1), fast training (oneDNN) and building (C compiler): $*"
  # Another apt may hold the lock on a fresh machine: wait for it.
  local options=(-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  as_root apt-get "${options[@]}" -qq update
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get "${options[@]}" -qq -y --no-install-recommends install "$@" >/dev/null
}

# explain says what another system lacks; it fails unless only oneDNN does.
explain() {
  local fatal=0
  if ! has_compiler; then
    say "missing: a C compiler; clvid calls FFmpeg and oneDNN through cgo. Install gcc or clang." >&2
    fatal=1
  fi
  if ! has_ffmpeg; then
    local found
    found=$(pkg-config --modversion libavcodec 2>/dev/null || echo none)
    say "missing: FFmpeg 5.1 with development files, by pkg-config (libavcodec 59; found: $found)." >&2
    say "go-astiav v0.16.0, which decodes the videos, is tied to that version: 6, 7 and later do not compile." >&2
    say "Remedy: use Debian 12, or build FFmpeg n5.1 with --enable-shared and put its lib/pkgconfig into PKG_CONFIG_PATH." >&2
    fatal=1
  fi
  if ! has_onednn; then
    say "note: no oneDNN 2.x or 3.x (libdnnl.so.2, libdnnl.so.3); training works but is many times slower. CLVID_ONEDNN may name the file." >&2
  fi
  return $fatal
}

# main takes nothing or the word static.
main() {
  case ${1:-} in
  "") ;;
  static) is_debian_12 || { say "the static build takes Debian 12's source packages: use Debian 12" >&2; exit 1; } ;;
  *) say "unknown argument $1: want static or none" >&2; exit 2 ;;
  esac
  if ! command -v go >/dev/null 2>&1; then
    say "missing: Go 1.26 or newer; install it from https://go.dev/dl and put its bin folder into PATH" >&2
    exit 1
  fi
  local packages
  read -ra packages <<<"$( (missing; [ -z "${1:-}" ] || missing_static) | tr '\n' ' ')"
  if [ ${#packages[@]} -eq 0 ]; then
    say "nothing to install"
    return
  fi
  if ! is_debian_12; then
    explain
    return
  fi
  install_on_debian "${packages[@]}"
  has_ffmpeg || { explain; exit 1; }
  say "done"
}

main "$@"
