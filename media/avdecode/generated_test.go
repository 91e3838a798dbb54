package avdecode

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// generate makes a file with the ffmpeg command, which is independent of our
// encoder and knows every container; where there is none the test is skipped.
func generate(t *testing.T, name string, args ...string) string {
	t.Helper()
	tool, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("no ffmpeg command to make test files with")
	}
	path := filepath.Join(t.TempDir(), name)
	args = append(append([]string{"-v", "error", "-y"}, args...), path)
	if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
		if strings.Contains(string(out), "Unknown encoder") {
			t.Skipf("this ffmpeg lacks an encoder: %s", out)
		}
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, out)
	}
	return path
}

// source is a moving, textured picture, so that no two frames are equal.
func source(extra string) []string {
	return []string{"-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25:duration=4,noise=alls=12:allf=t" + extra}
}

// containers are the hard cases of seeking, by what makes them hard.
var containers = []struct {
	name, file string
	args       []string
	short      bool
}{
	{"B frames", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "3"}, false},
	{"open GOP", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "3", "-x264-params", "open-gop=1:b-pyramid=normal"}, true},
	{"intra refresh", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-x264-params", "intra-refresh=1"}, false},
	{"HEVC open GOP", "a.mp4", []string{"-c:v", "libx265", "-x265-params", "keyint=20:open-gop=1:bframes=4:log-level=none"}, false},
	{"MPEG-TS", "a.ts", []string{"-c:v", "libx264", "-g", "20", "-bf", "3"}, true},
	{"MPEG-TS of MPEG-2", "a.ts", []string{"-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-q:v", "4"}, false},
	{"MPEG-PS", "a.mpg", []string{"-c:v", "mpeg1video", "-g", "12", "-bf", "2", "-q:v", "4"}, false},
	{"fragmented", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-movflags", "frag_keyframe+empty_moov"}, false},
	{"FLV", "a.flv", []string{"-c:v", "libx264", "-g", "20", "-bf", "3"}, false},
	{"AVI without times", "a.avi", []string{"-c:v", "libx264", "-g", "20", "-bf", "3"}, false},
	{"AVI with B frames", "a.avi", []string{"-c:v", "mpeg4", "-g", "20", "-bf", "2", "-q:v", "4"}, false},
	{"raw H.264", "a.h264", []string{"-c:v", "libx264", "-g", "20", "-bf", "3"}, true},
	{"negative times", "a.mkv", []string{"-c:v", "libx264", "-g", "20", "-bf", "3", "-output_ts_offset", "-1", "-avoid_negative_ts", "disabled"}, true},
	{"edit list", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "3", "-ss", "0.5"}, false},
	{"variable rate", "a.mp4", []string{"-vf", "select='not(eq(mod(n,3),1))'", "-vsync", "vfr", "-c:v", "libx264", "-g", "20"}, false},
	{"VP8 with hidden frames", "a.webm", []string{"-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "12", "-g", "20", "-b:v", "300k"}, false},
	{"VP9", "a.webm", []string{"-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime", "-g", "20", "-b:v", "300k"}, false},
	{"AV1", "a.mkv", []string{"-c:v", "libsvtav1", "-preset", "12", "-g", "20"}, false},
	{"interlaced", "a.mp4", []string{"-vf", "tinterlace=4", "-c:v", "libx264", "-flags", "+ilme+ildct", "-g", "20", "-bf", "2"}, false},
	{"MJPEG", "a.avi", []string{"-c:v", "mjpeg", "-q:v", "4"}, false},
	{"WMV", "a.wmv", []string{"-c:v", "wmv2", "-g", "20"}, false},
	{"raw HEVC", "a.h265", []string{"-c:v", "libx265", "-x265-params", "keyint=20:bframes=4:log-level=none"}, false},
	{"HEVC in MPEG-TS", "a.ts", []string{"-c:v", "libx265", "-x265-params", "keyint=20:open-gop=1:bframes=4:log-level=none"}, false},
	{"HEVC of temporal layers", "a.mp4", []string{"-c:v", "libx265", "-x265-params", "keyint=24:temporal-layers=1:bframes=4:b-pyramid=1:log-level=none"}, false},
	{"Matroska without cues", "a.mkv", []string{"-c:v", "libx264", "-g", "20", "-bf", "3", "-cues_to_front", "0", "-live", "1"}, false},
	{"fragment a frame", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "3", "-movflags", "frag_every_frame+empty_moov+default_base_moof"}, false},
	{"negative composition offsets", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "3", "-movflags", "negative_cts_offsets"}, false},
	{"MPEG-4 ASP", "a.avi", []string{"-c:v", "mpeg4", "-g", "24", "-bf", "2", "-flags", "+qpel+mv4", "-q:v", "4"}, false},
	{"MPEG-4 in mp4", "a.mp4", []string{"-c:v", "mpeg4", "-g", "24", "-bf", "2", "-q:v", "4"}, false},
	{"MPEG-2 program stream, fields", "a.vob", []string{"-vf", "tinterlace=4", "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-g", "12", "-bf", "2", "-q:v", "4"}, false},
	{"H.264 of 4:4:4", "a.mp4", []string{"-c:v", "libx264", "-pix_fmt", "yuv444p", "-g", "20", "-bf", "3"}, false},
	{"H.264 of 10 bits, 4:2:2", "a.mkv", []string{"-c:v", "libx264", "-pix_fmt", "yuv422p10le", "-g", "20", "-bf", "3"}, false},
	{"HEVC of 12 bits", "a.mp4", []string{"-c:v", "libx265", "-pix_fmt", "yuv420p12le", "-x265-params", "keyint=20:bframes=3:log-level=none"}, false},
	{"VP9 of 10 bits, hidden frames", "a.mkv", []string{"-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p10le", "-cpu-used", "8", "-auto-alt-ref", "1", "-lag-in-frames", "12", "-g", "20", "-b:v", "300k"}, false},
	{"VP8", "a.mkv", []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "20", "-b:v", "300k"}, false},
	{"AV1 of 10 bits in mp4", "a.mp4", []string{"-c:v", "libsvtav1", "-preset", "12", "-pix_fmt", "yuv420p10le", "-g", "20"}, false},
	{"FFV1", "a.mkv", []string{"-c:v", "ffv1", "-level", "3", "-g", "10", "-slices", "4"}, false},
	{"FFV1 of 10 bits in avi", "a.avi", []string{"-c:v", "ffv1", "-pix_fmt", "yuv422p10le", "-g", "1"}, false},
	{"ProRes", "a.mov", []string{"-c:v", "prores_ks", "-pix_fmt", "yuv422p10le"}, false},
	{"Theora", "a.ogv", []string{"-c:v", "libtheora", "-g", "20", "-q:v", "5"}, false},
	{"H.263", "a.3gp", []string{"-s", "176x144", "-c:v", "h263", "-g", "12"}, false},
	{"animated PNG", "a.apng", []string{"-t", "1", "-c:v", "apng"}, false},
	{"variable rate in Matroska", "a.mkv", []string{"-vf", "select='not(eq(mod(n,5),1))*not(eq(mod(n,7),3))'", "-vsync", "vfr", "-c:v", "libx264", "-g", "20", "-bf", "2"}, false},
	{"one key", "a.mp4", []string{"-c:v", "libx264", "-g", "250", "-keyint_min", "250", "-bf", "3", "-refs", "4"}, false},
	{"PAFF-like fields in TS", "a.ts", []string{"-vf", "tinterlace=4", "-c:v", "libx264", "-flags", "+ilme+ildct", "-x264-params", "tff=1:open-gop=1", "-g", "20", "-bf", "3"}, false},
}

// countByCommand counts the lines that framemd5 writes.
func countByCommand(t *testing.T, path string) int {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0", "-vsync", "passthrough", "-f", "framemd5", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") {
			n++
		}
	}
	return n
}

// TestSequenceEqualsCommand compares planes with raw frames of the command.
func TestSequenceEqualsCommand(t *testing.T) {
	path := generate(t, "a.mp4", append(source(""), "-c:v", "libx264", "-g", "20", "-pix_fmt", "yuv420p")...)
	raw := path + ".yuv"
	if out, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", raw).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range open(t, plain(), path).Frames(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for p, plane := range f.Planes {
			if string(want[:len(plane)]) != string(plane) {
				t.Fatalf("frame %d: plane %d differs from the command's", f.Index, p)
			}
			want = want[len(plane):]
		}
	}
	if len(want) != 0 {
		t.Errorf("%d bytes of the command's output have no frame here", len(want))
	}
}
