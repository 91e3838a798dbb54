package op_test

// indices lists all positions of a shape in row-major order.
func indices(shape []int) [][]int {
	all := [][]int{nil}
	for _, d := range shape {
		var longer [][]int
		for _, index := range all {
			for i := range d {
				longer = append(longer, append(append([]int{}, index...), i))
			}
		}
		all = longer
	}
	return all
}

// flat is the row-major place of a position, aligned at the last axis; axes of
// size 1 are repeated.
func flat(shape, index []int) int {
	index = index[len(index)-len(shape):]
	at := 0
	for i, d := range shape {
		at *= d
		if d > 1 {
			at += index[i]
		}
	}
	return at
}
