package ckernel

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"
)

// vectors hands out pinned float32 memory.
type vectors struct {
	pins runtime.Pinner
	rng  *rand.Rand
}

func newVectors(t *testing.T) *vectors {
	v := &vectors{rng: rand.New(rand.NewPCG(1, 2))}
	t.Cleanup(v.pins.Unpin)
	return v
}

func (v *vectors) zeros(n int) ([]float32, uintptr) {
	s := make([]float32, max(n, 1))
	v.pins.Pin(&s[0])
	return s[:n], uintptr(unsafe.Pointer(&s[0]))
}

func (v *vectors) normals(n int) ([]float32, uintptr) {
	s, p := v.zeros(n)
	for i := range s {
		s[i] = float32(v.rng.NormFloat64())
	}
	return s, p
}

// everyLevel runs f with each instruction set that this processor has.
func everyLevel(t *testing.T, f func(t *testing.T)) {
	t.Cleanup(func() { passOver(0) })
	seen := map[string]bool{}
	for better := 0; passOver(better); better++ {
		if !seen[Level()] {
			seen[Level()] = true
			t.Run(Level(), f)
		}
	}
}

func near(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	var largest float64
	for _, w := range want {
		largest = max(largest, math.Abs(float64(w)))
	}
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= tolerance*largest) {
			t.Fatalf("%s: entry %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

var elementwise = map[Elementwise]func(a, b float32) float32{
	Add:      func(a, b float32) float32 { return a + b },
	Sub:      func(a, b float32) float32 { return a - b },
	Mul:      func(a, b float32) float32 { return a * b },
	ReLU:     func(a, _ float32) float32 { return max(a, 0) },
	ReLUGrad: func(a, b float32) float32 { return map[bool]float32{true: a}[b > 0] },
	Scale:    func(a, _ float32) float32 { return a * 0.5 },
}

// One rounding on both sides: equal bits.
func TestElements(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		for _, n := range []int{1, 15, 16, 77, 40000} {
			a, pa := v.normals(n)
			b, pb := v.normals(n)
			y, py := v.zeros(n)
			for kind, f := range elementwise {
				Team{Threads: 1}.Elements(kind, n, pa, pb, 0.5, py)
				for i := range y {
					if want := f(a[i], b[i]); y[i] != want {
						t.Fatalf("kind %d, n %d: entry %d is %g, want %g", kind, n, i, y[i], want)
					}
				}
			}
		}
	})
}

func TestReLUKeepsNaN(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		a, pa := v.normals(40)
		a[3], a[33] = float32(math.NaN()), float32(math.NaN())
		Team{Threads: 1}.Elements(ReLU, 40, pa, pa, 0, pa)
		if a[3] == a[3] || a[33] == a[33] {
			t.Error("NaN became a number: a broken step would not show")
		}
	})
}

// batchNormLoops is the definition, in float64.
func batchNormLoops(r Rows, x, gamma, beta []float32, eps float64) (y, mean, variance []float32) {
	y = make([]float32, len(x))
	for c := range r.Channels {
		var m, v float64
		for i := range r.Rows {
			m += float64(x[i*r.Channels+c])
		}
		m /= float64(r.Rows)
		for i := range r.Rows {
			d := float64(x[i*r.Channels+c]) - m
			v += d * d
		}
		v /= float64(r.Rows)
		for i := range r.Rows {
			y[i*r.Channels+c] = float32((float64(x[i*r.Channels+c])-m)/math.Sqrt(v+eps)*float64(gamma[c]) + float64(beta[c]))
		}
		mean, variance = append(mean, float32(m)), append(variance, float32(v))
	}
	return y, mean, variance
}

// Tolerance: a handful of float32 roundings.
func TestBatchNorm(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		for _, r := range []Rows{{2, 1}, {9, 3}, {700, 16}, {333, 40}, {130, 600}} {
			v := newVectors(t)
			x, px := v.normals(r.Rows * r.Channels)
			gamma, pg := v.normals(r.Channels)
			beta, pb := v.normals(r.Channels)
			_, rm := v.zeros(r.Channels)
			_, rv := v.zeros(r.Channels)
			mean, pm := v.zeros(r.Channels)
			_, pi := v.zeros(r.Channels)
			_, scratch := v.zeros(int(r.Scratch() / 4))
			y, py := v.zeros(len(x))
			n := Norm{Train: true, Eps: 1e-5, Momentum: 0.1, Gamma: pg, Beta: pb, RunningMean: rm, RunningVar: rv, Mean: pm, InvStd: pi}
			Team{Threads: 1}.BatchNorm(r, n, px, py, scratch)
			want, wantMean, _ := batchNormLoops(r, x, gamma, beta, 1e-5)
			near(t, "y", y, want, 2e-6)
			near(t, "mean", mean, wantMean, 2e-6)
		}
	})
}

func TestMaxPoolOfNaN(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		const channels = 19 // one vector and a rest
		p := Pool{N: 1, Channels: channels, In: [3]int{1, 2, 2}, Out: [3]int{1, 1, 1},
			Kernel: [3]int{1, 2, 2}, Stride: [3]int{1, 2, 2}}
		x, px := v.normals(4 * channels)
		y, py := v.zeros(channels)
		index, pi := v.zeros(channels)
		nan := float32(math.NaN())
		x[1*channels+2], x[3*channels+18] = nan, nan
		Team{Threads: 1}.MaxPool(p, px, py, pi)
		for c := range channels {
			place := math.Float32bits(index[c])
			if got := x[int(place)*channels+c]; math.Float32bits(got) != math.Float32bits(y[c]) {
				t.Errorf("channel %d: index %d holds %g, y is %g", c, place, got, y[c])
			}
		}
		if y[2] == y[2] || y[18] == y[18] || y[0] != y[0] {
			t.Errorf("NaN must win in channels 2 and 18 alone: %v", y)
		}
	})
}

// The windows of pooling and its gradient against loops over one channel.
func TestMaxPoolGradSumsWindows(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		const channels = 21
		p := Pool{N: 2, Channels: channels, In: [3]int{3, 5, 4}, Out: [3]int{2, 3, 2},
			Kernel: [3]int{3, 3, 3}, Stride: [3]int{2, 2, 2}, Pad: [3]int{1, 1, 1}}
		in, out := 3*5*4, 2*3*2
		_, px := v.normals(2 * in * channels)
		_, py := v.zeros(2 * out * channels)
		index, pi := v.zeros(2 * out * channels)
		dy, pdy := v.normals(2 * out * channels)
		dx, pdx := v.normals(2 * in * channels) // what was there must not stay
		Team{Threads: 1}.MaxPool(p, px, py, pi)
		Team{Threads: 1}.MaxPoolGrad(p, pdy, pi, pdx)
		want := make([]float32, len(dx))
		for i, d := range dy {
			n, c := i/channels/out, i%channels
			want[(n*in+int(math.Float32bits(index[i])))*channels+c] += d
		}
		near(t, "dx", dx, want, 1e-6) // sums of at most 8 in another order
	})
}
