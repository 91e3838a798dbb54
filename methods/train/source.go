package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
	"github.com/clvid/clvid/text"
)

// Item is one video of a data set as a run uses it.
type Item struct {
	Path     string
	Name     string
	Class    int // label, -1 without
	Captions []string
	// Start and End bound the stretch of the file that is the video, see media.Between.
	Start, End time.Duration
}

// Source makes samples. It is read-only and may be used by many goroutines.
type Source struct {
	Items     []Item
	Parts     []pretext.Part
	Decoder   media.Decoder
	Tokenizer *text.Tokenizer // nil without text
	Seed      uint64
	FrameRate float64 // that clips are cut at, see media.AtRate; 0: the videos' own
}

// Bad is a file that failed while training.
type Bad struct {
	Path string
	Err  error
	// Redrawn files gave clips all the same, by another draw; others were
	// replaced by another file.
	Redrawn bool
}

// maxReplacements bounds how many bad files in a row one sample may draw; with
// half of all files bad, a run would meet it once in 2^16 samples.
const maxReplacements = 16

// Sample makes sample index of an epoch. Where clips touch damage they are drawn
// again from the same file, up to media.MaxAttempts times; a file that cannot be
// used is replaced by another. Both draws depend on (seed, epoch, index,
// attempt) alone, so that every number of workers sees the same data. Files that
// failed are returned beside the sample.
func (s *Source) Sample(ctx context.Context, epoch, index int) (pretext.Sample, []Bad, error) {
	var bad []Bad
	for at, replaced := index, 0; ; replaced++ {
		sample, tainted, err := s.draw(ctx, epoch, index, at)
		path := s.Items[at].Path
		switch {
		case err == nil && tainted != nil:
			return sample, append(bad, Bad{Path: path, Err: tainted, Redrawn: true}), nil
		case err == nil:
			return sample, bad, nil
		case ctx.Err() != nil:
			return pretext.Sample{}, nil, ctx.Err()
		case errors.Is(err, media.ErrHung):
			return pretext.Sample{}, bad, fmt.Errorf("train: sample %d of epoch %d: %w", index, epoch, err)
		}
		if bad = append(bad, Bad{Path: path, Err: err}); replaced == maxReplacements {
			return pretext.Sample{}, bad, fmt.Errorf("train: sample %d of epoch %d: %d files in a row failed, last %s: %w",
				index, epoch, len(bad), path, err)
		}
		at = pretext.Substitute(s.Seed, epoch, index, replaced+1, len(s.Items))
	}
}

// draw decodes item at once, or as often as its clips touch damage, and renders
// the views of every part. Each draw that fails shows a damaged frame; the later
// ones keep to the longest run of frames without any of those. tainted is why the first draw failed where a later
// one did not. A panic below it condemns the file, not the run.
func (s *Source) draw(ctx context.Context, epoch, index, at int) (sample pretext.Sample, tainted, err error) {
	item := &s.Items[at]
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("train: %s: decoder failed: %v", item.Path, p)
		}
	}()
	video, err := s.Decoder.Open(ctx, item.Path)
	if err != nil {
		return pretext.Sample{}, nil, err
	}
	defer func() { err = errors.Join(err, video.Close()) }()
	stretch, err := media.Between(video, item.Start, item.End)
	if err != nil {
		return pretext.Sample{}, nil, err
	}
	t := taint{}
	for attempt := range media.MaxAttempts {
		paced, err := media.AtRate(t.around(stretch, attempt), s.FrameRate)
		if err != nil {
			return pretext.Sample{}, nil, err
		}
		sample, err = s.render(ctx, pretext.Redraw(s.Seed, epoch, index, attempt), paced, at)
		short := attempt >= blindDraws && errors.Is(err, media.ErrShort) // the part, not the video
		if !short && !errors.Is(err, media.ErrCorrupt) {
			return sample, t.first, err
		}
		t.add(err)
	}
	return pretext.Sample{}, nil, &media.Error{Path: item.Path, Op: "clip", Err: media.ErrCorrupt,
		Detail: fmt.Sprintf("%d draws of clips touched damage, the first: %s", media.MaxAttempts, media.Reason(t.first))}
}

// render draws clips of one video with rng and renders their views.
func (s *Source) render(ctx context.Context, rng *rand.Rand, video media.Video, at int) (pretext.Sample, error) {
	item := &s.Items[at]
	v := pretext.Video{Index: at, Name: item.Name, Class: item.Class}
	if len(item.Captions) > 0 {
		v.Caption = item.Captions[rng.IntN(len(item.Captions))]
	}
	sample, err := pretext.Draw(ctx, rng, video, v, s.Parts)
	if err != nil || s.Tokenizer == nil {
		return sample, err
	}
	encoded, err := s.Tokenizer.Encode(v.Caption)
	if err != nil {
		return pretext.Sample{}, err
	}
	sample.Tokens, sample.Mask = encoded.IDs, encoded.Mask
	return sample, nil
}
