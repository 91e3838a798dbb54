package media

import "math/rand/v2"

// denseTrain spreads T frames evenly over a window of T·stride source frames, both
// ends included, that starts anywhere, by SlowFast's convention: a step is a bit
// shorter than the stride, and past the end the last frame repeats.
func denseTrain(rng *rand.Rand, n int, c ClipConfig) Span {
	extent := c.window()
	start := rng.Float64() * max(float64(n)-extent, 0)
	return picked(LinspaceFrames(start, start+extent-1, c.Frames, n))
}

// denseTest places window i of k at i/k of the free frames, so that no clip
// reaches the end.
func denseTest(n int, c ClipConfig, k int) []Span {
	spans := make([]Span, k)
	for i := range spans {
		start, end := TestViewRange(n, c.window(), i, k, false)
		spans[i] = picked(LinspaceFrames(start, end, c.Frames, n))
	}
	return spans
}

// window is the length in source frames of a clip of SlowFast.
func (c ClipConfig) window() float64 { return float64(c.Frames * c.Stride) }
