package sound

import (
	"fmt"
	"math"
)

// MaxRate is the highest sample rate in Hz that sound may have.
const MaxRate = 768000

// The windowed sinc of torchaudio's resample: zero crossings on each side, and
// the share of the lower Nyquist frequency that passes.
const (
	sincCrossings = 6
	sincRolloff   = .99
)

// Resampler changes the sample rate by a windowed sinc (Hann window, 6 zero
// crossings, rolloff .99, as torchaudio's resample). Output sample n lies at the
// time of input sample n*from/to and depends on the Reach input samples around
// it alone, so that any span can be computed by itself. Many goroutines may use
// it.
type Resampler struct {
	from, to int       // reduced
	reach    int       // input samples on each side
	taps     []float32 // (to, 2*reach + from), one row a phase
}

// NewResampler prepares a change from one sample rate to another, both in Hz.
func NewResampler(from, to int) (*Resampler, error) {
	for _, rate := range []int{from, to} {
		if rate < 1 || rate > MaxRate {
			return nil, fmt.Errorf("sound: sample rate %d Hz, want 1 to %d", rate, MaxRate)
		}
	}
	g := gcd(from, to)
	r := &Resampler{from: from / g, to: to / g}
	if r.from == r.to {
		return r, nil
	}
	base := float64(min(r.from, r.to)) * sincRolloff
	r.reach = int(math.Ceil(sincCrossings * float64(r.from) / base))
	row := 2*r.reach + r.from
	if int64(row)*int64(r.to) > maxTaps {
		return nil, fmt.Errorf("sound: from %d to %d Hz needs %d x %d weights, want at most %d: choose a rate with a larger common divisor", from, to, r.to, row, maxTaps)
	}
	r.taps = make([]float32, row*r.to)
	for phase := range r.to {
		for k := range row {
			// Seconds, in units where the input has r.from samples each.
			t := float64(k-r.reach)/float64(r.from) - float64(phase)/float64(r.to)
			r.taps[phase*row+k] = float32(sinc(t*base) * base / float64(r.from))
		}
	}
	return r, nil
}

// maxTaps bounds the weights of rates without a common divisor.
const maxTaps = 1 << 24

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// sinc of t zero crossings, in its window.
func sinc(t float64) float64 {
	t = min(max(t, -sincCrossings), sincCrossings)
	if t == 0 {
		return 1
	}
	window := math.Cos(t * math.Pi / sincCrossings / 2)
	return math.Sin(math.Pi*t) / (math.Pi * t) * window * window
}

// Len is the number of output samples of n input samples, rounded up.
func (r *Resampler) Len(n int64) int64 {
	return (n*int64(r.to) + int64(r.from) - 1) / int64(r.from)
}

// Needs returns the input samples [low, high) on which the n output samples from
// start depend; low may be negative.
func (r *Resampler) Needs(start int64, n int) (low, high int64) {
	if n <= 0 {
		return 0, 0
	}
	if r.taps == nil {
		return start, start + int64(n)
	}
	last := start + int64(n) - 1
	return r.block(start) - int64(r.reach), r.block(last) + int64(r.reach) + int64(r.from)
}

// block is the first input sample of the period in which output sample n lies.
func (r *Resampler) block(n int64) int64 { return floorDiv(n, int64(r.to)) * int64(r.from) }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Span computes output samples [start, start+len(dst)) from input, which holds
// input samples from low on. What lies outside of input counts as silence.
// Samples do not depend on how a waveform is cut into spans.
func (r *Resampler) Span(dst []float32, start int64, input []float32, low int64) {
	if r.taps == nil {
		for i := range dst {
			dst[i] = at(input, start+int64(i)-low)
		}
		return
	}
	row := 2*r.reach + r.from
	for i := range dst {
		n := start + int64(i)
		phase := n - floorDiv(n, int64(r.to))*int64(r.to)
		taps := r.taps[int(phase)*row:][:row]
		first := r.block(n) - int64(r.reach) - low
		dst[i] = product(taps, input, first)
	}
}

func at(input []float32, i int64) float32 {
	if i < 0 || i >= int64(len(input)) {
		return 0
	}
	return input[i]
}

// product sums taps[k] * input[first+k]. The sum is in double precision, so that
// silence beyond the ends changes nothing.
func product(taps, input []float32, first int64) float32 {
	sum := 0.
	from, to := max(0, -first), min(int64(len(taps)), int64(len(input))-first)
	for k := from; k < to; k++ {
		sum += float64(taps[k]) * float64(input[first+k])
	}
	return float32(sum)
}
