package framecache

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/clvid/clvid/media"
)

// video is an open video of the wrapped decoder, which decodes nothing while
// the cache has all that is asked for.
type video struct {
	media.Video
	decoder  *Decoder
	id       identity
	path     string
	keepable bool
	reducer  reducer
}

// Info describes the pictures as they are handed out.
func (v *video) Info() media.Info {
	info := v.Video.Info()
	info.Width, info.Height = v.reducer.size(info.Width, info.Height)
	return info
}

// Stats is the work of the wrapped video, where it counts it.
func (v *video) Stats() media.Stats {
	if s, ok := v.Video.(interface{ Stats() media.Stats }); ok {
		return s.Stats()
	}
	return media.Stats{}
}

// bytes estimates what all frames take.
func (v *video) bytes() int64 {
	source := v.Video.Info()
	w, h := v.reducer.size(source.Width, source.Height)
	each := int64(w) * int64(h)
	switch {
	case w != source.Width || strings.Contains(source.PixelFormat, "420") || strings.Contains(source.PixelFormat, "nv12"):
		each += each / 2
	case strings.HasPrefix(source.PixelFormat, "gray"):
	default:
		each *= 3
	}
	return each * int64(v.Len())
}

// Clips takes the spans from the cache, decoding all of the video where there
// is room for it, or else cuts and reduces them.
func (v *video) Clips(ctx context.Context, spans ...media.Span) ([]*media.Clip, error) {
	if v.keepable && inOrder(spans) {
		clips, room := v.decoder.store.get(v, spans)
		if clips == nil && room && v.fill(ctx) {
			clips, _ = v.decoder.store.get(v, spans)
		}
		if clips != nil {
			return clips, nil
		}
	}
	clips, err := v.Video.Clips(ctx, spans...)
	if err != nil || v.reducer.side == 0 {
		return clips, err
	}
	return v.reduced(clips)
}

// inOrder leaves spans that the decoder refuses to the decoder.
func inOrder(spans []media.Span) bool {
	for _, s := range spans {
		if s.Validate() != nil {
			return false
		}
	}
	return len(spans) > 0
}

// reduced brings the frames of clips to the side, each once, as clips may share
// them.
func (v *video) reduced(clips []*media.Clip) ([]*media.Clip, error) {
	small, kept := map[*media.Frame]*media.Frame{}, false
	for _, c := range clips {
		for _, f := range c.Frames {
			if small[f] != nil {
				continue
			}
			var err error
			if small[f], err = v.reducer.frame(f); err != nil {
				return nil, err
			}
			kept = kept || small[f] == f
		}
	}
	out := make([]*media.Clip, len(clips))
	for i, c := range clips {
		out[i] = &media.Clip{Video: c.Video, Span: c.Span, Frames: make([]*media.Frame, len(c.Frames))}
		for j, f := range c.Frames {
			out[i].Frames[j] = small[f]
		}
	}
	for _, c := range clips {
		if !kept { // a picture that stays as it is keeps the memory of them all
			c.Release()
		}
	}
	return out, nil
}

// Frames decodes all frames; the cache is neither asked nor filled.
func (v *video) Frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		for f, err := range v.Video.Frames(ctx) {
			if err == nil {
				f, err = v.reducer.frame(f)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// fill keeps the whole video, if it is sound to its end.
func (v *video) fill(ctx context.Context) bool {
	k := v.decoder.store.begin(v)
	if k == nil {
		return false
	}
	next := 0
	for f, err := range v.Frames(ctx) {
		if err == nil && (f.Damage != "" || f.Index != next) {
			err = media.ErrCorrupt
		}
		if err == nil {
			err = k.add(f)
		}
		if err != nil {
			k.drop()
			if errors.Is(err, media.ErrCorrupt) || errors.Is(err, errKinds) {
				v.decoder.store.refuse(v.id)
			}
			return false // decoding says why, if it matters to the frames in question
		}
		next++
	}
	if next != v.Len() {
		k.drop()
		v.decoder.store.refuse(v.id)
		return false
	}
	return k.keep() == nil
}

// errKinds says that the pictures of a video differ in size or colour.
var errKinds = errors.New("framecache: pictures of several kinds")

// wanted lists the frames of all spans, each once, and calls see with those.
func wanted(v *video, spans []media.Span, see func(i int) (*media.Frame, error)) ([]*media.Clip, error) {
	seen := map[int]*media.Frame{}
	clips := make([]*media.Clip, len(spans))
	for c, s := range spans {
		clips[c] = &media.Clip{Video: v.path, Span: s, Frames: make([]*media.Frame, s.N)}
		for j := range s.N {
			i := s.Frame(j, v.Len())
			if seen[i] == nil {
				var err error
				if seen[i], err = see(i); err != nil {
					return nil, err
				}
			}
			clips[c].Frames[j] = seen[i]
		}
	}
	return clips, nil
}
