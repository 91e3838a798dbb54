package media

import (
	"fmt"
	"math/rand/v2"
)

// RhoConfig draws ρ clips of one video whose distances are bounded (rho,
// arXiv:2104.14558, by SlowFast's code).
type RhoConfig struct {
	Clips  int `yaml:"clips" doc:"of one video, 2 to 16"`
	MinGap int `yaml:"min_gap" doc:"least source frames from the end of one to the start of the next; below 0 they may overlap"`
	MaxGap int `yaml:"max_gap" doc:"most source frames between"`
}

// anyGap is as good as no bound: no video has as many frames.
const anyGap = 1_000_000_000

// DefaultRho is two clips anywhere.
func DefaultRho() RhoConfig { return RhoConfig{Clips: 2, MinGap: -anyGap, MaxGap: anyGap} }

// Validate names the first setting that is out of bounds; section is where the
// settings stand.
func (r RhoConfig) Validate(section string) error {
	switch {
	case r.Clips < 2 || r.Clips > 16:
		return fmt.Errorf("media: %s.clips is %d, want 2 to 16", section, r.Clips)
	case r.MinGap < -anyGap || r.MaxGap > anyGap || r.MinGap > r.MaxGap:
		return fmt.Errorf("media: %s.min_gap is %d and %s.max_gap %d, want -%d to %d in rising order", section, r.MinGap, section, r.MaxGap, anyGap, anyGap)
	}
	return nil
}

// Spans draws the clips of a video of n frames, in random order so that the
// first is not always the earliest. Each spreads its frames as the sampler dense
// does. Clips that find no place within the bounds lie anywhere, or with
// ShortFail are an error.
func (r RhoConfig) Spans(rng *rand.Rand, n int, c ClipConfig) ([]Span, error) {
	n = max(n, 1)
	extents := make([]float64, r.Clips)
	for i := range extents {
		extents[i] = c.window()
	}
	rows := SpacedClips(n, extents, float64(r.MinGap), float64(r.MaxGap), rng.Float64)
	if c.Short == ShortFail && float64(n) < c.window() {
		return nil, tooShort(n, c.Frames*c.Stride)
	}
	if c.Short == ShortFail && len(rows) < r.Clips {
		return nil, &Error{Op: "sample", Err: ErrShort, Detail: fmt.Sprintf(
			"%d frames hold %d of %d clips of %d frames with such gaps: lower rho.min_gap, or set media.short to wrap or repeat", n, len(rows), r.Clips, c.Frames*c.Stride)}
	}
	spans := make([]Span, r.Clips)
	for i, to := range rng.Perm(r.Clips) {
		if i < len(rows) {
			spans[to] = picked(LinspaceFrames(rows[i][0], rows[i][1], c.Frames, n))
		} else {
			spans[to] = denseTrain(rng, n, c)
		}
	}
	return spans, nil
}
