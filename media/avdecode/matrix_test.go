package avdecode

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/clvid/clvid/media"
)

// matrixSpans draws spans in random, then rising, then falling order, so that
// each is also read after others before and behind it.
func matrixSpans(frames, n int) []media.Span {
	rng := rand.New(rand.NewPCG(11, uint64(frames)))
	spans := make([]media.Span, n)
	for i := range spans {
		spans[i] = media.Span{Start: rng.IntN(frames), N: 1 + rng.IntN(8), Stride: 1 + rng.IntN(4)}
	}
	byStart := func(a, b media.Span) int { return a.Start - b.Start }
	slices.SortFunc(spans[n/3:2*n/3], byStart)
	slices.SortFunc(spans[2*n/3:], func(a, b media.Span) int { return byStart(b, a) })
	return spans
}

// matrix compares random spans with the sequence of a single thread: with one
// and two threads, half of them with a cold index, half with one from disk, and
// some two at a time.
func matrix(t *testing.T, path string, tries int) {
	t.Helper()
	if testing.Short() {
		tries = 6
	}
	want := sequence(t, open(t, plain(), path))
	for _, threads := range []int{1, 2} {
		folder := filepath.Join(t.TempDir(), "index")
		spans := matrixSpans(len(want), tries)
		for half, name := range []string{"cold", "warm"} {
			v := open(t, New(Options{IndexCache: folder, Threads: threads}), path)
			from := half * tries / 2
			for i := from; i < (half+1)*tries/2; i++ {
				both := spans[i : i+1]
				if i%5 == 4 && i > from {
					both = spans[i-1 : i+1]
				}
				if wrong := mismatch(t, v, want, both); wrong != "" {
					t.Errorf("%d threads, %s index, try %d: %s", threads, name, i, wrong)
				}
			}
			t.Logf("%d threads, %s: access %s, %d keys, skip %t, fragile %t, %+v", threads, name, v.index.Access, len(v.index.Keys), v.index.Skip, v.index.fragile.Load(), v.stats)
		}
		if got := sequence(t, open(t, New(Options{IndexCache: "off", Threads: threads}), path)); !slices.Equal(got, want) {
			t.Errorf("%d threads: another sequence", threads)
		}
	}
}

// mismatch names the first picture that is not the sequence's.
func mismatch(t *testing.T, v *video, want [][32]byte, spans []media.Span) string {
	t.Helper()
	clips, err := v.Clips(context.Background(), spans...)
	if err != nil {
		return err.Error()
	}
	for i, c := range clips {
		for j, f := range c.Frames {
			if n := spans[i].Frame(j, len(want)); f.Index != n || hash(&f.Image) != want[n] {
				return fmt.Sprintf("span %+v: frame %d (index %d) is not the one of sequential decoding", spans[i], n, f.Index)
			}
		}
	}
	return ""
}

func TestMatrixOfClips(t *testing.T) {
	for _, row := range table(t, sharedFile(t, "clips", "clips.csv")) {
		t.Run(row["path"], func(t *testing.T) {
			if testing.Short() && row["path"] != "grid_bbaf2n.mpg" && row["path"] != "h265_video.mp4" {
				t.Skip("short")
			}
			matrix(t, sharedFile(t, "clips", row["path"]), 30)
		})
	}
}

func TestMatrixOfGenerated(t *testing.T) {
	for _, tc := range containers {
		t.Run(tc.name, func(t *testing.T) {
			if testing.Short() && !tc.short {
				t.Skip("short")
			}
			path := generate(t, tc.file, append(source(""), tc.args...)...)
			matrix(t, path, 30)
			if got, want := open(t, plain(), path).Len(), countByCommand(t, path); got != want {
				t.Errorf("%d frames, the ffmpeg command decodes %d", got, want)
			}
		})
	}
}

// copied are files that take a second step: streams cut, joined or remuxed
// without decoding.
var copied = []struct {
	name, first string
	args        []string
	file        string
	copy        []string
}{
	{"edit list amid a GOP", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "3"}, "b.mp4", []string{"-c", "copy"}},
	{"cut open GOP", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "3", "-x264-params", "open-gop=1"}, "b.mkv", []string{"-c", "copy"}},
	{"cut TS", "a.ts", []string{"-c:v", "libx264", "-g", "20", "-bf", "3", "-x264-params", "open-gop=1"}, "b.ts", []string{"-c", "copy", "-copyts"}},
	{"turned", "a.mp4", []string{"-c:v", "libx264", "-g", "20", "-bf", "2"}, "b.mp4", []string{"-c", "copy", "-metadata:s:v:0", "rotate=90"}},
}

func TestMatrixOfCopied(t *testing.T) {
	for _, tc := range copied {
		t.Run(tc.name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("short")
			}
			from := generate(t, tc.first, append(source(""), tc.args...)...)
			matrix(t, generate(t, tc.file, slices.Concat([]string{"-ss", "0.9", "-i", from}, tc.copy)...), 30)
		})
	}
}

// TestMatrixOfSizes joins raw streams of two sizes.
func TestMatrixOfSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	var joined []byte
	for _, size := range []string{"128x96", "96x64", "128x96"} {
		part := generate(t, "a.h264", "-f", "lavfi", "-i", "testsrc2=size="+size+":rate=25:duration=1", "-c:v", "libx264", "-g", "10", "-bf", "0")
		data, err := os.ReadFile(part)
		if err != nil {
			t.Fatal(err)
		}
		joined = append(joined, data...)
	}
	path := filepath.Join(t.TempDir(), "sizes.h264")
	if err := os.WriteFile(path, joined, 0o644); err != nil {
		t.Fatal(err)
	}
	matrix(t, path, 30)
	matrix(t, generate(t, "sizes.ts", "-framerate", "25", "-i", path, "-c", "copy"), 30)
}
