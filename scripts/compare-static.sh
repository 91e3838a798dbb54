#!/usr/bin/env bash
# Compares bin/clvid-static with bin/clvid: every frame of every video, as both
# write it by `clvid frames`, must be the same file. Fails where one differs.
#
#   scripts/compare-static.sh [VIDEO...]
#
# Without videos: the real clips of the shared data (CLVID_SHARED, ../shared), and
# videos of many kinds that the ffmpeg command makes. STRIDE=5 compares every
# fifth frame alone, which takes a fifth of the time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
shared=${CLVID_SHARED:-../shared}
stride=${STRIDE:-1}
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

say() { printf 'compare-static: %s\n' "$*"; }

# made_kinds lists a name, and how ffmpeg encodes it.
made_kinds() {
  cat <<'END'
bframes.mp4 -c:v libx264 -g 20 -bf 3
open-gop.mp4 -c:v libx264 -g 20 -bf 3 -x264-params open-gop=1
ten-bit.mkv -c:v libx264 -pix_fmt yuv420p10le
lossless-444.mp4 -c:v libx264 -qp 0 -pix_fmt yuv444p
hevc.mp4 -c:v libx265 -x265-params keyint=20:log-level=none
hevc-12.mkv -c:v libx265 -pix_fmt yuv444p12le -x265-params log-level=none
transport.ts -c:v libx264 -g 20 -bf 3
mpeg2.ts -c:v mpeg2video -g 12 -bf 2 -q:v 4
mpeg1.mpg -c:v mpeg1video -g 12 -bf 2 -q:v 4
flash.flv -c:v flv -q:v 4
xvid.avi -c:v mpeg4 -bf 2 -q:v 4
windows.wmv -c:v wmv2
vp8.webm -c:v libvpx -auto-alt-ref 1 -lag-in-frames 12 -b:v 300k
vp9.webm -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -b:v 300k
av1.mkv -c:v libsvtav1 -preset 12
motion.avi -c:v mjpeg -q:v 4
prores.mov -c:v prores_ks
dnxhr.mov -c:v dnxhd -profile:v dnxhr_sq
ffv1.mkv -c:v ffv1
theora.ogv -c:v libtheora -q:v 6
gif.gif -c:v gif
apng.apng -f apng -c:v apng
interlaced.mp4 -vf tinterlace=4 -c:v libx264 -flags +ilme+ildct
END
}

# make_videos fills a folder with a second of each kind that this ffmpeg can make.
make_videos() {
  local name options
  mkdir -p "$1"
  command -v ffmpeg >/dev/null || { say "no ffmpeg command: comparing real clips alone"; return; }
  while read -r name options; do
    # shellcheck disable=SC2086 # the options are many words
    ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=256x144:rate=25:duration=1,noise=alls=12:allf=t $options "$1/$name" </dev/null 2>"$temporary/ffmpeg.log" ||
      { say "this ffmpeg cannot make $name: $(tail -n 1 "$temporary/ffmpeg.log")"; rm -f "$1/$name"; }
  done < <(made_kinds)
}

# hashes prints a line for each frame that a binary writes of a video, and how the
# command ended.
hashes() {
  local out=$temporary/frames status=0
  rm -rf "$out"
  "$1" frames "$2" --count 0 --stride "$stride" --out "$out" >/dev/null 2>&1 || status=$?
  [ ! -d "$out" ] || (cd "$out" && find . -name '*.png' | sort | xargs -r sha256sum)
  echo "status $status"
}

main() {
  local video dynamic static frames=0 videos=0 differing=0
  if [ $# -eq 0 ]; then
    make_videos "$temporary/videos"
    mapfile -t videos_found < <(find "$shared/data/clips" "$temporary/videos" -type f ! -name '*.md' ! -name '*.csv' 2>/dev/null | sort)
    set -- "${videos_found[@]}"
  fi
  [ $# -gt 0 ] || { say "no videos to compare: give some, or set CLVID_SHARED"; exit 1; }
  for video in "$@"; do
    dynamic=$(hashes bin/clvid "$video")
    static=$(hashes bin/clvid-static "$video")
    videos=$((videos + 1))
    frames=$((frames + $(wc -l <<<"$dynamic") - 1))
    if [ "$dynamic" != "$static" ]; then
      differing=$((differing + 1))
      say "$(basename "$video"): $(diff <(echo "$dynamic") <(echo "$static") | grep -c '^>' || true) of $(wc -l <<<"$dynamic") lines differ"
    fi
  done
  say "$frames frames of $videos videos compared, $differing videos differ"
  [ "$differing" = 0 ]
}

main "$@"
