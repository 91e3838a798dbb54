package avdecode

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/clvid/clvid/media"
)

// TestRateLikeFilter compares the frames of media.AtRate with those that the
// command's filter fps gives.
func TestRateLikeFilter(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the ffmpeg command many times")
	}
	lossless := []string{"-c:v", "ffv1", "-pix_fmt", "yuv420p"}
	for _, tc := range []struct {
		name string
		args []string
		rate string
	}{
		{"half", nil, "12.5"}, {"less", nil, "12"}, {"more", nil, "30000/1001"}, {"its own", nil, "25"},
		{"variable", []string{"-vf", "select='not(eq(mod(n,5),1))*not(eq(mod(n,7),3))'", "-vsync", "vfr"}, "10"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if testing.Short() && tc.name != "half" && tc.name != "variable" {
				t.Skip("short")
			}
			path := generate(t, "a.mkv", append(append(source(""), tc.args...), lossless...)...)
			raw := path + ".yuv"
			if out, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-vf", "fps="+tc.rate, "-f", "rawvideo", raw).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			want, err := os.ReadFile(raw)
			if err != nil {
				t.Fatal(err)
			}
			var num, den float64 = 0, 1
			if n, _ := fmt.Sscanf(tc.rate, "%g/%g", &num, &den); n == 0 {
				t.Fatal(tc.rate)
			}
			v, err := media.AtRate(open(t, plain(), path), num/den)
			if err != nil {
				t.Fatal(err)
			}
			size := 128 * 96 * 3 / 2
			if got := len(want) / size; got < v.Len()-1 || got > v.Len()+1 { // the length of the last frame is a guess
				t.Fatalf("%d frames, the filter gives %d", v.Len(), got)
			}
			n := min(v.Len(), len(want)/size)
			clips, err := v.Clips(t.Context(), media.Span{N: n, Stride: 1})
			if err != nil {
				t.Fatal(err)
			}
			for j, f := range clips[0].Frames {
				luma := want[j*size : j*size+128*96]
				if string(luma) != string(f.Planes[0]) {
					t.Fatalf("frame %d of %d shows frame %d of the file, the filter another", j, n, f.Index)
				}
			}
		})
	}
}
