package media

import (
	"context"
	"math"
	"time"
)

// SoundInfo describes one sound stream.
type SoundInfo struct {
	Path       string        `json:"path"`
	Container  string        `json:"container"`
	Codec      string        `json:"codec"`
	SampleRate int           `json:"sample_rate"` // samples per second of the file
	Channels   int           `json:"channels"`
	Duration   time.Duration `json:"duration_ns"` // as the container says, 0 where it does not
	Offset     time.Duration `json:"offset_ns"`   // of its first sample from the first picture, 0 where there is none
	Stream     int           `json:"stream"`      // index in the container
}

// SoundSpan names N samples from sample Start on. Sample 0 is heard with the
// first picture of the file, or is the first one where there is none; what lies
// before or behind the stream is silence.
type SoundSpan struct {
	Start int64 `json:"start"`
	N     int   `json:"n"` // at least 1
}

// SoundAt is the span from the time start, for the given length, at a sample rate
// in Hz. Both ends are rounded to the nearest sample, so that spans that meet in
// time meet in samples.
func SoundAt(start, length time.Duration, rate int) SoundSpan {
	at := func(t time.Duration) int64 { return int64(math.Round(t.Seconds() * float64(rate))) }
	from := at(start)
	return SoundSpan{Start: from, N: int(at(start+length) - from)}
}

// Sound is one open sound stream as mono samples of one rate in [-1,1]. One
// goroutine at a time may use it.
type Sound interface {
	Info() SoundInfo
	Rate() int // samples per second that Spans gives
	// Spans decodes the spans in one ordered pass; result i is spans[i]. Every
	// sample is exactly the one that decoding the whole stream yields. A span that
	// damage touches is ErrCorrupt.
	Spans(ctx context.Context, spans ...SoundSpan) ([][]float32, error)
	Close() error
}
