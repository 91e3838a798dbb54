package avdecode

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
)

// first decodes the first frame of a file.
func first(t *testing.T, path string) *media.Frame {
	t.Helper()
	clips, err := open(t, plain(), path).Clips(t.Context(), media.Span{N: 1, Stride: 1})
	if err != nil {
		t.Fatal(err)
	}
	return clips[0].Frames[0]
}

var testColours = [][3]int{{200, 40, 30}, {20, 180, 60}, {40, 60, 210}, {250, 240, 20}, {128, 128, 128}, {16, 16, 16}, {235, 120, 235}}

func TestKnownColours(t *testing.T) {
	lossless := []string{"-c:v", "libx264", "-qp", "0", "-frames:v", "2"}
	for _, tc := range []struct {
		name, file, matrix string
		full               bool
		args               []string
	}{
		{"601 limited", "a.mp4", "bt601", false, append(tagged("bt601", "smpte170m", "tv", "yuv420p"), lossless...)},
		{"601 full", "a.mp4", "bt601", true, append(tagged("bt601", "smpte170m", "pc", "yuv420p"), lossless...)},
		{"709 limited", "a.mp4", "bt709", false, append(tagged("bt709", "bt709", "tv", "yuv420p"), lossless...)},
		{"709 full", "a.mp4", "bt709", true, append(tagged("bt709", "bt709", "pc", "yuv444p"), lossless...)},
		{"2020 limited 10 bit", "a.mp4", "bt2020", false, append(tagged("bt2020", "bt2020nc", "tv", "yuv420p10le"), lossless...)},
		{"709 full 10 bit", "a.mp4", "bt709", true, append(tagged("bt709", "bt709", "pc", "yuv422p10le"), lossless...)},
		{"240M through RGB", "a.mp4", "rgb", true, append(tagged("smpte240m", "smpte240m", "tv", "yuv444p"), lossless...)},
		{"untagged", "a.mkv", "bt601", false, []string{"-pix_fmt", "yuv444p", "-c:v", "ffv1", "-frames:v", "2"}},
		{"MJPEG", "a.avi", "bt601", true, []string{"-c:v", "mjpeg", "-q:v", "1", "-pix_fmt", "yuvj444p", "-frames:v", "2"}},
		{"NV12", "a.nut", "bt601", false, []string{"-c:v", "rawvideo", "-pix_fmt", "nv12", "-frames:v", "2"}},
		{"RGB", "a.png", "rgb", true, []string{"-frames:v", "1"}},
		{"RGB 16 bit", "a.png", "rgb", true, []string{"-frames:v", "1", "-pix_fmt", "rgb48be"}},
		{"BGR", "a.avi", "rgb", true, []string{"-c:v", "rawvideo", "-pix_fmt", "bgr24", "-frames:v", "2"}},
		{"GIF", "a.gif", "rgb", true, []string{"-frames:v", "2", "-filter_complex", "split[a][b];[a]palettegen[p];[b][p]paletteuse"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for i, c := range testColours {
				if testing.Short() && i > 0 {
					break
				}
				path := generate(t, tc.file, append([]string{"-f", "lavfi", "-i", fmt.Sprintf("color=c=0x%02x%02x%02x:size=32x16:duration=0.2,format=gbrp", c[0], c[1], c[2])}, tc.args...)...)
				f := first(t, path)
				if got := matrixName(&f.Image); got != tc.matrix || f.FullRange != tc.full {
					t.Errorf("matrix %s, full range %t; want %s, %t", got, f.FullRange, tc.matrix, tc.full)
				}
				// Rounding of Y', Cb and Cr to 8 bits moves a channel by up to
				// (1/2)(255/219 + 2*255/224) = 1.7; the 10-bit files round twice.
				near(t, f, c, 2.5)
			}
		})
	}
}

// tagged converts to a matrix and range, and says so in the file.
func tagged(matrix, tag, colourRange, format string) []string {
	return []string{"-vf", "scale=out_color_matrix=" + matrix + ":out_range=" + colourRange + ":flags=accurate_rnd+full_chroma_inp+full_chroma_int", "-pix_fmt", format, "-colorspace", tag, "-color_range", colourRange}
}

func near(t *testing.T, f *media.Frame, want [3]int, tolerance float64) {
	t.Helper()
	rgb := make([]float32, 3*8*8)
	if err := f.Sample(rgb, 64, media.View{W: 8, H: 8}); err != nil {
		t.Fatal(err)
	}
	for c := range 3 {
		for _, v := range rgb[c*64 : c*64+64] {
			if got := float64(v) * 255; math.Abs(got-float64(want[c])) > tolerance {
				t.Fatalf("channel %d of colour %v is %.1f", c, want, got)
			}
		}
	}
}

// TestSampleLikeSwscale compares a real clip with the ffmpeg command's
// accurate scaler, told of the chroma's siting.
func TestSampleLikeSwscale(t *testing.T) {
	for _, tc := range []struct {
		name     string
		w, h     int
		siting   string
		decibels float64
	}{
		// Bounds lie 1 to 2 dB under what was measured; the rest is swscale's 8-bit
		// output and its 14-bit weights, and that it clamps before it resizes.
		{"bt601_limited_range.mp4", 112, 112, "0", 44},
		{"bt601_full_range.mp4", 112, 112, "0", 47},
		{"nasa_13013.mp4", 96, 96, "0", 56},
		{"weizmann_daria_jack.avi", 112, 112, "0", 56},
		{"grid_bbaf2n.mpg", 112, 112, "128", 44},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if testing.Short() && tc.w != 96 {
				t.Skip("short")
			}
			path := sharedFile(t, "clips", tc.name)
			if _, err := exec.LookPath("ffmpeg"); err != nil {
				t.Skip("no ffmpeg command to compare with")
			}
			raw := t.TempDir() + "/out.rgb"
			const exact = "bilinear+accurate_rnd+full_chroma_int+full_chroma_inp"
			// In two steps, as Sample is defined: first to RGB at full size.
			filter := fmt.Sprintf("scale=flags=%s:in_h_chr_pos=%s:in_v_chr_pos=128,format=gbrp,scale=%d:%d:flags=%s,format=gbrp", exact, tc.siting, tc.w, tc.h, exact)
			out, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-map", "0:v:0", "-frames:v", "1", "-vf", filter, "-f", "rawvideo", raw).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			want, err := os.ReadFile(raw)
			if err != nil {
				t.Fatal(err)
			}
			n := tc.w * tc.h
			rgb := make([]float32, 3*n)
			if err := first(t, path).Sample(rgb, n, media.View{W: tc.w, H: tc.h}); err != nil {
				t.Fatal(err)
			}
			var squares float64
			for c, plane := range []int{2, 0, 1} { // the command writes G, B, R
				for i := range n {
					d := float64(rgb[c*n+i])*255 - float64(want[plane*n+i])
					squares += d * d
				}
			}
			psnr := 10 * math.Log10(255*255*float64(3*n)/squares)
			t.Logf("%.1f dB", psnr)
			if psnr < tc.decibels {
				t.Errorf("%.1f dB from swscale, want at least %.1f", psnr, tc.decibels)
			}
		})
	}
}

func TestUnsupportedMatrixIsSaid(t *testing.T) {
	path := generate(t, "a.mp4", "-f", "lavfi", "-i", "color=c=red:size=32x16", "-frames:v", "1", "-pix_fmt", "yuv444p", "-c:v", "libx264", "-colorspace", "ycgco")
	_, err := plain().Open(t.Context(), path)
	if err == nil || !strings.Contains(err.Error(), "unsupported: colour matrix ycgco") {
		t.Errorf("error %v", err)
	}
}
