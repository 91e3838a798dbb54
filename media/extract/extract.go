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
	Start   int  // first frame
	Count   int  // frames; 0: up to the end
	Stride  int  // frames from one to the next, at least 1
	Short   int  // shorter side in pixels, which only shrinks; 0: as decoded
	Skip    bool // leave out damaged frames
	Workers int  // that write files; what they write does not depend on it
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
	Damage  string  `json:"damage,omitempty"` // why it cannot be trusted
}

// Missing is a run of frames that were asked for and are not there, or are
// damaged.
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

	stride int
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

// Damaged lists the frames that were written though they cannot be trusted.
func (r *Result) Damaged() []Missing {
	var runs []Missing
	for _, p := range r.Pictures {
		if p.Damage != "" {
			runs = joined(runs, Missing{p.Index, p.Index, 1, p.Damage}, r.stride)
		}
	}
	return runs
}

// miss notes frames as not written.
func (r *Result) miss(m Missing) { r.Missing = joined(r.Missing, m, r.stride) }

// joined adds frames, in one run with those before them where the reason is the
// same.
func joined(runs []Missing, m Missing, stride int) []Missing {
	if n := len(runs); n > 0 && runs[n-1].End == m.Start-stride && runs[n-1].Reason == m.Reason {
		runs[n-1].End = m.End
		runs[n-1].Frames += m.Frames
		return runs
	}
	return append(runs, m)
}

// PNG writes the frames that are asked for into dir, which is made where there
// is none, as frame_000123.png by their numbers: 8-bit RGB, the pictures that
// Clips returns, brought to R'G'B' as media.Image.Scaled does for training too.
// Memory stays bounded. Damaged frames are written as the decoder gives them and
// marked in the result, or left out (Request.Skip). Those that are left out, and
// frames that there are not, are listed in the result, whose Err tells. An error
// here is one of the request, of reading on, of writing or of ctx, with what was
// written until then in the result.
func PNG(ctx context.Context, video media.Video, dir string, q Request) (*Result, error) {
	result := &Result{Video: video.Info().Path, Frames: video.Len(), Pictures: []Picture{}, Missing: []Missing{}, stride: q.Stride}
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
		w.result.miss(Missing{
			Start: q.Start + within*q.Stride, End: q.Start + (wanted-1)*q.Stride, Frames: past,
			Reason: fmt.Sprintf("the video has %d frames", w.video.Len()),
		})
	}
	return nil
}

// salvage writes what there is of the last n frames, of which span holds the
// first, in one pass over the file: a clip with damage gives no frame at all.
func (w *writer) salvage(ctx context.Context, span media.Span, n, chunk int) error {
	var ready []*media.Frame
	next, end := span.Start, span.Start+n*span.Stride
	const lost = "the decoder does not give it"
	skip := func(to int) {
		for ; next < to; next += span.Stride {
			w.result.miss(Missing{next, next, 1, lost})
		}
	}
	for f, err := range w.video.Frames(ctx) {
		if err != nil {
			skip(end)
			if err := w.explain(err, lost); err != nil {
				return err
			}
			break
		}
		if f.Index < next || (f.Index-span.Start)%span.Stride != 0 || f.Index >= end {
			continue // past the end, too: the report comes last
		}
		skip(f.Index)
		next += span.Stride
		if f.Damage != "" && w.request.Skip {
			w.result.miss(Missing{f.Index, f.Index, 1, f.Damage})
			continue
		}
		if ready = append(ready, f); len(ready) == chunk {
			if err := w.write(ctx, ready); err != nil {
				return err
			}
			ready = ready[:0]
		}
	}
	skip(end)
	return w.write(ctx, ready)
}

// explain takes the reasons of lost frames from the report that ends a pass. Any
// other error is returned.
func (w *writer) explain(err error, lost string) error {
	var damage *media.Damage
	if !errors.As(err, &damage) {
		return fmt.Errorf("extract: %w", err)
	}
	found := w.result.Missing
	w.result.Missing = []Missing{}
	for _, m := range found {
		for _, r := range damage.Ranges {
			if m.Reason == lost && r.First <= m.Start && m.Start <= r.Last {
				m.Reason = r.Reason
			}
		}
		w.result.miss(m)
	}
	return nil
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
	p := Picture{Index: f.Index, Seconds: f.Time.Seconds(), Key: f.Key, Damage: f.Damage, File: filepath.Join(w.dir, fmt.Sprintf("frame_%06d.png", f.Index))}
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
