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
				Team{Threads: 1}.Elements(kind, Float32, n, pa, pb, 0.5, py)
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
		Team{Threads: 1}.Elements(ReLU, Float32, 40, pa, pa, 0, pa)
		if a[3] == a[3] || a[33] == a[33] {
			t.Error("NaN became a number: a broken step would not show")
		}
	})
}

// at is where channel c of row i lies.
func (r Rows) at(i, c int) int {
	outer, place := i/r.Places, i%r.Places
	return ((outer*r.Blocks+c/r.Channels)*r.Places+place)*r.Channels + c%r.Channels
}

// batchNormLoops is the definition, in float64.
func batchNormLoops(r Rows, x, gamma, beta, residual []float32, relu bool, eps float64) (y, mean []float32) {
	y = make([]float32, len(x))
	rows := r.Outer * r.Places
	for c := range r.Blocks * r.Channels {
		var m, v float64
		for i := range rows {
			m += float64(x[r.at(i, c)])
		}
		m /= float64(rows)
		for i := range rows {
			d := float64(x[r.at(i, c)]) - m
			v += d * d
		}
		v /= float64(rows)
		for i := range rows {
			at := r.at(i, c)
			z := (float64(x[at])-m)/math.Sqrt(v+eps)*float64(gamma[c]) + float64(beta[c])
			if residual != nil {
				z += float64(residual[at])
			}
			if relu {
				z = max(z, 0)
			}
			y[at] = float32(z)
		}
		mean = append(mean, float32(m))
	}
	return y, mean
}

// rowShapes have few and many channels, blocks, and more than one chunk.
var rowShapes = []Rows{
	{1, 1, 2, 1, Float32}, {1, 1, 9, 3, Float32}, {1, 1, 700, 16, Float32}, {1, 1, 333, 40, Float32},
	{1, 1, 130, 600, Float32}, {1, 1, 40000, 3, Float32}, {3, 2, 5, 16, Float32}, {2, 1, 3000, 16, Float32},
	{7, 20, 33, 16, Float32}, {5, 300, 2, 16, Float32},
}

// Tolerance: a handful of float32 roundings.
func TestBatchNorm(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		for _, r := range rowShapes {
			for _, relu := range []bool{false, true} {
				v := newVectors(t)
				channels := r.Blocks * r.Channels
				x, px := v.normals(r.Outer * r.Places * channels)
				residual, pr := v.normals(len(x))
				gamma, pg := v.normals(channels)
				beta, pb := v.normals(channels)
				_, rm := v.zeros(channels)
				_, rv := v.zeros(channels)
				mean, pm := v.zeros(channels)
				_, pi := v.zeros(channels)
				_, scratch := v.zeros(int(r.Scratch()/4) + 2)
				y, py := v.zeros(len(x))
				n := Norm{Train: true, ReLU: relu, Eps: 1e-5, Momentum: 0.1, Gamma: pg, Beta: pb, RunningMean: rm, RunningVar: rv, Mean: pm, InvStd: pi}
				if relu {
					n.Residual = pr
				} else {
					residual = nil
				}
				Team{Threads: 1}.BatchNorm(r, n, px, py, (scratch+7)&^7)
				want, wantMean := batchNormLoops(r, x, gamma, beta, residual, relu, 1e-5)
				near(t, "y", y, want, 2e-6)
				near(t, "mean", mean, wantMean, 2e-6)
			}
		}
	})
}

// bf16 is x rounded to bfloat16, ties to even, by its definition.
func bf16(x float32) float32 {
	if math.IsInf(float64(x), 0) {
		return x
	}
	u := math.Float32bits(x)
	down := math.Float32frombits(u &^ 0xffff)
	up := math.Float32frombits(u&^0xffff + 0x10000)
	lower, upper := math.Abs(float64(x)-float64(down)), math.Abs(float64(up)-float64(x))
	if lower < upper || lower == upper && u>>16&1 == 0 {
		return down
	}
	return up
}

func TestConvertRoundsToNearestEven(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		x, px := v.normals(70000)
		x[0], x[1], x[2] = math.Float32frombits(0x3f808000), math.Float32frombits(0x3f818000), float32(math.NaN())
		x[3], x[4] = float32(math.Inf(-1)), math.Float32frombits(0x7fffffff)
		_, half := v.zeros(35000)
		y, py := v.zeros(len(x))
		team := Team{Threads: 1}
		team.Convert(len(x), Float32, BFloat16, px, half)
		team.Convert(len(x), BFloat16, Float32, half, py)
		for i := range x {
			want := bf16(x[i])
			if nan := x[i] != x[i]; nan && y[i] == y[i] || !nan && y[i] != want {
				t.Fatalf("entry %d: %g becomes %g, want %g", i, x[i], y[i], want)
			}
		}
	})
}

// There and back through every pair of places changes nothing but the rounding.
func TestTurn(t *testing.T) {
	const n, c, s = 2, 48, 37
	v := newVectors(t)
	x, px := v.normals(n * c * s)
	for i := range x {
		x[i] = bf16(x[i])
	}
	team := Team{Threads: 1}
	_, there := v.zeros(len(x))
	back, pback := v.zeros(len(x))
	at := func(block, i int) int {
		sample, ch, place := i/(c*s), i/s%c, i%s
		return sample*c*s + ch/block*block*s + place*block + ch%block
	}
	for _, block := range []int{1, 16, c} {
		for _, e := range []Elem{Float32, BFloat16} {
			for _, via := range []int{1, 16, c} {
				team.Turn(n, c, s, Place{1, Float32}, Place{block, e}, px, there)
				_, next := v.zeros(len(x))
				team.Turn(n, c, s, Place{block, e}, Place{via, e}, there, next)
				team.Turn(n, c, s, Place{via, e}, Place{block, Float32}, next, pback)
				for i := range x {
					if back[at(block, i)] != x[i] {
						t.Fatalf("block %d via %d, type %d: element %d is %g, want %g", block, via, e, i, back[at(block, i)], x[i])
					}
				}
			}
		}
	}
}

func TestMaxPoolOfNaN(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		const channels = 19 // one vector and a rest
		p := Pool{Elem: Float32, N: 1, Channels: channels, In: [3]int{1, 2, 2}, Out: [3]int{1, 1, 1},
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
