package avdecode

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/clvid/clvid/media"
)

// gradient fills a frame that moves with n.
func gradient(w, h, n int) []byte {
	rgb := make([]byte, 3*w*h)
	for y := range h {
		for x := range w {
			p := rgb[3*(y*w+x):]
			p[0], p[1], p[2] = byte(2*x+3*n), byte(3*y), byte(x+y+5*n)
		}
	}
	return rgb
}

func encode(t *testing.T, path string, o EncodeOptions, frames int, picture func(n int) []byte) {
	t.Helper()
	e, err := NewEncoder(path, o)
	if err != nil {
		t.Fatal(err)
	}
	for n := range frames {
		if err := e.Write(picture(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEqualFramesGiveEqualFiles(t *testing.T) {
	for _, codec := range []string{"h264", "mpeg4"} {
		dir := t.TempDir()
		sums := make([]string, 60) // x264 by itself repeats a file two times in three
		var group sync.WaitGroup
		for worker := range 2 {
			group.Go(func() {
				for i := worker; i < len(sums); i += 2 {
					path := filepath.Join(dir, fmt.Sprintf("%d.mp4", i))
					encode(t, path, EncodeOptions{Width: 64, Height: 48, FrameRate: 10, Codec: codec}, 20, func(n int) []byte { return gradient(64, 48, n) })
					sums[i] = fmt.Sprint(sum(t, path))
				}
			})
		}
		group.Wait()
		slices.Sort(sums)
		if different := len(slices.Compact(sums)); different != 1 {
			t.Errorf("%s: equal frames gave %d different files", codec, different)
		}
	}
}

func TestMPEG4Quality(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	grain := make([]byte, 3*64*48)
	for i := range grain {
		grain[i] = byte(rng.IntN(32))
	}
	noisy := func(n int) []byte {
		rgb := gradient(64, 48, n)
		for i := range rgb {
			rgb[i] = rgb[i]/2 + grain[(i+97*n)%len(grain)]
		}
		return rgb
	}
	last := int64(0)
	for _, quality := range []int{31, 10, 3, 2, 1} {
		path := filepath.Join(t.TempDir(), "a.mp4")
		encode(t, path, EncodeOptions{Width: 64, Height: 48, FrameRate: 10, Codec: "mpeg4", Quality: quality}, 20, noisy)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() < last*11/10 {
			t.Errorf("quantiser %d gives %d bytes, the coarser one before it %d: want clearly more", quality, info.Size(), last)
		}
		last = info.Size()
	}
}

func TestEncoderRoundTrip(t *testing.T) {
	for _, codec := range []string{"h264", "mpeg4", ""} {
		t.Run(codec, func(t *testing.T) {
			dir := t.TempDir()
			o := EncodeOptions{Width: 64, Height: 48, FrameRate: 10, Codec: codec}
			a, b := filepath.Join(dir, "a.mp4"), filepath.Join(dir, "b.mp4")
			for _, path := range []string{a, b} {
				encode(t, path, o, 20, func(n int) []byte { return gradient(64, 48, n) })
			}
			for range 6 { // what lies in freed memory must not matter
				if sum(t, a) != sum(t, b) {
					t.Fatal("equal frames give different files")
				}
				encode(t, b, o, 20, func(n int) []byte { return gradient(64, 48, n) })
			}
			v := open(t, plain(), a)
			info := v.Info()
			if v.Len() != 20 || info.Width != 64 || info.Height != 48 || info.FrameRate != 10 {
				t.Errorf("read back %+v", info)
			}
			if codec != "mpeg4" && (info.Matrix != "bt601" || info.FullRange) {
				t.Errorf("colour tags %s, full range %t", info.Matrix, info.FullRange)
			}
			sequence(t, v)
			if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func sum(t *testing.T, path string) [32]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

func TestEncoderErrors(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name, path, want string
		o                EncodeOptions
	}{
		{"odd size", "x.mp4", "size 63x48: want even", EncodeOptions{Width: 63, Height: 48}},
		{"no size", "x.mp4", "size 0x0", EncodeOptions{}},
		{"preset", "x.mp4", `preset "swift": want one of ultrafast, `, EncodeOptions{Width: 64, Height: 48, Preset: "swift"}},
		{"planes", "x.mp4", "mpeg4 does not write grey: bring it to 4:2:0", EncodeOptions{Width: 64, Height: 48, Codec: "mpeg4", Like: &media.Image{W: 64, H: 48}}},
		{"picture", "x.mp4", "size 64x48, but pictures of 2x2", EncodeOptions{Width: 64, Height: 48, Like: &media.Image{W: 2, H: 2}}},
		{"codec", "x.mp4", `codec "av1": want h264, mpeg4 or ffv1`, EncodeOptions{Width: 64, Height: 48, Codec: "av1"}},
		{"quality", "x.mp4", "quality 60 of h264: want 1 (best) to 51", EncodeOptions{Width: 64, Height: 48, Codec: "h264", Quality: 60}},
		{"folder", "none/x.mp4", "no such file or directory", EncodeOptions{Width: 64, Height: 48}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := NewEncoder(filepath.Join(dir, tc.path), tc.o)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestEncoderLeavesNothingUnfinished(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.mp4")
	e, err := NewEncoder(path, EncodeOptions{Width: 16, Height: 16})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(make([]byte, 5)); err == nil || !strings.Contains(err.Error(), "has 5 bytes, want 16x16x3 = 768") {
		t.Errorf("short frame: %v", err)
	}
	if err := e.Close(); err == nil {
		t.Error("closing without a frame gives no error")
	}
	if err := e.Write(make([]byte, 768)); err == nil {
		t.Error("writing to a closed encoder gives no error")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	_, err = plain().Open(context.Background(), path)
	if err == nil {
		t.Error("an unfinished file opens")
	}
}
