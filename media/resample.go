package media

import (
	"math"

	"github.com/clvid/clvid/media/internal/kernel"
)

// resample is the weights of one axis while they are built: for each output,
// weights of consecutive source samples.
type resample []taps

type taps struct {
	first   int
	weights []float64
}

// resizeWeights is the antialiased bilinear filter over [from, from+length) of
// the source, confined to the samples that this interval touches.
func resizeWeights(from, length float64, out int) resample {
	const slack = 1e-6
	lo, hi := int(math.Floor(from+slack)), int(math.Ceil(from+length-slack))
	scale := length / float64(out)
	reach := max(scale, 1)
	r := make(resample, out)
	for i := range r {
		centre := from + (float64(i)+.5)*scale
		first := max(int(math.Floor(centre-reach+.5)), lo)
		end := min(int(math.Floor(centre+reach+.5)), hi)
		r[i] = taps{first, make([]float64, end-first)}
		var sum float64
		for k := range r[i].weights {
			w := max(0, 1-math.Abs((float64(first+k)+.5-centre)/reach))
			r[i].weights[k] = w
			sum += w
		}
		for k := range r[i].weights {
			r[i].weights[k] /= sum
		}
	}
	return r
}

func (r resample) mirror() {
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
}

// throughChroma turns weights of full-size samples into weights of chroma
// samples that are interpolated linearly to full size. size counts the
// full-size samples; site is the place of the first chroma sample among them.
func (r resample) throughChroma(sub uint8, size int, site float32) resample {
	if sub == 0 {
		return r
	}
	last := subsampled(size, sub) - 1
	out := make(resample, len(r))
	for i, t := range r {
		low, _ := chromaPlace(t.first, sub, site)
		high, _ := chromaPlace(t.first+len(t.weights)-1, sub, site)
		first := min(max(low, 0), last)
		out[i] = taps{first, make([]float64, min(high+1, last)-first+1)}
		for k, w := range t.weights {
			at, f := chromaPlace(t.first+k, sub, site)
			out[i].weights[min(max(at, 0), last)-first] += w * (1 - f)
			out[i].weights[min(max(at+1, 0), last)-first] += w * f
		}
	}
	return out
}

// chromaPlace returns the chroma sample at or before luma sample p and the
// share of the next one.
func chromaPlace(p int, sub uint8, site float32) (at int, share float64) {
	place := (float64(p) - float64(site)) / float64(int(1)<<sub)
	floor := math.Floor(place)
	return int(floor), place - floor
}

// pack pads to equal numbers of taps, within a source of size samples.
func (r resample) pack(size int) kernel.Axis {
	a := kernel.Axis{From: size, First: make([]int32, len(r))}
	for _, t := range r {
		a.Taps = max(a.Taps, len(t.weights))
	}
	if fours := (a.Taps + 3) / 4 * 4; fours <= size {
		a.Taps = fours // zero weights are cheaper than a loop's rest
	}
	a.Weights = make([]float32, a.Taps*len(r))
	starts := make([]int, len(r))
	for i, t := range r {
		starts[i] = min(t.first, size-a.Taps)
		a.From, a.To = min(a.From, starts[i]), max(a.To, starts[i]+a.Taps)
		for k, w := range t.weights {
			a.Weights[i*a.Taps+t.first-starts[i]+k] = float32(w)
		}
	}
	for i, s := range starts {
		a.First[i] = int32(s - a.From)
	}
	return a
}
