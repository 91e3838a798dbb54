package media

import (
	"fmt"
	"testing"
)

func TestEvenSpans(t *testing.T) {
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
		for _, s := range EvenSpans(tc.n, c, tc.k) {
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
