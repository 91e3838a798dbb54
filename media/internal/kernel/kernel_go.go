//go:build !cgo

package kernel

// Resize renders one plane: the axes' taps over src, whose rows are stride bytes
// apart, as len(y.First) rows of len(x.First) values in dst. line is working
// memory of x.Work() values, of any content.
func Resize(dst []float32, src []byte, stride int, x, y *Axis, line []float32) {
	resizeGo(dst, src, stride, x, y, line[:x.Reach()])
}

// Convert turns planes y, u, v into r, g, b, all of len(r) values.
func Convert(r, g, b, y, u, v []float32, c *Colour) { convertGo(r, g, b, y, u, v, c) }
