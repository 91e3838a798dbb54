package avdecode

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/sound"
)

// SoundOptions say which sound is opened, and how it is handed out.
type SoundOptions struct {
	Rate   int // samples per second; 0 keeps the file's
	Stream int // which of the file's sound streams, from 0
}

// track is an opened sound stream.
type track struct {
	decoder   *Decoder
	path      string
	options   SoundOptions
	info      media.SoundInfo
	resampler *sound.Resampler
	base      int64     // native samples from the first picture to the first sample
	whole     []float32 // all native samples of a short stream, once decoded
	damage    []stretch
}

// stretch is a part of a stream in native samples from its first one.
type stretch struct{ from, to int64 }

var _ media.Sound = (*track)(nil)

// OpenSound opens a sound stream of a regular file. Errors are *media.Error over
// media.ErrNoSound, ErrUnsupported, ErrCorrupt or ErrTimeout, fs.ErrNotExist, or
// the context's.
func (d *Decoder) OpenSound(ctx context.Context, path string, o SoundOptions) (media.Sound, error) {
	t := &track{decoder: d, path: path, options: o}
	if err := t.open(ctx); err != nil {
		return nil, fail(path, "open sound", d.options, err)
	}
	return t, nil
}

func (t *track) open(ctx context.Context) error {
	if _, err := regular(t.path); err != nil {
		return err
	}
	g := newGuard()
	defer g.free()
	defer g.arm(ctx, t.decoder.options.Timeout)()
	s, err := t.session(ctx, g)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.next(ctx); err != nil {
		return s.noSound(err)
	}
	t.info = s.soundInfo(t.path)
	if t.options.Rate == 0 {
		t.options.Rate = t.info.SampleRate
	}
	if t.resampler, err = sound.NewResampler(t.info.SampleRate, t.options.Rate); err != nil {
		return &failure{media.ErrUnsupported, err.Error()}
	}
	return t.align(ctx, s)
}

// session opens the file at its sound stream, with a decoder.
func (t *track) session(ctx context.Context, g *guard) (*session, error) {
	s := newSession(g)
	err := s.openContainer(ctx, t.path, t.decoder.options)
	if err == nil {
		err = s.chooseSound(t.options.Stream)
	}
	if err == nil {
		C.clvid_discard_others(formatPointer(s.fc), C.int(s.stream.Index()))
		err = s.openCodec(t.decoder.options)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// chooseSound takes sound stream number nth.
func (s *session) chooseSound(nth int) error {
	count := 0
	for _, st := range s.fc.Streams() {
		if st.CodecParameters().MediaType() != astiav.MediaTypeAudio {
			continue
		}
		if count == nth {
			s.stream = st
		}
		count++
	}
	switch {
	case s.stream != nil:
		return nil
	case count > 0:
		return &failure{media.ErrNoSound, fmt.Sprintf("sound stream %d, want 0 to %d", nth, count-1)}
	}
	return &failure{media.ErrNoSound, fmt.Sprintf("none of its %d streams is sound", s.fc.NbStreams())}
}

// soundInfo describes the stream, of which a frame was decoded: its rate can
// be twice what the container says (HE-AAC).
func (s *session) soundInfo(path string) media.SoundInfo {
	st, f := streamPointer(s.stream), framePointer(s.frame)
	info := media.SoundInfo{Path: path, Container: s.container(), Codec: s.codecName(), SampleRate: int(f.sample_rate),
		Channels: int(f.ch_layout.nb_channels), Stream: s.stream.Index()}
	if int64(st.duration) > 0 {
		info.Duration = seconds(float64(st.duration) * timeUnit(s))
	}
	return info
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// align finds where the sound begins beside the pictures: the time of its first
// sample, as decoded (encoders put silence in front that the container tells to
// leave out), from that of the first picture.
func (t *track) align(ctx context.Context, s *session) error {
	start, ok := s.seconds()
	if !ok {
		return nil
	}
	picture, ok, err := t.firstPicture(ctx)
	if err != nil || !ok {
		return err
	}
	t.info.Offset = seconds(start - picture)
	t.base = nearest((start - picture) * float64(t.info.SampleRate))
	return nil
}

func (s *session) noSound(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	detail := "no sound could be decoded"
	if s.taint.first() != "" {
		detail += ": " + s.taint.first()
	}
	return &failure{media.ErrCorrupt, detail}
}

// seconds is the time of the decoded frame on the container's clock.
func (s *session) seconds() (float64, bool) {
	pts := s.bestPTS()
	return float64(pts) * timeUnit(s), pts != noPTS
}

// firstPicture is the time of the file's first picture on the container's clock.
func (t *track) firstPicture(ctx context.Context) (at float64, ok bool, err error) {
	v, err := t.decoder.open(ctx, t.path)
	switch {
	case ctx.Err() != nil:
		return 0, false, ctx.Err()
	case err != nil: // no pictures, or none that decode: the sound stands for itself
		return 0, false, nil
	}
	first := v.index.Order[0]
	return float64(first) * v.index.Unit, first != noPTS && v.Len() > 1, v.Close()
}

// Info returns what is known of the stream; it reads no file.
func (t *track) Info() media.SoundInfo { return t.info }

// Rate is the number of samples per second that Spans gives.
func (t *track) Rate() int { return t.options.Rate }

// Close forgets the samples that are kept.
func (t *track) Close() error {
	t.whole = nil
	return nil
}
