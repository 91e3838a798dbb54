// Package mediatest makes videos in memory, so that what stands on media can
// be tested without files or FFmpeg. It is for tests alone.
package mediatest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/clvid/clvid/media"
)

// Movie is a video that is painted on demand.
type Movie struct {
	W, H   int // pixels; 0: 32
	Frames int // as indexed
	// Paint returns R, G, B of pixel (x,y) of frame t; nil: grey level t.
	Paint func(t, x, y int) [3]byte
	// Open, where set, is why the video cannot be opened.
	Open error
	// Damage, where set, is why frames [DamageAt, DamageEnd) cannot be trusted;
	// an end of 0 is the movie's.
	Damage              error
	DamageAt, DamageEnd int
	// Lost frames are indexed at the end but do not decode.
	Lost int
	// Panic makes opening panic.
	Panic bool
	// At, where set, is when frame t is shown; nil: 25 frames per second.
	At func(t int) time.Duration
}

func (m *Movie) time(t int) time.Duration {
	if m.At != nil {
		return m.At(t)
	}
	return time.Duration(t) * 40 * time.Millisecond
}

// Decoder holds movies by path.
type Decoder struct {
	Movies map[string]Movie
	// Opened and Passes count calls of Open and of Video.Clips.
	Opened, Passes atomic.Int64
}

var _ media.Decoder = (*Decoder)(nil)

// Open returns the movie of that path.
func (d *Decoder) Open(ctx context.Context, path string) (media.Video, error) {
	d.Opened.Add(1)
	m, ok := d.Movies[path]
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !ok:
		return nil, fmt.Errorf("mediatest: %s: no such movie", path)
	case m.Panic:
		panic("mediatest: " + path)
	case m.Open != nil:
		return nil, m.Open
	}
	if m.W == 0 {
		m.W = 32
	}
	if m.H == 0 {
		m.H = 32
	}
	return &video{path: path, movie: m, passes: &d.Passes}, nil
}

type video struct {
	path   string
	movie  Movie
	passes *atomic.Int64
	closed bool
}

// Info describes the movie as 25 frames per second of a codec named painted.
func (v *video) Info() media.Info {
	return media.Info{Path: v.path, Codec: "painted", Width: v.movie.W, Height: v.movie.H,
		FrameRate: 25, Duration: time.Duration(v.movie.Frames) * 40 * time.Millisecond, Frames: v.movie.Frames}
}

// Len is the number of indexed frames, lost ones included.
func (v *video) Len() int { return v.movie.Frames }

// Times are 40 ms apart, or the movie's own.
func (v *video) Times() []time.Duration {
	times := make([]time.Duration, v.movie.Frames)
	for t := range times {
		times[t] = v.movie.time(t)
	}
	return times
}

// Close returns an error on a second call, so that tests notice one.
func (v *video) Close() error {
	if v.closed {
		return errors.New("mediatest: " + v.path + ": closed twice")
	}
	v.closed = true
	return nil
}

// Clips paints the spans and counts one pass; a frame that several clips show
// is one frame in memory. A damaged frame is an error, lost frames are painted
// all the same.
func (v *video) Clips(ctx context.Context, spans ...media.Span) ([]*media.Clip, error) {
	v.passes.Add(1)
	frames := map[int]*media.Frame{}
	clips := make([]*media.Clip, len(spans))
	for i, s := range spans {
		if err := s.Validate(); err != nil {
			return nil, err
		}
		clips[i] = &media.Clip{Video: v.path, Span: s}
		for j := range s.N {
			t := s.Frame(j, v.movie.Frames)
			if v.damaged(t) {
				return nil, &media.Error{Path: v.path, Op: "clip", Err: media.DamagedAt(t, time.Duration(t)*40*time.Millisecond, v.movie.Damage.Error())}
			}
			if frames[t] == nil {
				frames[t] = v.frame(t)
			}
			clips[i].Frames = append(clips[i].Frames, frames[t])
		}
	}
	return clips, ctx.Err()
}

// Frames paints all frames but the lost ones, marks the damaged ones, and ends
// with a report of both, or with the error of the context.
func (v *video) Frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		report := media.Damage{Frames: v.movie.Frames}
		for t := range v.movie.Frames {
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			f := v.frame(t)
			if t >= v.movie.Frames-v.movie.Lost {
				report.Add(t, f.Time, true, "lost")
				continue
			}
			report.Decoded++
			if report.Sound++; v.damaged(t) {
				report.Sound--
				f.Damage = v.movie.Damage.Error()
				report.Add(t, f.Time, false, f.Damage)
			}
			if !yield(f, nil) {
				return
			}
		}
		if report.Ranges != nil {
			yield(nil, &media.Error{Path: v.path, Op: "frames", Err: &report})
		}
	}
}

func (v *video) damaged(t int) bool {
	m := v.movie
	return m.Damage != nil && t >= m.DamageAt && (t < m.DamageEnd || m.DamageEnd == 0)
}

func (v *video) frame(t int) *media.Frame {
	return &media.Frame{Index: t, Time: v.movie.time(t), Key: t == 0,
		Image: Picture(v.movie.W, v.movie.H, func(x, y int) [3]byte {
			if v.movie.Paint == nil {
				return [3]byte{byte(t), byte(t), byte(t)}
			}
			return v.movie.Paint(t, x, y)
		})}
}

// Picture paints one RGB image of w x h pixels.
func Picture(w, h int, paint func(x, y int) [3]byte) media.Image {
	im := media.Image{W: w, H: h, RGB: true, FullRange: true, Strides: [3]int{w, w, w}}
	for c := range 3 {
		im.Planes[c] = make([]byte, w*h)
	}
	for y := range h {
		for x := range w {
			for c, value := range paint(x, y) {
				im.Planes[c][y*w+x] = value
			}
		}
	}
	return im
}

// Clip decodes one span of a movie. It panics where the movie is damaged there.
func Clip(m Movie, s media.Span) *media.Clip {
	v, err := (&Decoder{Movies: map[string]Movie{"movie": m}}).Open(context.Background(), "movie")
	if err != nil {
		panic(err)
	}
	clips, err := v.Clips(context.Background(), s)
	if err != nil {
		panic(err)
	}
	return clips[0]
}
