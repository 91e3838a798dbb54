package media

import (
	"fmt"
	"testing"
)

func TestEvenClips(t *testing.T) {
	c := ClipConfig{Frames: 8, Stride: 2, Size: 48, Input: InputRGB} // 15 source frames
	for _, tc := range []struct {
		n, k int
		want string
	}{
		{24, 3, "[0 4 8]"}, // the last one sees frames 8 to 22; free frames are 9
		{25, 3, "[0 5 10]"},
		{25, 1, "[5]"},
		{15, 2, "[0 0]"},
		{5, 2, "[0 0]"},
	} {
		var starts []int
		spans, err := c.TestSpans(tc.n, tc.k)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range spans {
			starts = append(starts, s.Start)
			if s.N != 8 || s.Stride != 2 {
				t.Errorf("span %+v", s)
			}
		}
		if got := fmt.Sprint(starts); got != tc.want {
			t.Errorf("%d clips of %d frames start at %s, want %s", tc.k, tc.n, got, tc.want)
		}
	}
}

func TestCentreView(t *testing.T) {
	for _, tc := range []struct {
		w, h int
		want Rect
	}{
		{160, 128, Rect{16, 0, 128, 128}},
		{75, 100, Rect{0, 12.5, 75, 75}},
		{64, 64, Rect{0, 0, 64, 64}},
	} {
		if v := CentreView(tc.w, tc.h, 48); v.Crop != tc.want || v.W != 48 || v.H != 48 || v.Flip {
			t.Errorf("%d x %d: %+v, want crop %+v", tc.w, tc.h, v, tc.want)
		}
	}
}

func TestCropOffsetsSquareAreHorizontal(t *testing.T) {
	if got, want := CropOffsets(256, 256, 224), [3][2]int{{0, 16}, {16, 16}, {32, 16}}; got != want {
		t.Errorf("offsets %v, want %v", got, want)
	}
}

func TestLinspaceSingleFrame(t *testing.T) {
	if got := LinspaceFrames(3.7, 9, 1, 20); got[0] != 3 {
		t.Errorf("one frame from 3.7 is %d, want 3", got[0])
	}
}

// The wanted windows are those of SlowFast's uniform_crop (golden folder
// video-sampling) of pictures that are already 256 pixels high, or wide.
func TestCropViews(t *testing.T) {
	for _, tc := range []struct {
		w, h int
		want [3][2]float64
	}{
		{341, 256, [3][2]float64{{0, 0}, {43, 0}, {85, 0}}},
		{256, 303, [3][2]float64{{0, 0}, {0, 24}, {0, 47}}},
		{256, 256, [3][2]float64{{0, 0}, {0, 0}, {0, 0}}},
		{682, 512, [3][2]float64{{0, 0}, {86, 0}, {170, 0}}}, // twice the size of the first
	} {
		views := CropViews(tc.w, tc.h, 256, 3)
		side := float64(min(tc.w, tc.h))
		for i, at := range tc.want {
			if v := views[i]; v.Crop != (Rect{at[0], at[1], side, side}) || v.W != 256 || v.H != 256 {
				t.Errorf("%d x %d, window %d: %+v, want it at %v", tc.w, tc.h, i, v, at)
			}
		}
	}
	if got, want := CropViews(160, 128, 48, 1), CentreView(160, 128, 48); len(got) != 1 || got[0] != want {
		t.Errorf("one window: %+v, want %+v", got, want)
	}
	for w := 1; w < 60; w++ { // whatever the rounding, no window leaves the picture
		for _, v := range append(CropViews(w, 37, 16, 3), CropViews(37, w, 24, 3)...) {
			if v.Crop.X < 0 || v.Crop.Y < 0 {
				t.Fatalf("width %d: %+v", w, v)
			}
		}
	}
}
