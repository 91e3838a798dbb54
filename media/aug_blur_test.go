package media

import (
	"math"
	"testing"
)

// plainBlur is the two-dimensional sum that the two passes stand for.
func plainBlur(src []float32, h, w, radius int, sigma float64, edge Edge) []float32 {
	out := make([]float32, len(src))
	total := 0.
	for d := -radius; d <= radius; d++ {
		total += math.Exp(-float64(d*d) / (2 * sigma * sigma))
	}
	beyond := func(i, n int) int { // the rules, one step at a time
		for i < 0 || i >= n {
			switch {
			case edge == EdgeZero:
				return -1
			case edge == EdgeRepeat && i < 0 || n == 1:
				i = 0
			case edge == EdgeRepeat:
				i = n - 1
			case i < 0:
				i = -i
			default:
				i = 2*n - 2 - i
			}
		}
		return i
	}
	for y := range h {
		for x := range w {
			sum := 0.
			for dy := -radius; dy <= radius; dy++ {
				for dx := -radius; dx <= radius; dx++ {
					sy, sx := beyond(y+dy, h), beyond(x+dx, w)
					if sy >= 0 && sx >= 0 {
						sum += math.Exp(-float64(dx*dx+dy*dy)/(2*sigma*sigma)) * float64(src[sy*w+sx])
					}
				}
			}
			out[y*w+x] = float32(sum / total / total)
		}
	}
	return out
}

func TestBlur(t *testing.T) {
	for _, tc := range []struct {
		radius int
		sigma  float64
	}{{1, .1}, {3, .8}, {6, 2}, {21, 7}, {0, 1}} { // 21: wider than the picture
		for _, edge := range []Edge{EdgeRepeat, EdgeZero, EdgeReflect} {
			for _, w := range []int{9, 1} {
				p := noise(4, 2, 6, w)
				got := p.clone()
				got.Blur(GaussianKernel(tc.radius, tc.sigma), edge)
				for c := range 3 {
					for s := range p.T {
						// float32 sums of up to 43 terms in [0,1].
						near(t, "blur", got.Plane(c, s), plainBlur(p.Plane(c, s), 6, w, tc.radius, tc.sigma, edge), 1e-5)
					}
				}
			}
		}
	}
}

func TestBlurKernels(t *testing.T) {
	a := DefaultAugment()
	for _, tc := range []struct {
		rule       string
		rows, taps int
		edge       Edge
	}{{BlurSigma, 112, 13, EdgeRepeat}, {BlurSimCLR, 112, 11, EdgeZero}, {BlurSimCLR, 224, 23, EdgeZero}, {BlurSimCLR, 19, 1, EdgeZero}, {BlurTorchvision, 112, 23, EdgeReflect}} {
		a.BlurRule = tc.rule
		half, edge := blurKernel(a, 2, tc.rows)
		if got := 2*len(half) - 1; got != tc.taps || edge != tc.edge {
			t.Errorf("%s at %d rows: %d taps, edge %d, want %d, %d", tc.rule, tc.rows, got, edge, tc.taps, tc.edge)
		}
	}
}
