package avdecode

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
)

// plainTone is Note [HDR to SDR] in float64, without tables: signals and result
// in [0,1].
func plainTone(curve string, hlg bool, peak float64, signal [3]float64) (out [3]float64) {
	var light [3]float64
	for c, e := range signal {
		if hlg {
			light[c] = hlgScene(e)
		} else {
			light[c] = pqLight(e) / 203
		}
	}
	if hlg {
		peak = 1000
		luminance := .2627*light[0] + .6780*light[1] + .0593*light[2]
		for c := range light {
			light[c] *= math.Pow(luminance, .2) * 1000 / 203
		}
	}
	var linear [3]float64
	for i, row := range bt2020ToBT709 {
		for j, k := range row {
			linear[i] += float64(k) * light[j]
		}
	}
	top := max(linear[0], linear[1], linear[2], 1e-9)
	k := toneCurve(curve, peak/203)(math.Min(top, peak/203)) / top
	for c, l := range linear {
		out[c] = sdrSignal(math.Min(math.Max(l*k, 0), 1))
	}
	return out
}

func TestTonerAgainstPlain(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, curve := range ToneMaps() {
		for _, hlg := range []bool{false, true} {
			toner := newToner(curve, hlg, true, 1200)
			for range 4000 {
				var src [3][]uint16
				var dst [3][]byte
				var signal [3]float64
				for c := range 3 {
					v := uint16(rng.IntN(levels))
					src[c], dst[c], signal[c] = []uint16{v}, make([]byte, 1), float64(v)/(levels-1)
				}
				toner.row(dst, src)
				want := plainTone(curve, hlg, 1200, signal)
				for c := range 3 {
					// Half a level of rounding; light is rounded to 16 bits, which is
					// 1/57 of a level at black, and HLG's luminance too.
					if d := math.Abs(float64(dst[c][0]) - want[c]*255); d > .6 {
						t.Fatalf("%s, hlg %t: signal %v channel %d gives %d, want %.2f", curve, hlg, signal, c, dst[c][0], want[c]*255)
					}
				}
			}
		}
	}
}

func TestTransferFunctions(t *testing.T) {
	for _, tc := range []struct {
		name      string
		got, want float64
	}{
		// SMPTE ST 2084's own example values, and ITU-R BT.2408's table of levels.
		{"PQ 0", pqLight(0), 0}, {"PQ 1", pqLight(1), 10000}, {"PQ of 58 %", pqLight(.5807) / 203, 1}, {"PQ of 51 %", pqLight(.5081) / 100, 1},
		{"HLG 0", hlgScene(0), 0}, {"HLG 1/2", hlgScene(.5), 1. / 12}, {"HLG 1", hlgScene(1), 1},
		{"white of HLG 75 %", 1000 * math.Pow(hlgScene(.75), 1.2) / 203, 1},
		{"BT.1886 1", sdrSignal(1), 1}, {"BT.1886 of half the signal", sdrSignal(.1895), .5},
		{"hable at its peak", toneCurve(ToneHable, 5)(5), 1}, {"mobius", toneCurve(ToneMobius, 5)(5), 1}, {"reinhard", toneCurve(ToneReinhard, 5)(5), 1},
		{"mobius is the identity below", toneCurve(ToneMobius, 5)(.25), .25},
	} {
		if math.Abs(tc.got-tc.want) > 2e-3*math.Max(tc.want, 1) {
			t.Errorf("%s: %g, want %g", tc.name, tc.got, tc.want)
		}
	}
}

// TestToneMapLikeFilters compares with the command's zscale and tonemap, where
// the signals are within [0,1]: beyond, zscale goes on in floating point, while
// we clip as displays do. The shared file, a test card that is only tagged as
// HDR, is beyond in most of its area; the generated one is nowhere.
func TestToneMapLikeFilters(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the ffmpeg command many times")
	}
	if out, err := exec.Command("ffmpeg", "-v", "error", "-h", "filter=zscale").CombinedOutput(); err != nil || strings.Contains(string(out), "Unknown") {
		t.Skip("no ffmpeg command with zscale to compare with")
	}
	// zscale applies HLG's system gamma to each channel, BT.2100 and we to the
	// luminance: on greys they agree.
	for transfer, colours := range map[string]string{"smpte2084": "", "arib-std-b67": "hue=s=0,"} {
		legal := generate(t, "a.mkv", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=0.2",
			"-vf", colours+"format=gbrp,setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc,zscale=t=linear:npl=203,format=gbrpf32le,zscale=t="+transfer+":p=bt2020:m=bt2020nc:r=tv:npl=203,format=yuv444p10le", "-c:v", "ffv1")
		for _, curve := range ToneMaps() {
			likeTonemap(t, legal, transfer, curve, .9)
		}
	}
	for _, curve := range ToneMaps() {
		likeTonemap(t, sharedFile(t, "hostile", "testsrc2_hdr.mp4"), "smpte2084", curve, .08)
	}
}

