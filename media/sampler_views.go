package media

import "math"

// TestViewRange returns the first and last frame, both included, of test view i
// of k in a video of n frames, by the convention of SlowFast. extent is the
// length of a clip in source frames. Without offset view i starts at i/k of the
// free frames, so that no view reaches the end; with offset the starts are whole
// frames that reach from end to end, and a single view is central.
func TestViewRange(n int, extent float64, i, k int, offset bool) (start, end float64) {
	free := max(float64(n)-extent, 0)
	switch {
	case !offset:
		start = free * float64(i) / float64(k)
	case k == 1:
		start = math.Floor(free / 2)
	default:
		start = float64(i) * math.Floor(free/float64(k-1))
	}
	return start, start + extent - 1
}

// LinspaceFrames returns count frames spread evenly from start to end, both
// included, rounded down and held within [0, n): past the end the last frame
// repeats. It turns the ranges of TestViewRange and SpacedClips into frames as
// SlowFast does.
func LinspaceFrames(start, end float64, count, n int) []int {
	frames := make([]int, count)
	for j := range frames {
		at := start
		if count > 1 {
			at += (end - start) * float64(j) / float64(count-1)
		}
		frames[j] = int(min(max(at, 0), float64(n-1)))
	}
	return frames
}

// evenTest returns k clips spread evenly over a video of n frames, from the
// first frame to the last (SlowFast's convention with offset); a single clip is
// central. A video shorter than a clip is shown from its first frame.
func evenTest(n int, c ClipConfig, k int) []Span {
	spans := make([]Span, k)
	for i := range spans {
		start, _ := TestViewRange(n, float64(c.Extent()), i, k, true)
		spans[i] = Span{Start: int(start), N: c.Frames, Stride: c.Stride}
	}
	return spans
}

// CropOffsets returns the top left corner (x, y) of the size x size windows at
// the left, centre and right of a picture at least that large, or at the top,
// centre and bottom of an upright one, in pixels. Centres are rounded up, as
// in SlowFast, whose three-crop test protocol they are.
func CropOffsets(w, h, size int) [3][2]int {
	x, y := (w-size+1)/2, (h-size+1)/2
	if h > w {
		return [3][2]int{{x, 0}, {x, y}, {x, h - size}}
	}
	return [3][2]int{{0, y}, {x, y}, {w - size, y}}
}

// CentreView shows the central square of a w x h picture at size x size: its
// short side is scaled to size and the long one cut.
func CentreView(w, h, size int) View {
	side := float64(min(w, h))
	return View{
		Crop: Rect{X: (float64(w) - side) / 2, Y: (float64(h) - side) / 2, W: side, H: side},
		W:    size, H: size,
	}
}

// TestCrops lists how many crops of a picture CropViews can make.
func TestCrops() []int { return []int{1, 3} }

// CropViews shows a w x h picture, its short side scaled to size, through one
// central size x size window, as CentreView does, or through the three of
// CropOffsets.
func CropViews(w, h, size, crops int) []View {
	if crops == 1 {
		return []View{CentreView(w, h, size)}
	}
	side := float64(min(w, h))
	scale := float64(size) / side
	scaled := func(n int) int { return max(int(float64(n)*scale+1e-6), size) }
	var views []View
	for _, at := range CropOffsets(scaled(w), scaled(h), size) {
		views = append(views, View{W: size, H: size, Crop: Rect{
			X: min(float64(at[0])/scale, float64(w)-side), Y: min(float64(at[1])/scale, float64(h)-side), W: side, H: side,
		}})
	}
	return views
}
