#!/usr/bin/env bash
# Stands in for pkg-config (PKG_CONFIG) where Go links against the static
# libraries of CLVID_STATIC_LIBRARIES: Go passes no --static, and libstdc++ must
# be named by its archive, or the shared one would be taken.
set -euo pipefail
: "${CLVID_STATIC_LIBRARIES:?pkg-config-static: names no folders of .pc files, see build-static.sh}"
export PKG_CONFIG_LIBDIR=$CLVID_STATIC_LIBRARIES PKG_CONFIG_PATH=
flags=$(pkg-config --static "$@")
printf '%s\n' "${flags//-lstdc++/-l:libstdc++.a}"
