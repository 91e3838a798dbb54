#!/usr/bin/env bash
# Builds bin/clvid-static, which needs no library but libc: FFmpeg, dav1d and
# openh264 from Debian's source packages, with the parts in static-parts.txt
# alone, under the LGPL. See LICENSES.md for what that asks of who passes it on.
#
#   scripts/build-static.sh               build what is missing, link, check
#   scripts/build-static.sh --source DIR  link with FFmpeg built from the source in
#                                         DIR, a changed one (relinking)
#   scripts/build-static.sh -- COMMAND    build what is missing, then run COMMAND,
#                                         in which go links statically
#
# JOBS sets how many compilers run at once, CLVID_STATIC_CACHE where libraries
# are kept (build/static); a library is built once for each version and set of
# options. Nothing of the system changes but the build tools that install-deps.sh
# adds: apt works on lists and settings of its own in the cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
cache=${CLVID_STATIC_CACHE:-$root/build/static}
jobs=${JOBS:-$(nproc)}
parts=$root/scripts/static-parts.txt
# Source packages that are built, and packages whose archives are taken as they are.
sources=(dav1d openh264 ffmpeg)
archives=(zlib1g-dev libzimg-dev)
# Files come from strangers: hardened as Debian's own packages are.
hardening="-O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2"
dav1d_options=(--buildtype release --default-library static -Denable_tools=false -Denable_tests=false)
ffmpeg_options=(--disable-everything --disable-autodetect --disable-programs --disable-doc --disable-network
  --disable-debug --disable-shared --enable-static --enable-zlib --enable-libdav1d --enable-libopenh264
  --enable-libzimg)
# What libc6 consists of, as the dynamic section names it.
libc_parts='^(libc|libm|libmvec|libdl|libpthread|librt|libresolv|ld-linux-[a-z0-9-]+)\.so\.[0-9]+$'

say() { printf 'build-static: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# private_apt runs an apt program on sources, lists and downloads of our own. The
# mirrors are the system's; packages without a valid signature are refused.
private_apt() {
  local program=$1 apt=$cache/apt
  shift
  "$program" -q -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts="$apt/parts" \
    -o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache" -o Debug::NoLocking=true \
    -o APT::Sandbox::User=root -o APT::Get::AllowUnauthenticated=false \
    -o Acquire::AllowInsecureRepositories=false -o Acquire::Retries=3 "$@"
}

# write_sources lists the system's Debian mirrors, sources included. The main
# suite comes first: of a version that is in several, security mirrors may have
# dropped the files.
write_sources() {
  local uri release component origin kind apt=$cache/apt
  mkdir -p "$apt/parts" "$apt/lists/partial" "$apt/cache/archives/partial"
  # shellcheck disable=SC2016 # apt's variables, not the shell's
  apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)' 'Created-By: Packages' |
    awk -F'|' '{ print length($2) "|" $0 }' | sort -t'|' -k1,1n -u -k2 |
    while IFS='|' read -r _ uri release component origin; do
      if [ "$origin" != Debian ] || [ "$component" != main ]; then continue; fi
      for kind in deb deb-src; do
        echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $release $component"
      done
    done >"$apt/sources.list"
  [ -s "$apt/sources.list" ] || fail "no Debian mirror is configured here: see apt's sources.list"
}

# newest prints the highest version of a source or binary package that apt knows.
newest() {
  private_apt apt-cache "$1" "$2" 2>/dev/null | sed -n 's/^Version: //p' | sort -V | tail -n 1
}

# find_versions writes a line "package version" for each package, those of the
# last build where no mirror answers.
find_versions() {
  local name version list=$cache/versions
  write_sources
  if ! private_apt apt-get -qq -o APT::Update::Error-Mode=any update; then
    [ -s "$list" ] || fail "no mirror answers, and nothing was built before"
    say "no mirror answers: using the versions of the last build"
    return
  fi
  for name in "${sources[@]}"; do
    version=$(newest showsrc "$name")
    [ -n "$version" ] || fail "the mirrors have no source package $name"
    echo "$name $version"
  done >"$list.new"
  for name in "${archives[@]}"; do
    version=$(newest show "$name")
    [ -n "$version" ] || fail "the mirrors have no package $name"
    echo "$name $version"
  done >>"$list.new"
  grep -q '^ffmpeg 7:5\.1\.' "$list.new" || fail "the mirrors offer $(head -n 1 "$list.new"), go-astiav v0.16.0 wants FFmpeg 5.1: use Debian 12"
  mv "$list.new" "$list"
}