// likeTonemap compares frame 2; at least the given share of it must be legal.
func likeTonemap(t *testing.T, path, transfer, curve string, legal float64) {
	t.Helper()
	v := open(t, New(Options{IndexCache: "off", ToneMap: curve}), path)
	clips, err := v.Clips(t.Context(), media.Span{Start: 2, N: 1, Stride: 1})
	if err != nil {
		t.Fatal(err)
	}
	f := clips[0].Frames[0]
	if !f.RGB || !f.FullRange || v.Info().Transfer != transfer {
		t.Fatalf("transfer %s, RGB %t", v.Info().Transfer, f.RGB)
	}
	peak := float64(pqPeak)
	if transfer != "smpte2084" {
		peak = hlgPeak
	}
	signal := rawFrame(t, path, "zscale=m=gbr:r=full:filter=bilinear,format=gbrp16le")
	want := rawFrame(t, path, fmt.Sprintf("zscale=t=linear:npl=203:filter=bilinear,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=%s:desat=0:peak=%g,zscale=t=bt709:m=gbr:r=full,format=gbrp", curve, peak/referenceWhite))
	n, pixels := f.W*f.H, 0
	var squares float64
	for i := range n {
		inside := true
		for c := range 3 {
			s := int(signal[2*(c*n+i)]) | int(signal[2*(c*n+i)+1])<<8
			inside = inside && s > 64 && s < 65472
		}
		if !inside {
			continue
		}
		pixels++
		for c, plane := range []int{2, 0, 1} {
			d := float64(f.Planes[c][i]) - float64(want[plane*n+i])
			squares += d * d
		}
	}
	psnr := 10 * math.Log10(255*255*float64(3*pixels)/squares)
	t.Logf("%s %s: %.1f dB on %d of %d pixels", transfer, curve, psnr, pixels, n)
	if psnr < 50 || float64(pixels) < legal*float64(n) {
		t.Errorf("%s %s: %.1f dB from the command's filters on %d of %d pixels, want at least 50", transfer, curve, psnr, pixels, n)
	}
}

// rawFrame is frame 2 through filters of the command.
func rawFrame(t *testing.T, path, filters string) []byte {
	t.Helper()
	raw := t.TempDir() + "/out.rgb"
	if out, err := exec.Command("ffmpeg", "-v", "error", "-i", path, "-vf", "select=eq(n\\,2),"+filters, "-frames:v", "1", "-f", "rawvideo", raw).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestToneMapIsExact: the peak is the file's, wherever decoding begins, and
// what is no HDR stays as it is.
func TestToneMapIsExact(t *testing.T) {
	hdr := []string{"-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", "keyint=20:bframes=3:log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:chromaloc=2:max-cll=600,200"}
	path := generate(t, "a.mp4", append(source(""), hdr...)...)
	v := open(t, New(Options{IndexCache: "off", ToneMap: ToneHable}), path)
	if v.Info().Transfer != "smpte2084" || v.index.Peak != 600 || v.Info().Siting != "topleft" {
		t.Errorf("transfer %q, peak %g, siting %q", v.Info().Transfer, v.index.Peak, v.Info().Siting)
	}
	want := sequence(t, v)
	for _, s := range matrixSpans(len(want), 12) {
		if wrong := mismatch(t, v, want, []media.Span{s}); wrong != "" {
			t.Error(wrong)
		}
	}
	plainly := sharedFile(t, "clips", "carphone.mp4")
	toned := open(t, New(Options{IndexCache: "off", ToneMap: ToneHable}), plainly)
	if a, b := sequence(t, toned), sequence(t, open(t, plain(), plainly)); a[7] != b[7] {
		t.Error("a picture that is no HDR was changed")
	}
}
