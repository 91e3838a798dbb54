// Package extract writes single frames of videos as PNG files.
package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"

	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/loader"
)

// Request says which frames to write, and how. Frames are numbered from 0 in
// display order; they do not wrap around the end.
type Request struct {
	Start   int // first frame
	Count   int // frames; 0: up to the end
	Stride  int // frames from one to the next, at least 1
	Short   int // shorter side in pixels, which only shrinks; 0: as decoded
	Workers int // that write files; what they write does not depend on it
}

// most bounds the numbers of a request, so that sums of them do not overflow.
const most = 1 << 30

// Validate names the first number that is out of bounds.
func (q Request) Validate() error {
	for _, n := range []struct {
		name          string
		value, lowest int
	}{{"start", q.Start, 0}, {"count", q.Count, 0}, {"stride", q.Stride, 1}, {"size", q.Short, 0}} {
		if n.value < n.lowest || n.value > most {
			return fmt.Errorf("extract: %s is %d, want %d to %d", n.name, n.value, n.lowest, most)
		}
	}
	return nil
}

// Picture is one file that was written.
type Picture struct {
	Index   int     `json:"index"`   // of the frame, in display order
	Seconds float64 `json:"seconds"` // presentation time, from the first frame
	Key     bool    `json:"key"`
	File    string  `json:"file"`
}

// Missing is a run of frames that were asked for and not written.
type Missing struct {
	Start  int    `json:"start"` // first and last frame
	End    int    `json:"end"`
	Frames int    `json:"frames"` // of them asked for
	Reason string `json:"reason"`
}

// Result is what became of a request.
type Result struct {
	Video    string    `json:"video"`
	Frames   int       `json:"video_frames"`
	Pictures []Picture `json:"frames"`
	Missing  []Missing `json:"missing"`
}

// Err is nil where every frame was written.
func (r *Result) Err() error {
	if len(r.Missing) == 0 {
		return nil
	}
	n := 0
	for _, m := range r.Missing {
		n += m.Frames
	}
	return fmt.Errorf("extract: %s: %d of %d frames were not written, frame %d the first of them", r.Video, n, n+len(r.Pictures), r.Missing[0].Start)
}

// miss notes frame i as not written, in one run with those before it.
func (r *Result) miss(i, stride int, reason string) {
	if n := len(r.Missing); n > 0 && r.Missing[n-1].End == i-stride && r.Missing[n-1].Reason == reason {
		r.Missing[n-1].End, r.Missing[n-1].Frames = i, r.Missing[n-1].Frames+1
		return
	}
	r.Missing = append(r.Missing, Missing{i, i, 1, reason})
}

// PNG writes the frames that are asked for into dir, which is made where there
// is none, as frame_000123.png by their numbers: 8-bit RGB, the pictures that
// Clips returns, brought to R'G'B' as media.Image.Scaled does for training too.
// Memory stays bounded. Frames that are damaged, or past the end, are left out
// and listed in the result, whose Err tells; an error here is one of the
// request, of writing or of ctx, with what was written until then in the result.
func PNG(ctx context.Context, video media.Video, dir string, q Request) (*Result, error) {
	result := &Result{Video: video.Info().Path, Frames: video.Len(), Pictures: []Picture{}, Missing: []Missing{}}
	if err := q.Validate(); err != nil {
		return result, err
	}
	if q.Start >= video.Len() {
		return result, fmt.Errorf("extract: %s has %d frames, so none numbered %d: want a start from 0 to %d", result.Video, video.Len(), q.Start, video.Len()-1)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return result, fmt.Errorf("extract: %w", err)
	}
	w := &writer{video: video, dir: dir, request: q, result: result}
	return result, w.run(ctx)
}

// writer is a request under way.
type writer struct {
	video   media.Video
	dir     string
	request Request
	result  *Result
}

// chunkBytes bounds the pictures that are decoded and not yet written.
const chunkBytes = 64 << 20

func (w *writer) run(ctx context.Context) error {
	q := w.request
	within := (w.video.Len() - q.Start + q.Stride - 1) / q.Stride
	wanted := q.Count
	if wanted == 0 {
		wanted = within
	}
	info := w.video.Info()
	chunk := max(chunkBytes/max(3*info.Width*info.Height, 1), 1)
	within = min(within, wanted)
	for done := 0; done < within; done += chunk {
		span := media.Span{Start: q.Start + done*q.Stride, N: min(chunk, within-done), Stride: q.Stride}
		clips, err := w.video.Clips(ctx, span)
		if errors.Is(err, media.ErrCorrupt) {
			if err := w.salvage(ctx, span, within-done, chunk); err != nil {
				return err
			}
			break
		}
		if err != nil {
			return fmt.Errorf("extract: %w", err)
		}
		err = w.write(ctx, clips[0].Frames)
		clips[0].Release()
		if err != nil {
			return err
		}
	}
	if past := wanted - within; past > 0 {
		w.result.Missing = append(w.result.Missing, Missing{
			Start: q.Start + within*q.Stride, End: q.Start + (wanted-1)*q.Stride, Frames: past,
			Reason: fmt.Sprintf("the video has %d frames", w.video.Len()),
		})
	}
	return nil
}

// salvage writes what is sound of the last n frames, of which span holds the
// first, in one pass over the file: a clip with damage gives no frame at all.
func (w *writer) salvage(ctx context.Context, span media.Span, n, chunk int) error {
	var sound []*media.Frame
	next, end := span.Start, span.Start+n*span.Stride
	reason := "the decoder does not give it"
	for f, err := range w.video.Frames(ctx) {
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			reason = err.Error()
			break
		}
		if f.Index < next || (f.Index-span.Start)%span.Stride != 0 {
			continue
		}
		if f.Index >= end {
			break
		}
		for ; next < f.Index; next += span.Stride {
			w.result.miss(next, span.Stride, reason)
		}
		next += span.Stride
		if sound = append(sound, f); len(sound) == chunk {
			if err := w.write(ctx, sound); err != nil {
				return err
			}
			sound = sound[:0]
		}
	}
	for ; next < end; next += span.Stride {
		w.result.miss(next, span.Stride, reason)
	}
	return w.write(ctx, sound)
}

// write makes the files of some frames, in their order.
func (w *writer) write(ctx context.Context, frames []*media.Frame) error {
	one := func(_ context.Context, _, i int) (Picture, error) { return w.file(frames[i]) }
	for p, err := range loader.Map(ctx, 0, len(frames), w.request.Workers, w.request.Workers, one) {
		if err != nil {
			return err
		}
		w.result.Pictures = append(w.result.Pictures, p)
	}
	return nil
}

func (w *writer) file(f *media.Frame) (Picture, error) {
	p := Picture{Index: f.Index, Seconds: f.Time.Seconds(), Key: f.Key, File: filepath.Join(w.dir, fmt.Sprintf("frame_%06d.png", f.Index))}
	width, height := f.W, f.H
	if w.request.Short > 0 {
		width, height = media.FitShort(f.W, f.H, w.request.Short, 1)
	}
	im, err := f.Scaled(width, height)
	if err != nil {
		return p, fmt.Errorf("extract: frame %d: %w", f.Index, err)
	}
	var data bytes.Buffer
	if err := png.Encode(&data, im); err != nil {
		return p, fmt.Errorf("extract: frame %d: %w", f.Index, err)
	}
	if err := atomicfile.Write(p.File, data.Bytes()); err != nil {
		return p, fmt.Errorf("extract: frame %d: %w", f.Index, err)
	}
	return p, nil
}
