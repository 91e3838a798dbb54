package media

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Sampler says how the clips of one video are cut. It decodes nothing.
type Sampler struct {
	Name    string
	Doc     string // one line
	Setting string // what chooses it
	// Train draws one clip of a video of n frames; nil where a pretext task draws
	// its clips with settings of its own.
	Train func(rng *rand.Rand, n int, c ClipConfig) Span
	// Test places k clips of a video of n frames without any draw.
	Test func(n int, c ClipConfig, k int) []Span
}

// Policies of ClipConfig.Short: what a clip shows past the end of a video.
const (
	// ShortWrap goes on at the first frame.
	ShortWrap = "wrap"
	// ShortRepeat shows the last frame again and again.
	ShortRepeat = "repeat"
	// ShortFail sets videos aside that are shorter than a clip.
	ShortFail = "fail"
)

// ShortPolicies lists the values of ClipConfig.Short.
func ShortPolicies() []string { return []string{ShortWrap, ShortRepeat, ShortFail} }

// ClipSamplers lists the values of ClipConfig.Sampler.
func ClipSamplers() []string {
	var names []string
	for _, s := range Samplers() {
		if s.Train != nil {
			names = append(names, s.Name)
		}
	}
	return names
}

// sampler is the one that the settings name.
func (c ClipConfig) sampler() (Sampler, error) {
	for _, s := range Samplers() {
		if s.Name == cmp.Or(c.Sampler, SamplerRandom) && s.Train != nil {
			return s, nil
		}
	}
	return Sampler{}, fmt.Errorf("media: media.sampler is %q, want one of %s", c.Sampler, strings.Join(ClipSamplers(), ", "))
}

// TrainSpan draws one clip of a video of n frames.
func (c ClipConfig) TrainSpan(rng *rand.Rand, n int) (Span, error) {
	s, err := c.sampler()
	if err != nil {
		return Span{}, err
	}
	spans, err := c.Fit(n, s.Train(rng, max(n, 1), c))
	if err != nil {
		return Span{}, err
	}
	return spans[0], nil
}

// TestSpans places k clips of a video of n frames.
func (c ClipConfig) TestSpans(n, k int) ([]Span, error) {
	s, err := c.sampler()
	if err != nil {
		return nil, err
	}
	return c.Fit(n, s.Test(max(n, 1), c, k)...)
}

// Fit applies ClipConfig.Short to clips of a video of n frames. A clip that ends
// in time stays as it is. With ShortRepeat one of a video that is too short
// starts at the first frame.
func (c ClipConfig) Fit(n int, spans ...Span) ([]Span, error) {
	if c.Short == ShortFail && n < c.need() {
		return nil, tooShort(n, c.need())
	}
	if c.Short != ShortRepeat {
		return spans, nil
	}
	fitted := make([]Span, len(spans))
	for i, s := range spans {
		fitted[i] = s.held(n)
	}
	return fitted, nil
}

// tooShort is the error of ShortFail.
func tooShort(n, need int) error {
	return &Error{Op: "sample", Err: ErrShort, Detail: fmt.Sprintf(
		"%d frames, a clip takes %d: lower media.frames or media.stride, or set media.short to wrap or repeat", n, need)}
}

// need is how many frames a clip takes without any twice.
func (c ClipConfig) need() int {
	switch c.Sampler {
	case SamplerUniform:
		return c.Frames
	case SamplerDense:
		return c.Frames * c.Stride
	}
	return c.Extent()
}

// held repeats the last of n frames instead of going on at the first.
func (s Span) held(n int) Span {
	if s.Picks != nil || s.Start+(s.N-1)*s.Stride < n {
		return s
	}
	start := s.Start
	if (s.N-1)*s.Stride >= n {
		start = 0
	}
	picks := make([]int, s.N)
	for j := range picks {
		picks[j] = min(start+j*s.Stride, max(n-1, 0))
	}
	return Span{N: s.N, Picks: picks}
}

// picked is a span of listed frames.
func picked(frames []int) Span { return Span{N: len(frames), Picks: frames} }
