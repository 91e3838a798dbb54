package avdecode

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/clvid/clvid/media"
)

// wounds are kinds of damage to the middle of a file.
var wounds = []struct {
	name string
	do   func(rng *rand.Rand, data []byte) []byte
}{
	{"flipped bytes", func(rng *rand.Rand, data []byte) []byte {
		for range 20 {
			data[len(data)*2/5+rng.IntN(len(data)/10)] ^= 1 << rng.IntN(8)
		}
		return data
	}},
	{"zeroed block", func(rng *rand.Rand, data []byte) []byte {
		from := len(data)*2/5 + rng.IntN(len(data)/10)
		clear(data[from : from+3000])
		return data
	}},
	{"cut-out block", func(rng *rand.Rand, data []byte) []byte {
		from := len(data)*2/5 + rng.IntN(len(data)/10)
		return append(data[:from:from], data[from+3000:]...)
	}},
}

// wounded are the files that get them.
var wounded = []struct {
	name, file string
	args       []string
	short      bool
}{
	{"H.264 mp4", "a.mp4", []string{"-c:v", "libx264", "-bf", "2", "-movflags", "faststart"}, true},
	{"H.264 mkv", "a.mkv", []string{"-c:v", "libx264", "-bf", "2"}, false},
	{"H.264 ts", "a.ts", []string{"-c:v", "libx264", "-bf", "2"}, true},
	{"H.264 avi", "a.avi", []string{"-c:v", "libx264", "-bf", "2"}, false},
	{"MPEG-4 avi", "a.avi", []string{"-c:v", "mpeg4", "-bf", "2", "-q:v", "5"}, true},
	{"MPEG-2 ts", "a.ts", []string{"-c:v", "mpeg2video", "-bf", "2", "-q:v", "5"}, false},
	{"VP9 webm", "a.webm", []string{"-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime", "-b:v", "400k"}, true},
	{"VP8 webm", "a.webm", []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k"}, false},
	{"HEVC mkv", "a.mkv", []string{"-c:v", "libx265", "-x265-params", "log-level=none"}, false},
	{"MJPEG avi", "a.avi", []string{"-c:v", "mjpeg", "-q:v", "8"}, false},
}

// TestDamagedMiddle: a wound costs no more frames than the ffmpeg command loses
// (5 % are allowed), and with a key picture every 12 frames all that lies well
// behind it is sound and equals the whole file's, in one pass and in clips.
func TestDamagedMiddle(t *testing.T) {
	for _, tc := range wounded {
		for _, gop := range []string{"12", "250"} {
			t.Run(tc.name+" GOP "+gop, func(t *testing.T) {
				if testing.Short() && (!tc.short || gop == "250") {
					t.Skip("short")
				}
				path := generate(t, tc.file, append(append(source(""), tc.args...), "-g", gop)...)
				whole := sequence(t, open(t, plain(), path))
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for k, w := range wounds {
					broken := filepath.Join(t.TempDir(), "broken"+filepath.Ext(path))
					if err := os.WriteFile(broken, w.do(rand.New(rand.NewPCG(uint64(k), 7)), slices.Clone(data)), 0o644); err != nil {
						t.Fatal(err)
					}
					// An MP4 names its samples by byte: behind a hole nothing is in place.
					lost := tc.file == "a.mp4" && w.name == "cut-out block"
					t.Run(w.name, func(t *testing.T) { salvaged(t, broken, whole, gop == "12" && !lost) })
				}
			})
		}
	}
}

// tail is the number of frames that lie behind the wounds and the GOP of 12
// that they spoil.
const tail = 35

func salvaged(t *testing.T, path string, whole [][32]byte, short bool) {
	v := open(t, plain(), path)
	frames, report := allFrames(t, v)
	if command := countByCommand(t, path); len(frames)*100 < command*95 {
		t.Errorf("%d frames, the ffmpeg command gives %d", len(frames), command)
	}
	equal := map[[32]byte]bool{}
	for _, h := range whole {
		equal[h] = true
	}
	wrong := 0
	for _, f := range frames {
		if f.Damage == "" && !equal[hash(&f.Image)] {
			wrong++
		}
	}
	t.Logf("access %s: %d frames of %d, %d wrong without a sign: %v", v.index.Access, len(frames), len(whole), wrong, report)
	if !short {
		return
	}
	first := frames[len(frames)-tail].Index
	for i, f := range frames[len(frames)-tail:] {
		if f.Damage != "" || hash(&f.Image) != whole[len(whole)-tail+i] {
			t.Fatalf("frame %d, behind the damage, is not the whole file's: %s", f.Index, f.Damage)
		}
	}
	clips, err := v.Clips(t.Context(), media.Span{Start: first, N: tail, Stride: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range clips[0].Frames {
		if hash(&f.Image) != whole[len(whole)-tail+i] {
			t.Fatalf("frame %d of a clip behind the damage is not the whole file's", f.Index)
		}
	}
}

// allFrames reads a video to its end.
func allFrames(t *testing.T, v media.Video) (frames []*media.Frame, report *media.Damage) {
	t.Helper()
	for f, err := range v.Frames(t.Context()) {
		if err == nil {
			frames = append(frames, f)
		} else if !errors.As(err, &report) {
			t.Fatal(err)
		}
	}
	return frames, report
}

// TestDamageDoesNotDependOnTheWay: whether a span of a damaged file can be had,
// and its bits, do not depend on what was read before or on threads.
func TestDamageDoesNotDependOnTheWay(t *testing.T) {
	for _, tc := range []struct{ name, file, codec string }{
		{"seeking", "a.mp4", "libx264"}, {"by byte", "a.ts", "libx264"}, {"through", "a.avi", "mpeg4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if testing.Short() && tc.name != "seeking" {
				t.Skip("short")
			}
			args := append(source(""), "-c:v", tc.codec, "-bf", "2", "-g", "12", "-movflags", "faststart")
			if tc.file != "a.mp4" {
				args = args[:len(args)-2]
			}
			path := generate(t, tc.file, args...)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(3, 3))
			if err := os.WriteFile(path, wounds[0].do(rng, data), 0o644); err != nil {
				t.Fatal(err)
			}
			used := []*video{open(t, plain(), path), open(t, New(Options{IndexCache: "off", Threads: 2}), path)}
			failed := 0
			for range 30 {
				s := media.Span{Start: rng.IntN(90), N: 4, Stride: 1 + rng.IntN(2)}
				fresh := outcomeOf(t, open(t, plain(), path), s)
				if fresh == "damaged" {
					failed++
				}
				for threads, v := range used {
					if got := outcomeOf(t, v, s); got != fresh {
						t.Errorf("span %+v, %d threads: %q after other spans, %q at first", s, threads+1, got, fresh)
					}
				}
			}
			if failed == 0 || failed == 30 {
				t.Errorf("%d of 30 spans are damaged, want some and not all", failed)
			}
		})
	}
}

// outcomeOf is "damaged" or the hashes of a clip's frames.
func outcomeOf(t *testing.T, v *video, s media.Span) string {
	t.Helper()
	clips, err := v.Clips(t.Context(), s)
	if errors.Is(err, media.ErrCorrupt) {
		return "damaged"
	}
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	for _, f := range clips[0].Frames {
		h := hash(&f.Image)
		out += string(h[:2])
	}
	return out
}
