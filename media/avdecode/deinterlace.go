package avdecode

// #cgo pkg-config: libavfilter
// #include "deinterlace.h"
import "C"

import (
	"errors"
	"fmt"
	"slices"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

// Note [Deinterlacing]
//
// FFmpeg's bwdif makes one picture of each and its two neighbours in time. A
// pass therefore decodes the neighbours of what is wanted too, and gives the
// filter runs of consecutive frames: what comes out for the first and the last
// of a run lacks a neighbour and is thrown away, unless the file begins or ends
// there. So random access gives the pictures of a sequential pass.

// The values of Options.Deinterlace.
const (
	DeinterlaceAuto = "auto" // pictures that are flagged as interlaced
	DeinterlaceOn   = "on"   // all pictures
)

// weaver is the filter within one pass of a video.
type weaver struct {
	targets []int // frames to hand out, ascending; nil for all
	flagged bool
	c       *C.clvid_deinterlacer // nil between runs
	out     *C.AVFrame
	inside  []woven // pushed, and not come out
	before  string  // mark of the frame that came out last
	next    int     // frame that continues the run
}

// woven is what a picture carries through the filter.
type woven struct {
	index int
	key   bool
	mark  string
}

// weave begins a pass that deinterlaces, where the options say so. It returns
// the frames that have to be decoded for the wanted ones (nil: all).
func (v *video) weave(wanted []int) (decoded []int) {
	mode := v.decoder.options.Deinterlace
	if mode == "" || mode == DeinterlaceAuto && neverInterlaced(v.index.Info.Codec) {
		return wanted
	}
	v.endWeave()
	v.weaver = &weaver{targets: wanted, flagged: mode == DeinterlaceAuto, out: C.av_frame_alloc()}
	if wanted == nil {
		return nil
	}
	for _, i := range wanted {
		for j := max(i-1, 0); j <= min(i+1, v.Len()-1); j++ {
			decoded = append(decoded, j)
		}
	}
	slices.Sort(decoded)
	return slices.Compact(decoded)
}

// neverInterlaced lists codecs that know no fields.
func neverInterlaced(codec string) bool {
	switch codec {
	case "vp8", "vp9", "av1", "gif", "png", "apng", "webp", "theora":
		return true
	}
	return false
}

// rewind forgets the run, for a pass that starts again.
func (w *weaver) rewind() {
	if w != nil {
		C.clvid_deinterlacer_free(w.c)
		w.c, w.inside, w.before = nil, nil, ""
	}
}

func (v *video) endWeave() {
	if v.weaver != nil {
		v.weaver.rewind()
		C.av_frame_free(&v.weaver.out)
		v.weaver = nil
	}
}

// target tells whether frame i is to be handed out.
func (v *video) target(i int) bool {
	if v.weaver == nil || v.weaver.targets == nil {
		return true
	}
	_, ok := slices.BinarySearch(v.weaver.targets, i)
	return ok
}

// keepWoven gives the present picture to the filter and keeps what comes out.
func (v *video) keepWoven(i int, frames map[int]*media.Frame) error {
	w, f := v.weaver, framePointer(v.session.frame)
	if w.c != nil && (w.next != i || C.clvid_deinterlacer_fits(w.c, f) == 0) {
		if err := v.endRun(frames); err != nil {
			return err
		}
	}
	if w.c == nil {
		err := v.session.note.during(func() error { return code(C.clvid_deinterlacer_new(&w.c, f, C.int(bit(w.flagged)))) })
		if err != nil {
			return v.notWoven(f, err)
		}
	}
	w.inside = append(w.inside, woven{i, v.session.key(), v.mark})
	w.next = i + 1
	if err := v.push(f, frames); err != nil {
		return err
	}
	if i == v.Len()-1 {
		return v.endRun(frames)
	}
	return nil
}

// endRun tells the filter that no neighbour follows.
func (v *video) endRun(frames map[int]*media.Frame) error {
	if v.weaver == nil || v.weaver.c == nil {
		return nil
	}
	err := v.push(nil, frames)
	v.weaver.rewind()
	return err
}

func (v *video) push(f *C.AVFrame, frames map[int]*media.Frame) error {
	w := v.weaver
	if err := code(C.clvid_deinterlacer_push(w.c, f)); err != nil {
		return v.notWoven(f, err)
	}
	for len(w.inside) > 0 {
		err := code(C.clvid_deinterlacer_pull(w.c, w.out))
		if errors.Is(err, astiav.ErrEagain) || errors.Is(err, astiav.ErrEof) {
			return nil
		}
		if err != nil {
			return v.notWoven(f, err)
		}
		if err := v.take(frames); err != nil {
			return err
		}
	}
	return nil
}

// take keeps the picture that came out of the filter, if it is wanted. It is
// marked where it or a neighbour is.
func (v *video) take(frames map[int]*media.Frame) error {
	w := v.weaver
	of := w.inside[0]
	w.inside = w.inside[1:]
	mark := of.mark
	if mark == "" {
		mark = w.before
	}
	if mark == "" && len(w.inside) > 0 {
		mark = w.inside[0].mark
	}
	w.before = of.mark
	if !v.target(of.index) {
		return nil
	}
	im, err := v.session.picture(w.out, v.decoder.options, v.block)
	if err != nil {
		return err
	}
	frames[of.index] = &media.Frame{Index: of.index, Time: v.index.Times[of.index], Key: of.key, Damage: mark, Image: im}
	return nil
}

func (v *video) notWoven(f *C.AVFrame, err error) error {
	what := ""
	if f != nil {
		what = fmt.Sprintf(" of %dx%d, %s", f.width, f.height, formatName(f.format))
	}
	return &failure{media.ErrUnsupported, fmt.Sprintf("deinterlacing pictures%s: %v: set decode.deinterlace to off or auto", what, v.session.explain(err))}
}
