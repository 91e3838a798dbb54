package avdecode

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"
	"unsafe"

	"github.com/clvid/clvid/media"
)

const (
	keptSamples  = 1 << 24               // of a stream that stays in memory: 64 MB, 17 minutes at 16 kHz
	soundJitter  = 15 * time.Millisecond // by which time stamps may miss the count of samples
	soundShort   = 2                     // a stream may end a second / soundShort early: lengths are rounded, and hold padding
	soundOverlap = 2                     // frames behind damage that still depend on it
)

// Spans decodes the spans. Codecs of sound carry state from packet to packet,
// so the stream is decoded from its start; a short one stays in memory.
func (t *track) Spans(ctx context.Context, spans ...media.SoundSpan) ([][]float32, error) {
	out, err := t.spans(ctx, spans)
	if err != nil {
		return nil, fail(t.path, "sound", t.decoder.options, err)
	}
	return out, nil
}

func (t *track) spans(ctx context.Context, spans []media.SoundSpan) ([][]float32, error) {
	windows := make([]window, len(spans))
	var last int64
	for i, s := range spans {
		if s.N < 1 || s.N > keptSamples {
			return nil, &failure{errSpan, fmt.Sprintf("sound span %d of %d samples, want 1 to %d", i, s.N, keptSamples)}
		}
		low, high := t.resampler.Needs(s.Start, s.N)
		windows[i] = window{low: low - t.base, high: high - t.base}
		last = max(last, windows[i].high)
	}
	if err := t.fill(ctx, windows, last); err != nil {
		return nil, err
	}
	out := make([][]float32, len(spans))
	for i, s := range spans {
		w := &windows[i]
		if err := t.sound(w, s); err != nil {
			return nil, err
		}
		out[i] = make([]float32, s.N)
		t.resampler.Span(out[i], s.Start, w.samples, w.low+t.base)
	}
	return out, nil
}

// window is a part [low, high) of the stream in native samples from its first
// one. samples holds it as far as the stream goes.
type window struct {
	low, high int64
	samples   []float32
}

// sound refuses a span that damage touches.
func (t *track) sound(w *window, s media.SoundSpan) error {
	for _, d := range t.damage {
		if d.from < w.high && w.low < d.to {
			return &failure{media.ErrCorrupt, fmt.Sprintf("the sound is damaged from %.3f to %.3f s, in the span of %d samples from %d",
				t.seconds(d.from), t.seconds(d.to), s.N, s.Start)}
		}
	}
	return nil
}

func (t *track) seconds(native int64) float64 {
	return float64(native+t.base) / float64(t.info.SampleRate)
}

// fill takes the windows out of memory, or decodes what they need.
func (t *track) fill(ctx context.Context, windows []window, last int64) error {
	if t.whole == nil {
		keep := t.info.Duration > 0 && t.info.Duration.Seconds()*float64(t.info.SampleRate) < keptSamples
		c := &collector{track: t, windows: windows, last: last, keep: keep}
		if err := c.run(ctx); err != nil || !c.keep {
			return err
		}
		t.whole = c.whole
	}
	n := int64(len(t.whole))
	for i := range windows {
		w := &windows[i]
		w.low = min(max(w.low, 0), n)
		w.samples = t.whole[w.low:min(max(w.high, w.low), n)]
	}
	return nil
}

// collector decodes a stream from its start and keeps what is asked for.
type collector struct {
	track   *track
	windows []window
	last    int64 // native sample at which no window is left
	keep    bool  // keep all of it
	whole   []float32

	at      int64 // native sample that comes next
	first   float64
	refused int
	healing int // frames that damage still touches
	mono    []float32
}

func (c *collector) run(ctx context.Context) error {
	g := newGuard()
	defer g.free()
	defer g.arm(ctx, c.track.decoder.options.Timeout)()
	s, err := c.track.session(ctx, g)
	if err != nil {
		return err
	}
	defer s.close()
	for i := range c.windows {
		w := &c.windows[i]
		w.low = max(w.low, 0)
		w.samples = make([]float32, 0, max(0, w.high-w.low))
	}
	c.track.damage = nil
	for c.keep || c.at < c.last {
		g.again(ctx, c.track.decoder.options.Timeout)
		if err := s.next(ctx); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if err := c.take(s); err != nil {
			return err
		}
	}
	c.ended(s)
	return nil
}

