package prepare

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/clvid/clvid/media"
)

// leastStep keeps times of an output apart that are one in the input.
const leastStep = time.Millisecond

// transcode makes one video at temporary, reads it again, and completes e.
func (j *job) transcode(ctx context.Context, path, temporary string, e *Entry) (err error) {
	video, err := j.tools.Decoder.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, video.Close()) }()
	w := &writer{job: j, path: temporary, info: video.Info()}
	e.Of = video.Len()
	damage, err := w.copy(ctx, video)
	if err != nil {
		return errors.Join(err, w.drop())
	}
	if e.From, e.Frames = w.from, len(w.times); damage != nil {
		e.Damage = media.Reason(damage)
	}
	if e.Frames == 0 {
		return errors.Join(noFrame(path, damage), w.drop())
	}
	if err := w.encoder.Close(); err != nil {
		return err
	}
	info, err := os.Stat(temporary)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	e.Bytes = info.Size()
	e.Sound = j.tools.HasSound != nil && j.tools.HasSound(ctx, path)
	return j.verify(ctx, temporary, w)
}

func noFrame(path string, damage error) error {
	if damage != nil {
		return damage
	}
	return fmt.Errorf("prepare: %s: no frames", path)
}

// writer makes one output.
type writer struct {
	*job
	path    string
	info    media.Info
	like    media.Image // the first picture, without its samples
	w, h    int         // size of the output
	resizer *media.Resizer
	encoder Encoder
	from    time.Duration   // time of the first frame in the input
	times   []time.Duration // of the frames written, from the first
}

// copy writes the sound frames. damage says what was left out; err is why there
// can be no output.
func (w *writer) copy(ctx context.Context, video media.Video) (damage, err error) {
	for f, err := range video.Frames(ctx) {
		var report *media.Damage
		switch {
		case err != nil && ctx.Err() == nil && errors.As(err, &report):
			return err, nil
		case err != nil:
			return nil, err
		case f.Damage != "":
			continue // the report comes at the end
		}
		if err := w.frame(f); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (w *writer) frame(f *media.Frame) error {
	if len(w.times) == 0 {
		w.from = f.Time
		w.w, w.h = media.FitShort(f.W, f.H, w.Side, 2)
	}
	picture, err := w.picture(&f.Image)
	if err != nil {
		return err
	}
	if w.encoder == nil {
		rate := min(max(int(w.info.FrameRate+.5), 1), 1000)
		if w.encoder, err = w.tools.Open(w.path, Output{Like: picture, FrameRate: rate}); err != nil {
			return err
		}
	}
	at := f.Time - w.from
	if n := len(w.times); n > 0 {
		at = max(at, w.times[n-1]+leastStep)
	}
	w.times = append(w.times, at)
	return w.encoder.WriteImage(picture, at)
}

// picture brings a picture to the size of the output. One that has it already
// stays as it is where the encoder keeps it so.
func (w *writer) picture(im *media.Image) (*media.Image, error) {
	if w.tools.Lossless && (w.Side == 0 || min(im.W, im.H) <= w.Side) {
		return im, nil
	}
	even := im.Crop(im.W&^1, im.H&^1)
	if even.W == w.w && even.H == w.h && plain(&even) {
		return &even, nil
	}
	if w.resizer == nil || !im.SameKind(&w.like) { // a stream may change its size
		var err error
		if w.resizer, err = media.NewResizer(im, w.w, w.h); err != nil {
			return nil, err
		}
		w.like = *im
	}
	return w.resizer.Resize(im)
}

// plain pictures are what every encoder takes and every decoder reads alike.
func plain(im *media.Image) bool {
	return !im.RGB && im.Planes[1] != nil && im.SubX == 1 && im.SubY == 1 && im.SiteX == 0 && im.SiteY == media.Midway(1)
}

// drop ends an encoder whose file is not wanted.
func (w *writer) drop() error {
	if w.encoder != nil {
		w.encoder.Close() // its error is the one that led here, or none
	}
	if err := os.Remove(w.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

// clockError is how far apart times of input and output may be: Matroska keeps
// whole milliseconds.
const clockError = time.Millisecond

// verify reads an output as training will, and wants all frames at their times.
func (j *job) verify(ctx context.Context, path string, w *writer) (err error) {
	video, err := j.tools.Reader.Open(ctx, path)
	if err != nil {
		return fmt.Errorf("prepare: reading what was written: %w", err)
	}
	defer func() { err = errors.Join(err, video.Close()) }()
	n := 0
	for f, err := range video.Frames(ctx) {
		switch {
		case err != nil:
			return fmt.Errorf("prepare: reading what was written: %w", err)
		case n == len(w.times) || f.Damage != "":
			return fmt.Errorf("prepare: what was written has a frame %d too many, or damaged (%s)", n, f.Damage)
		case (f.Time - w.times[n]).Abs() > clockError:
			return fmt.Errorf("prepare: frame %d of what was written is shown at %v, want %v", n, f.Time, w.times[n])
		}
		n++
	}
	if n != len(w.times) {
		return fmt.Errorf("prepare: what was written has %d frames, want %d", n, len(w.times))
	}
	return nil
}
