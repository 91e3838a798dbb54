package train

import (
	"context"
	"errors"
	"fmt"
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

// Bad is a file that failed while training and was replaced by another draw.
type Bad struct {
	Path string
	Err  error
}

// maxReplacements bounds how many bad files in a row one sample may draw; with
// half of all files bad, a run would meet it once in 2^16 samples.
const maxReplacements = 16

// Sample makes sample index of an epoch. A file that cannot be used is replaced
// by a draw that depends on (seed, epoch, index) alone, so that every number
// of workers sees the same data; such files are returned beside the sample.
func (s *Source) Sample(ctx context.Context, epoch, index int) (pretext.Sample, []Bad, error) {
	var bad []Bad
	for at := index; ; at = pretext.Substitute(s.Seed, epoch, index, len(bad), len(s.Items)) {
		sample, err := s.render(ctx, epoch, index, at)
		if err == nil {
			return sample, bad, nil
		}
		if ctx.Err() != nil {
			return pretext.Sample{}, nil, ctx.Err()
		}
		bad = append(bad, Bad{Path: s.Items[at].Path, Err: err})
		if len(bad) > maxReplacements {
			return pretext.Sample{}, bad, fmt.Errorf("train: sample %d of epoch %d: %d files in a row failed, last %s: %w",
				index, epoch, len(bad), s.Items[at].Path, err)
		}
	}
}

// render decodes item at once and renders the views of every part. A panic
// below it condemns the file, not the run.
func (s *Source) render(ctx context.Context, epoch, index, at int) (sample pretext.Sample, err error) {
	item := &s.Items[at]
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("train: %s: decoder failed: %v", item.Path, p)
		}
	}()
	video, err := s.Decoder.Open(ctx, item.Path)
	if err != nil {
		return pretext.Sample{}, err
	}
	defer func() { err = errors.Join(err, video.Close()) }()
	stretch, err := media.Between(video, item.Start, item.End)
	if err != nil {
		return pretext.Sample{}, err
	}
	paced, err := media.AtRate(stretch, s.FrameRate)
	if err != nil {
		return pretext.Sample{}, err
	}
	rng := pretext.RNG(s.Seed, epoch, index)
	v := pretext.Video{Index: at, Name: item.Name, Class: item.Class}
	if len(item.Captions) > 0 {
		v.Caption = item.Captions[rng.IntN(len(item.Captions))]
	}
	if sample, err = pretext.Draw(ctx, rng, paced, v, s.Parts); err != nil {
		return pretext.Sample{}, err
	}
	if s.Tokenizer != nil {
		encoded, err := s.Tokenizer.Encode(v.Caption)
		if err != nil {
			return pretext.Sample{}, err
		}
		sample.Tokens, sample.Mask = encoded.IDs, encoded.Mask
	}
	return sample, nil
}
