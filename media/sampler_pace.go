package media

// PaceFrames returns count frames of a video of n frames at a pace of source
// frames from one to the next (arXiv:2008.05861). Past the end the clip goes on
// at the first frame, whatever the pace would have stepped over, as the official
// code has it; Span.Frame keeps the phase instead. start lies in [0, n), pace is
// at least 1.
func PaceFrames(start, pace, count, n int) []int {
	frames := make([]int, count)
	at := start
	for j := range frames {
		frames[j] = at
		if at += pace; at >= n {
			at = 0
		}
	}
	return frames
}
