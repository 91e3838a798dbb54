package media

import "math/rand/v2"

// uniformTrain draws one frame from each of T equal parts of the video (TSN,
// arXiv:1608.00859).
func uniformTrain(rng *rand.Rand, n int, c ClipConfig) Span {
	frames := make([]int, c.Frames)
	for i := range frames {
		frames[i] = segmentFrame(i, rng.Float64(), c.Frames, n)
	}
	return picked(frames)
}

// uniformTest takes the centre of each of T equal parts; with k clips the parts
// are cut into k, and clip j takes the centres of their j-th ones.
func uniformTest(n int, c ClipConfig, k int) []Span {
	spans := make([]Span, k)
	for j := range spans {
		frames := make([]int, c.Frames)
		for i := range frames {
			frames[i] = segmentFrame(i, (float64(j)+.5)/float64(k), c.Frames, n)
		}
		spans[j] = picked(frames)
	}
	return spans
}

// segmentFrame is the frame at a share, in [0,1), of segment i of many.
func segmentFrame(i int, share float64, segments, n int) int {
	return min(int((float64(i)+share)*float64(n)/float64(segments)), n-1)
}
