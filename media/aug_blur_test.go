package media

import (
	"math"
	"testing"
)

// plainBlur is the two-dimensional sum that the two passes stand for.
func plainBlur(src []float32, h, w int, sigma float64) []float32 {
	radius := int(math.Ceil(3 * sigma))
	out := make([]float32, len(src))
	for y := range h {
		for x := range w {
			sum, total := 0., 0.
			for dy := -radius; dy <= radius; dy++ {
				for dx := -radius; dx <= radius; dx++ {
					weight := math.Exp(-float64(dx*dx+dy*dy) / (2 * sigma * sigma))
					at := min(max(y+dy, 0), h-1)*w + min(max(x+dx, 0), w-1)
					sum += weight * float64(src[at])
					total += weight
				}
			}
			out[y*w+x] = float32(sum / total)
		}
	}
	return out
}

func TestBlur(t *testing.T) {
	for _, sigma := range []float64{.1, .8, 2, 7} { // 7: the kernel is wider than the picture
		p := noise(4, 2, 6, 9)
		got := p.clone()
		blur(got, sigma)
		for c := range 3 {
			for s := range p.T {
				// float32 sums of up to 43 terms in [0,1].
				near(t, "blur", got.Plane(c, s), plainBlur(p.Plane(c, s), 6, 9, sigma), 1e-5)
			}
		}
	}
}