version_of() { awk -v name="$1" '$1 == name { print $2 }' "$cache/versions"; }

# folder names where a library of this version and these options belongs.
folder() {
  local name=$1 options="$hardening"
  case $name in
  dav1d) options+=" ${dav1d_options[*]}" ;;
  ffmpeg) options+=" ${ffmpeg_options[*]} $(cat "$parts" "$cache/versions")" ;;
  esac
  printf '%s/%s-%s-%s\n' "$cache" "$name" "$(version_of "$name" | sed 's/^[0-9]*://')" \
    "$({ echo "$options"; cc --version | head -n 1; } | sha256sum | cut -c1-8)"
}

# pkgconfig_path lists the folders of the .pc files of these libraries.
pkgconfig_path() {
  local name path=
  for name in "$@"; do path+=:$(folder "$name")/lib/pkgconfig; done
  echo "${path#:}"
}

# movable makes .pc files name folders relative to their own.
movable() {
  # shellcheck disable=SC2016 # pkg-config's variables, not the shell's
  sed -i 's|^prefix=.*|prefix=${pcfiledir}/../..|; s|^libdir=.*|libdir=${prefix}/lib|; s|^includedir=.*|includedir=${prefix}/include|' \
    "$1"/lib/pkgconfig/*.pc
}

# The build functions run in a folder with the unpacked source and fill $prefix.

build_dav1d() {
  CFLAGS=$hardening meson setup objects source --prefix "$prefix" --libdir lib "${dav1d_options[@]}"
  ninja -C objects -j "$jobs" install
}

build_openh264() {
  make -C source -j "$jobs" PREFIX="$prefix" CFLAGS_OPT="$hardening" libopenh264.a
  make -C source PREFIX="$prefix" install-static
}

# ffmpeg_parts prints configure's options for the lines of static-parts.txt.
ffmpeg_parts() {
  local kind names
  while read -r kind names; do
    [[ -z $kind || $kind == \#* ]] || printf -- '--enable-%s=%s\n' "$kind" "${names// /,}"
  done <"$parts"
}

# build_ffmpeg keeps paths out of the configuration, which the program prints:
# the compiler learns by its environment where zlib is.
build_ffmpeg() {
  local options zlib version
  version=$(version_of ffmpeg)
  zlib=$(folder zlib1g-dev)
  mapfile -t options < <(ffmpeg_parts)
  export CPATH=$zlib/include LIBRARY_PATH=$zlib/lib
  export PKG_CONFIG_LIBDIR PKG_CONFIG_PATH=
  PKG_CONFIG_LIBDIR=$(pkgconfig_path dav1d openh264 libzimg-dev)
  cd source
  ./configure --extra-version="${version##*-}" --pkg-config-flags=--static --extra-cflags="$hardening" "${ffmpeg_options[@]}" "${options[@]}" | tee configured.txt
  if grep 'did not match anything' configured.txt; then echo "static-parts.txt names parts that this FFmpeg lacks"; return 1; fi
  grep '^License: LGPL' configured.txt || { echo "this configuration is not under the LGPL"; return 1; }
  make -j "$jobs"
  make prefix="$prefix" install
}

# take_built takes a library as Debian built it.
take_built() {
  mkdir -p "$prefix/lib/pkgconfig"
  cp -r source/usr/include "$prefix/include"
  find "$prefix/include" -mindepth 2 -name zconf.h -exec mv {} "$prefix/include/" \;
  find source -name '*.a' -exec cp {} "$prefix/lib/" \;
  find source -name '*.pc' -exec cp {} "$prefix/lib/pkgconfig/" \;
}

build_zlib1g() { take_built; }

# Its .pc file forgets libm.
build_libzimg() {
  take_built
  sed -i 's/-lstdc++/-lstdc++ -lm/' "$prefix/lib/pkgconfig/zimg.pc"
}

# unpack brings the source of a library, or what Debian built of it, into $work.
# apt checks files against the signed lists.
unpack() {
  if [ -n "$2" ]; then
    cp -r "$2" source
  elif [[ " ${archives[*]} " == *" $1 "* ]]; then
    private_apt apt-get -qq download "$1=$(version_of "$1")"
    dpkg-deb --extract "$1"_*.deb source
  else
    private_apt apt-get -qq --download-only source "$1=$(version_of "$1")"
    dpkg-source --no-check --extract "$1"_*.dsc source
  fi
}

# provide fills a library's folder once: its name, the folder, and a folder of
# source where it is not Debian's.
provide() {
  local name=$1 target=$2 changed=${3:-} prefix work log
  log=$cache/$name.log
  if [ -d "$target" ]; then return; fi
  say "building $name $(version_of "$name") with $jobs jobs, log in $log"
  prefix=$target.building work=$target.building/work
  rm -rf "$prefix"
  mkdir -p "$work"
  trap 'tail -n 30 "$log" >&2; say "the build failed, the whole log is $log"' EXIT
  (
    cd "$work"
    unpack "$name" "$changed"
    "build_${name%-dev}"
  ) >"$log" 2>&1
  trap - EXIT
  movable "$prefix"
  # The source package and the licence stay with what was made of them.
  find "$work/source" \( -path '*/debian/copyright' -o -path '*/doc/*/copyright' -o -name COPYING.LGPLv2.1 \) -exec cp -t "$prefix" {} +
  mkdir "$prefix/package"
  find "$work" -maxdepth 1 -type f -exec mv -t "$prefix/package" {} +
  rm -rf "$work"
  mv "$prefix" "$target"
}

# licences prints what must go with the binary.
licences() {
  local name
  echo "clvid-static contains the libraries below, in these versions of Debian's packages."
  echo "LICENSES.md of clvid tells how to link it with a changed FFmpeg."
  echo
  cat "$cache/versions"
  for name in "${sources[@]}" "${archives[@]}"; do
    printf '\n==== %s ====\n' "$name"
    cat "$(folder "$name")/copyright"
  done
  printf '\n==== GNU Lesser General Public License, version 2.1 ====\n'
  cat "$(folder ffmpeg)/COPYING.LGPLv2.1"
}

# go_environment prints the variables with which go links against the libraries,
# with the FFmpeg in $1. Go's cache does not see what pkg-config answers: a flag
# without effect, made of the libraries' names, keeps packages apart that are
# linked with others.
go_environment() {
  local libraries
  libraries=$1/lib/pkgconfig:$(pkgconfig_path dav1d openh264 libzimg-dev zlib1g-dev)
  echo "PKG_CONFIG=$root/scripts/pkg-config-static.sh"
  echo "CLVID_STATIC_LIBRARIES=$libraries"
  echo "GOFLAGS=${GOFLAGS:-} -tags=netgo,osusergo -gcflags=github.com/clvid/clvid/media/avdecode=-I=/$(sha256sum <<<"$libraries" | cut -c1-16)"
}

# link makes the binary, with main's $environment. Go takes a binary that is there
# for good whatever became of the archives in it.
link() {
  mkdir -p bin
  rm -f bin/clvid-static
  env "${environment[@]}" go build -trimpath -o bin/clvid-static ./cmd/clvid
  licences >bin/clvid-static.LICENSES.txt
}

# check fails where the binary needs more than libc.
check() {
  local needed foreign
  needed=$(readelf --dynamic --wide bin/clvid-static | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
  foreign=$(grep -vE "$libc_parts" <<<"$needed" || true)
  [ -z "$foreign" ] || fail "bin/clvid-static needs more than libc: $(tr '\n' ' ' <<<"$foreign")"
  say "bin/clvid-static needs $(tr '\n' ' ' <<<"$needed")(all parts of libc), glibc $(
    readelf --version-info --wide bin/clvid-static | grep -oE 'GLIBC_[0-9.]+' | sort -uV | tail -n 1 | cut -d_ -f2) or newer"
}

main() {
  local changed='' name ffmpeg environment
  while [ $# -gt 0 ]; do
    case $1 in
    --source)
      if [ $# -lt 2 ] || [ ! -x "$2/configure" ]; then fail "--source wants a folder with FFmpeg's source"; fi
      changed=$(cd "$2" && pwd)
      shift
      ;;
    --)
      shift
      [ $# -gt 0 ] || fail "-- wants a command to run"
      break
      ;;
    *) fail "unknown option $1: want --source DIR, or -- and a command" ;;
    esac
    shift
  done
  scripts/install-deps.sh static >&2
  mkdir -p "$cache"
  find_versions
  for name in "${archives[@]}" "${sources[@]}"; do provide "$name" "$(folder "$name")"; done
  ffmpeg=$(folder ffmpeg)
  if [ -n "$changed" ]; then
    ffmpeg=$cache/ffmpeg-changed
    rm -rf "$ffmpeg"
    provide ffmpeg "$ffmpeg" "$changed"
  fi
  mapfile -t environment < <(go_environment "$ffmpeg")
  if [ $# -gt 0 ]; then
    exec env "${environment[@]}" "$@"
  fi
  link
  check
  say "done: bin/clvid-static, $(stat -c %s bin/clvid-static) bytes"
}

main "$@"
