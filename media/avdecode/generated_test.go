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
	{"B frames", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "3"}, true},
	{"open GOP", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "3", "-x264-params", "open-gop=1:b-pyramid=normal"}, true},
	{"intra refresh", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-x264-params", "intra-refresh=1"}, true},
	{"HEVC open GOP", "a.mp4", []string{"-c:v", "libx265", "-x265-params", "keyint=20:open-gop=1:bframes=4:log-level=none"}, false},
	{"MPEG-TS", "a.ts", []string{"-c:v", "libx264", "-g", "20", "-bf", "3"}, true},
	{"MPEG-TS of MPEG-2", "a.ts", []string{"-c:v", "mpeg2video", "-g", "12", "-bf", "2", "-q:v", "4"}, false},
	{"MPEG-PS", "a.mpg", []string{"-c:v", "mpeg1video", "-g", "12", "-bf", "2", "-q:v", "4"}, true},
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
}

func TestRandomAccessIsExact(t *testing.T) {
	for _, tc := range containers {
		t.Run(tc.name, func(t *testing.T) {
			if testing.Short() && !tc.short {
				t.Skip("short")
			}
			path := generate(t, tc.file, append(source(""), tc.args...)...)
			v := open(t, plain(), path)
			randomAccess(t, v, sequence(t, v), 20)
			if want := countByCommand(t, path); v.Len() != want {
				t.Errorf("%d frames, the ffmpeg command decodes %d", v.Len(), want)
			}
		})
	}
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
