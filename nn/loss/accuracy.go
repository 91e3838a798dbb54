package loss

// Accuracy is the share of rows of logits (N,M) whose largest entry, the first
// of equal ones, is at the target, in [0,1]. Rows with a negative target are
// left out; without any row left it is 0.
func Accuracy[T float32 | float64](logits []T, targets []int32) float64 {
	if len(targets) == 0 {
		return 0
	}
	hits, rows, width := 0, 0, len(logits)/len(targets)
	for i, target := range targets {
		if target < 0 {
			continue
		}
		rows++
		if argmax(logits[i*width:(i+1)*width]) == int(target) {
			hits++
		}
	}
	return float64(hits) / float64(max(rows, 1))
}

func argmax[T float32 | float64](row []T) int {
	best := 0
	for j, v := range row {
		if v > row[best] {
			best = j
		}
	}
	return best
}
