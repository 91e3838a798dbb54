package avdecode

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
)

// fields are interlaced films.
var fields = []struct {
	name, file string
	args       []string
}{
	{"H.264", "a.mp4", []string{"-vf", "tinterlace=4", "-c:v", "libx264", "-flags", "+ilme+ildct", "-g", "20", "-bf", "2"}},
	{"MPEG-2 stream", "a.ts", []string{"-vf", "tinterlace=4", "-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-g", "12", "-bf", "2", "-q:v", "4"}},
	{"raw", "a.h264", []string{"-vf", "tinterlace=4", "-c:v", "libx264", "-flags", "+ilme+ildct", "-g", "20", "-bf", "2"}},
	{"10 bits", "a.mkv", []string{"-vf", "tinterlace=4", "-c:v", "libx264", "-pix_fmt", "yuv422p10le", "-flags", "+ilme+ildct", "-g", "20"}},
}

func TestDeinterlacing(t *testing.T) {
	for _, tc := range fields {
		for _, mode := range []string{DeinterlaceAuto, DeinterlaceOn} {
			t.Run(tc.name+" "+mode, func(t *testing.T) {
				if testing.Short() && tc.name != "H.264" {
					t.Skip("short")
				}
				deinterlacing(t, generate(t, tc.file, append(source(""), tc.args...)...), mode)
			})
		}
	}
}

// TestDeinterlacingOfMixed joins progressive, interlaced and progressive film.
func TestDeinterlacingOfMixed(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for _, codec := range []string{"mpeg2video", "libx264"} {
		name := map[string]string{"mpeg2video": "a.m2v", "libx264": "a.h264"}[codec]
		var joined []byte
		for _, interlaced := range [][]string{nil, {"-vf", "tinterlace=4", "-flags", "+ilme+ildct"}, nil} {
			data, err := os.ReadFile(generate(t, name, slices.Concat(source(""), []string{"-t", "1", "-c:v", codec, "-g", "10", "-bf", "0"}, interlaced)...))
			if err != nil {
				t.Fatal(err)
			}
			joined = append(joined, data...)
		}
		raw := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(raw, joined, 0o644); err != nil {
			t.Fatal(err)
		}
		path := generate(t, "a.mkv", "-framerate", "25", "-fflags", "+genpts", "-i", raw, "-c", "copy")
		for _, mode := range []string{DeinterlaceAuto, DeinterlaceOn} {
			t.Run(codec+" "+mode, func(t *testing.T) { deinterlacing(t, path, mode) })
		}
	}
}

// deinterlacing compares a sequential pass with the command's filter, and random
// access with the sequential pass.
func deinterlacing(t *testing.T, path, mode string) {
	t.Helper()
	v := open(t, New(Options{IndexCache: "off", Deinterlace: mode}), path)
	want := sequence(t, v)
	if !strings.Contains(v.Info().PixelFormat, "10") {
		likeFilter(t, v, path, map[string]string{DeinterlaceAuto: "interlaced", DeinterlaceOn: "all"}[mode])
	}
	if len(want) != v.Len() {
		t.Fatalf("%d frames, want %d", len(want), v.Len())
	}
	if slices.Equal(want, sequence(t, open(t, plain(), path))) {
		t.Error("nothing was changed")
	}
	tries := 30
	if testing.Short() {
		tries = 8
	}
	for _, s := range matrixSpans(len(want), tries) {
		if wrong := mismatch(t, v, want, []media.Span{s}); wrong != "" {
			t.Error(wrong)
		}
	}
	t.Logf("%s: access %s, %+v", mode, v.index.Access, v.stats)
}

// likeFilter compares luma and chroma with raw frames of the command.
func likeFilter(t *testing.T, v *video, path, deint string) {
	t.Helper()
	raw := path + ".yuv"
	if out, err := exec.Command("ffmpeg", "-v", "error", "-y", "-i", path, "-vf", "bwdif=mode=send_frame:deint="+deint, "-vsync", "passthrough", "-f", "rawvideo", raw).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range v.Frames(t.Context()) {
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
