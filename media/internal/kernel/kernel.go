// Package kernel holds the inner loops of sampling: 8-bit planes to resized
// float32, and those to colour. They exist twice, in C, compiled for several
// instruction sets, and in Go, which is the reference and all there is in a build
// without cgo. Both add in the same order and fuse no product with a sum, so they
// give equal bits, on every processor.
package kernel

// Axis is the weights of one axis, the same number of taps for every output: it
// is First[i] of the source, counted from From, whose next Taps samples output i
// weighs by Weights[i*Taps:].
type Axis struct {
	From, To int // the source samples in reach, half open
	Taps     int
	First    []int32
	Weights  []float32
}

// Reach is the number of source samples in reach.
func (a *Axis) Reach() int { return a.To - a.From }

// lanes is how many rows go at once.
const lanes = 16

// Work is how many values of working memory Resize needs for the axis along
// rows.
func (a *Axis) Work() int { return 2 * lanes * a.Reach() }

// Colour turns planes into normalised colour: out[c] = clamp(M[c] in) Scale[c] +
// Offset[c], where in is (Y, Cb, Cr, 1) and clamp confines to [0,1].
type Colour struct {
	M             [3][4]float32
	Scale, Offset [3]float32
}
