package media

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
)

// vector is what these tests read of a golden case.
type vector struct {
	Params struct {
		Length      int        `json:"sequence_length"`
		Steps       int        `json:"num_steps"`
		Stride      int        `json:"stride"`
		U           float64    `json:"u"`
		Fractions   [2]float64 `json:"start_fraction"`
		Swap        int        `json:"swap"`
		VideoFrames int        `json:"video_frames"`
		ClipSize    float64    `json:"clip_size"`
		ClipSizes   []float64  `json:"clip_sizes"`
		MinDelta    any        `json:"min_delta"`
		Views       int        `json:"views"`
		Samples     int        `json:"num_samples"`
		UseOffset   bool       `json:"use_offset"`
		DrawsUsed   int        `json:"draws_used"`
		Height      int        `json:"height"`
		Width       int        `json:"width"`
		Size        int        `json:"size"`
	} `json:"params"`
	Inputs   map[string]struct{ Data []float64 } `json:"inputs"`
	Expected map[string]struct{ Data []float64 } `json:"expected"`
}

// vectors reads the cases whose file names match.
func vectors(t *testing.T, pattern string) map[string]vector {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t), "golden", filepath.FromSlash(pattern)))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cases %s: %v", pattern, err)
	}
	out := map[string]vector{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var v vector
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		out[filepath.Base(file)] = v
	}
	return out
}

// wantValues compares to the vectors' own tolerance: 1e-6 of the largest value.
func (v vector) wantValues(t *testing.T, name string, got ...float64) {
	t.Helper()
	want := v.Expected[name].Data
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", name, len(got), len(want))
		return
	}
	largest := 1e-6
	for _, w := range want {
		largest = max(largest, math.Abs(w))
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-6*largest {
			t.Errorf("%s[%d] = %v, want %v", name, i, got[i], want[i])
		}
	}
}

func floats(ints ...int) []float64 {
	out := make([]float64, len(ints))
	for i, n := range ints {
		out[i] = float64(n)
	}
	return out
}

func TestPairStartsMatchVectors(t *testing.T) {
	for name, v := range vectors(t, "cvrl/interval_*.json") {
		t.Run(name, func(t *testing.T) {
			p := v.Params
			gap, starts := PairStarts(p.Length, p.Steps, p.Stride, 1, p.U, p.Fractions, p.Swap == 1)
			var frames []int
			for _, start := range starts {
				for j := range p.Steps {
					frames = append(frames, Span{start, p.Steps, p.Stride}.Frame(j, p.Length))
				}
			}
			v.wantValues(t, "max_offset", float64(StartRange(p.Length, p.Steps, p.Stride)))
			v.wantValues(t, "delta", float64(gap))
			v.wantValues(t, "offsets", floats(starts[:]...)...)
			v.wantValues(t, "frame_index", floats(frames...)...)
		})
	}
}

func TestTestViewsMatchVectors(t *testing.T) {
	for name, v := range vectors(t, "video-sampling/test_*.json") {
		t.Run(name, func(t *testing.T) {
			p := v.Params
			var ends []float64
			var frames []int
			for i := range p.Views {
				start, end := TestViewRange(p.VideoFrames, p.ClipSize, i, p.Views, p.UseOffset)
				ends = append(ends, start, end)
				frames = append(frames, LinspaceFrames(start, end, p.Samples, p.VideoFrames)...)
			}
			v.wantValues(t, "start_end", ends...)
			v.wantValues(t, "frame_index", floats(frames...)...)
		})
	}
}

func TestCropOffsetsMatchVectors(t *testing.T) {
	for name, v := range vectors(t, "video-sampling/three_crop_*.json") {
		t.Run(name, func(t *testing.T) {
			var got []float64 // the vectors hold (top, left)
			for _, xy := range CropOffsets(v.Params.Width, v.Params.Height, v.Params.Size) {
				got = append(got, float64(xy[1]), float64(xy[0]))
			}
			v.wantValues(t, "top_left", got...)
		})
	}
}

func TestSpacedClipsMatchVectors(t *testing.T) {
	for name, v := range vectors(t, "video-sampling/rho*.json") {
		t.Run(name, func(t *testing.T) {
			p := v.Params
			minGap, bounded := p.MinDelta.(float64)
			if !bounded {
				minGap = math.Inf(-1)
			}
			draws := v.Inputs["u"].Data
			used := 0
			rows := SpacedClips(p.VideoFrames, p.ClipSizes, minGap, math.Inf(1), func() float64 { used++; return draws[used-1] })
			var got []float64
			var frames []int
			for _, row := range rows {
				got = append(got, row[:]...)
				frames = append(frames, LinspaceFrames(row[0], row[1], p.Samples, p.VideoFrames)...)
			}
			v.wantValues(t, "start_end_delta", got...)
			v.wantValues(t, "frame_index", floats(frames...)...)
			if used != p.DrawsUsed {
				t.Errorf("%d draws, want %d", used, p.DrawsUsed)
			}
		})
	}
}
