#!/usr/bin/env bash
# Stands in for pkg-config (PKG_CONFIG) where Go links against the static
# libraries of CLVID_STATIC_LIBRARIES: Go passes no --static, go-astiav asks for
# libraries without what they need in turn, FFmpeg's files name no folder of zlib,
# and the C++ of openh264 and zimg would bring in two shared libraries, of which
# compilers have static ones.
set -euo pipefail
: "${CLVID_STATIC_LIBRARIES:?pkg-config-static: names no folders of .pc files, see build-static.sh}"
export PKG_CONFIG_LIBDIR=$CLVID_STATIC_LIBRARIES PKG_CONFIG_PATH=
flags=$(pkg-config --static "$@" libavdevice libavfilter libswresample zlib)
if [[ " $* " == *" --libs "* ]]; then flags+=" -static-libgcc"; fi
printf '%s\n' "${flags//-lstdc++/-l:libstdc++.a}"