// ended notes what is missing behind the last frame: packets that were refused,
// or a length that the container tells and the stream does not have.
func (c *collector) ended(s *session) {
	promised := int64(c.track.info.Duration.Seconds() * float64(c.track.info.SampleRate))
	short := (c.keep || c.at < c.last) && promised-c.at > int64(c.track.info.SampleRate)/soundShort
	if short || s.taint.refused > c.refused {
		c.track.damage = append(c.track.damage, stretch{c.at, math.MaxInt64})
	}
}

// take adds the decoded frame at the place that its time stamp gives.
func (c *collector) take(s *session) error {
	f := framePointer(s.frame)
	n := int(f.nb_samples)
	if rate := int(f.sample_rate); rate != c.track.info.SampleRate {
		return &failure{media.ErrUnsupported, fmt.Sprintf("the sample rate changes from %d to %d Hz at %.3f s", c.track.info.SampleRate, rate, c.track.seconds(c.at))}
	}
	if n == 0 {
		return nil
	}
	c.mono = grown(c.mono, n)
	if C.clvid_mono(f, (*C.float)(unsafe.Pointer(&c.mono[0]))) == 0 {
		return &failure{media.ErrUnsupported, fmt.Sprintf("sample format %d", f.format)}
	}
	before := c.at
	samples := c.place(s, c.mono[:n])
	c.add(samples)
	if c.tainted(s) {
		c.track.damage = append(c.track.damage, stretch{before, c.at})
	}
	return nil
}

// tainted tells whether damage touches the decoded frame: since the last one a
// packet was refused, or it or one of the few before it is flagged.
func (c *collector) tainted(s *session) bool {
	if s.taint.refused > c.refused || s.flagged() != "" {
		c.refused, c.healing = s.taint.refused, soundOverlap+1
	}
	touched := c.healing > 0
	c.healing = max(c.healing-1, 0)
	return touched
}

// place brings the count of samples to the frame's time: a gap is silence, an
// overlap is left out. Small differences are the rounding of time stamps.
func (c *collector) place(s *session, samples []float32) []float32 {
	at, ok := s.seconds()
	if !ok {
		return samples
	}
	if c.at == 0 {
		c.first = at
		return samples
	}
	rate := float64(c.track.info.SampleRate)
	ahead := nearest((at-c.first)*rate) - c.at
	slack := int64(rate * soundJitter.Seconds())
	switch {
	case ahead > slack:
		c.silence(ahead)
	case ahead < -slack:
		return samples[min(-ahead, int64(len(samples))):]
	}
	return samples
}

// nearest rounds to a sample. Damaged time stamps name any time; it is held
// within what sums of samples can hold.
func nearest(samples float64) int64 {
	const most = 1 << 52
	return int64(math.Round(min(max(samples, -most), most)))
}

// silence passes over a gap.
func (c *collector) silence(n int64) {
	if c.keep && int64(len(c.whole))+n > keptSamples {
		c.keep, c.whole = false, nil
	}
	for i := range c.windows {
		w := &c.windows[i]
		if missing := min(c.at+n, w.high) - max(c.at, w.low); missing > 0 {
			w.samples = append(w.samples, make([]float32, missing)...)
		}
	}
	if c.keep {
		c.whole = append(c.whole, make([]float32, n)...)
	}
	c.at += n
}

// add gives every window its part of the samples.
func (c *collector) add(samples []float32) {
	end := c.at + int64(len(samples))
	for i := range c.windows {
		w := &c.windows[i]
		if from, to := max(c.at, w.low), min(end, w.high); from < to {
			w.samples = append(w.samples, samples[from-c.at:to-c.at]...)
		}
	}
	if c.keep && int64(len(c.whole)+len(samples)) > keptSamples {
		c.keep, c.whole = false, nil
	}
	if c.keep {
		c.whole = append(c.whole, samples...)
	}
	c.at = end
}

func grown(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
