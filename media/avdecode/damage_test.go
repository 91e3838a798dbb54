package avdecode

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

// TestDamageTaintsClips uses a file whose sample data, not its index, has 60
// changed bytes; the file it was made from gives the right pictures.
func TestDamageTaintsClips(t *testing.T) {
	want := sequence(t, open(t, plain(), sharedFile(t, "hostile", "no_extension")))
	v := open(t, plain(), sharedFile(t, "hostile", "bitflips.mp4"))
	sound, marked := 0, 0
	var report *media.Damage
	for f, err := range v.Frames(t.Context()) {
		switch {
		case err != nil:
			if !errors.As(err, &report) || !errors.Is(err, media.ErrCorrupt) {
				t.Fatalf("error %v", err)
			}
		case f.Damage != "":
			marked++
		default:
			sound++
			if hash(&f.Image) != want[f.Index] {
				t.Logf("frame %d differs without a sign", f.Index)
			}
		}
	}
	t.Logf("%d sound, %d marked, %v", sound, marked, report)
	if report == nil || report.Sound != sound || report.Decoded != sound+marked || report.Frames != 89 || report.Ranges[0].First != 36 {
		t.Errorf("%d sound, %d marked, report %+v", sound, marked, report)
	}
	clips, err := v.Clips(t.Context(), media.Span{N: 5, Stride: 2})
	if err != nil {
		t.Fatalf("a clip before the damage: %v", err)
	}
	if f := clips[0].Frames[0]; hash(&f.Image) != want[0] {
		t.Error("the first frame differs from the undamaged file's")
	}
	_, err = v.Clips(t.Context(), media.Span{Start: 30, N: 10, Stride: 1})
	if !errors.Is(err, media.ErrCorrupt) || !strings.Contains(err.Error(), "corrupt data: frame 36 (1.440 s): ") {
		t.Errorf("a clip in the damage: %v", err)
	}
}

func TestStrictRefusesAtOpen(t *testing.T) {
	path := sharedFile(t, "hostile", "truncated_faststart.mp4")
	open(t, plain(), path)
	_, err := New(Options{IndexCache: "off", Strict: true}).Open(t.Context(), path)
	if !errors.Is(err, media.ErrCorrupt) || !strings.Contains(err.Error(), "of 89") {
		t.Errorf("error %v", err)
	}
}

// TestMutatedFiles changes bytes anywhere in small files of several formats:
// whatever comes, it must come soon and as frames or as a *media.Error.
func TestMutatedFiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	d := New(Options{IndexCache: "off", Timeout: 5 * time.Second})
	dir := t.TempDir()
	rounds := 25
	if testing.Short() {
		rounds = 4
	}
	for _, name := range []string{"h264_10bits.mp4", "testsrc2_odd_width_vp9.mp4", "testsrc2_av1_10bit.mp4", "vfr.mp4", "animated.gif", "ts_garbage_head.ts", "sine_stereo_mp2.mpg", "mjpeg.avi", "ffv1.mkv", "rgba.webp", "video_90.mov"} {
		data, err := os.ReadFile(sharedFile(t, "hostile", name))
		if err != nil {
			t.Fatal(err)
		}
		for range rounds {
			path := filepath.Join(dir, "mutated-"+name)
			if err := os.WriteFile(path, mutate(rng, data), 0o644); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			poke(t, d, path)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%s took %v", name, took)
			}
		}
	}
}

// mutate flips bytes, cuts, or blanks a block.
func mutate(rng *rand.Rand, data []byte) []byte {
	out := append([]byte(nil), data...)
	switch rng.IntN(4) {
	case 0:
		return out[:1+rng.IntN(len(out)-1)]
	case 1:
		from := rng.IntN(len(out))
		clear(out[from:min(len(out), from+1+rng.IntN(2000))])
	case 2:
		for range 1 + rng.IntN(4) { // the header, where sizes and counts are
			out[rng.IntN(min(len(out), 1500))] = byte(rng.IntN(256))
		}
	default:
		for range 1 + rng.IntN(30) {
			out[rng.IntN(len(out))] ^= 1 << rng.IntN(8)
		}
	}
	return out
}

// poke opens, draws clips and decodes through.
func poke(t *testing.T, d *Decoder, path string) {
	t.Helper()
	check := func(err error) {
		var e *media.Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("%s: %T %v", path, err, err)
		}
	}
	ctx := context.Background()
	v, err := d.Open(ctx, path)
	if err != nil {
		check(err)
		return
	}
	defer v.Close()
	n := v.Len()
	_, err = v.Clips(ctx, media.Span{Start: n / 2, N: 4, Stride: 1}, media.Span{Start: n - 1, N: 3, Stride: 2})
	check(err)
	for _, err := range v.Frames(ctx) {
		check(err)
	}
}

// TestTruncatedPrefixIsSound: what stands in a file that was cut off is right.
func TestTruncatedPrefixIsSound(t *testing.T) {
	want := sequence(t, open(t, plain(), sharedFile(t, "hostile", "no_extension")))
	v := open(t, plain(), sharedFile(t, "hostile", "truncated_faststart.mp4"))
	frames := 0
	for f, err := range v.Frames(t.Context()) {
		if err == nil && f.Damage == "" && hash(&f.Image) != want[f.Index] {
			t.Errorf("frame %d differs from the whole file's", f.Index)
		}
		if err == nil {
			frames++
		}
	}
	if frames != 44 { // as many as the ffmpeg command gives
		t.Errorf("%d frames, want 44", frames)
	}
}
