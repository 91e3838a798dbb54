package avdecode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/clvid/clvid/media"
)

// video is an indexed file; its demuxer and decoder start with the first
// frame that is asked for.
type video struct {
	decoder *Decoder
	path    string
	id      fileID
	index   *index
	guard   *guard
	session *session
	stats   media.Stats
	pooling bool     // frames go into memory of the pool,
	blocks  [][]byte // these

	at      int    // frame that next will return, if none is missing; -1 unknown
	pending bool   // s.frame holds frame at-1, not yet looked at
	mark    string // why the present picture cannot be trusted, or ""
	lenient bool   // pass over pictures that have no place in the index
	weaver  *weaver
	spoiled bool // the last operation's context ended

	abandoned bool // work on it hangs, and owns all above but the index
}

// errMissed says that a pass did not meet a frame where the index has it.
var errMissed = errors.New("frame not met")

// Info returns what the index holds of the stream; it reads no file.
func (v *video) Info() media.Info {
	info := v.index.Info
	info.Path = v.path
	return info
}

// Len is the number of frames as indexed, damaged ones included.
func (v *video) Len() int { return len(v.index.Order) }

// Times are the index's.
func (v *video) Times() []time.Duration { return v.index.Times }

// Damage is what the scan of the packets saw of damage, in words; "" is nothing.
// Only decoding finds the rest.
func (v *video) Damage() string { return v.index.Damage }

// Stats returns the work done since the video was opened.
func (v *video) Stats() media.Stats {
	if v.abandoned {
		return media.Stats{}
	}
	return v.stats
}

// Close leaves demuxer and decoder, where there are any, to the next opening of
// the file. A second call does nothing; the error is always nil.
func (v *video) Close() error {
	if v.abandoned {
		return nil
	}
	if v.session != nil && !v.spoiled {
		v.leave()
	}
	v.free()
	return nil
}

// drop ends the session; the next use opens the file afresh.
func (v *video) drop() {
	if v.session != nil {
		v.session.close()
		v.session = nil
	}
	v.forget()
}

// forget what is known of the decoder's place.
func (v *video) forget() { v.at, v.pending, v.mark, v.lenient = -1, false, "", false }

// begin arms the guard for one operation. A guard whose context ended may be
// stopped at any moment later on, so it is not used again.
func (v *video) begin(ctx context.Context) (end func()) {
	if v.spoiled {
		v.drop()
		v.guard.free()
		v.guard, v.spoiled = nil, false
	}
	if v.guard == nil && !v.enterParked() {
		v.guard = newGuard()
	}
	release := v.guard.arm(ctx, v.decoder.options.Timeout)
	return func() { v.spoiled = !release() }
}

func (v *video) unchanged() error {
	src, err := regular(v.id.Path)
	if err != nil || src.id() != v.id {
		return &failure{media.ErrCorrupt, "the file changed since it was opened: open it again"}
	}
	return nil
}

// restart opens the file afresh, at frame 0.
func (v *video) restart(ctx context.Context) error {
	v.drop()
	if err := v.unchanged(); err != nil {
		return err
	}
	s, err := openSession(ctx, v.id.Path, v.decoder.options, v.guard)
	if err != nil {
		return err
	}
	if err := s.openCodec(v.threadOptions()); err != nil {
		s.close()
		return err
	}
	s.tones.made, s.tones.peak = &v.decoder.toners, v.index.Peak
	v.session, v.at = s, 0
	v.stats.Opens++
	return nil
}

// Clips decodes the spans in one ordered pass.
func (v *video) Clips(ctx context.Context, spans ...media.Span) ([]*media.Clip, error) {
	var clips []*media.Clip
	err := v.watch(ctx, func() (err error) {
		clips, err = v.clips(ctx, spans)
		return err
	})
	if err != nil {
		return nil, fail(v.path, "clip", v.decoder.options, err)
	}
	return clips, nil
}

func (v *video) clips(ctx context.Context, spans []media.Span) ([]*media.Clip, error) {
	wanted, err := v.union(spans)
	if err != nil || len(wanted) == 0 {
		return nil, err
	}
	if err := v.index.affords(len(wanted), v.decoder.options); err != nil {
		return nil, err
	}
	defer v.begin(ctx)()
	v.blocks = nil
	frames, err := v.decode(ctx, wanted)
	if v.single(err) {
		frames, err = v.decode(ctx, wanted)
	}
	if err != nil {
		v.decoder.pool.Put(v.blocks...) // nobody has seen a frame
		return nil, err
	}
	clips := make([]*media.Clip, len(spans))
	for i, s := range spans {
		clips[i] = &media.Clip{Video: v.path, Span: s, Frames: make([]*media.Frame, s.N)}
		for j := range s.N {
			clips[i].Frames[j] = frames[s.Frame(j, v.Len())]
		}
	}
	v.decoder.pool.Lend(clips, v.blocks)
	return clips, nil
}

// block takes memory for a frame, from the pool where Clips is under way.
func (v *video) block(n int) []byte {
	if !v.pooling {
		return fresh(n)
	}
	b := v.decoder.pool.Block(n)
	v.blocks = append(v.blocks, b)
	return b
}

// union lists the frames of all spans, ascending, once each.
func (v *video) union(spans []media.Span) ([]int, error) {
	var wanted []int
	for i, s := range spans {
		if err := s.Validate(); err != nil {
			return nil, &failure{errSpan, fmt.Sprintf("number %d of %d: %v", i, len(spans), err)}
		}
		for j := range s.N {
			wanted = append(wanted, s.Frame(j, v.Len()))
		}
	}
	slices.Sort(wanted)
	return slices.Compact(wanted), nil
}

var errSpan = errors.New("bad span")

// decode returns the wanted frames.
func (v *video) decode(ctx context.Context, wanted []int) (map[int]*media.Frame, error) {
	v.pooling = true
	defer func() { v.pooling = false }()
	frames := make(map[int]*media.Frame, len(wanted))
	wanted = v.weave(wanted)
	defer v.endWeave()
	if v.index.Access != through {
		err := v.seeking(ctx, wanted, frames)
		if err == nil || !errors.Is(err, errMissed) {
			return frames, err
		}
	}
	return frames, v.straight(ctx, wanted, frames)
}

// straight decodes from the start, or on from where an earlier pass of this
// kind ended, and keeps what is wanted.
func (v *video) straight(ctx context.Context, wanted []int, frames map[int]*media.Frame) (err error) {
	if on := v.session != nil && v.lenient && v.index.Access == through && v.at >= 0 && v.at <= wanted[0]; !on {
		if err := v.restart(ctx); err != nil {
			return err
		}
	}
	v.lenient = true
	v.weaver.rewind()
	defer func() {
		if err != nil {
			v.at = -1 // who knows where
		}
	}()
	last := wanted[len(wanted)-1]
	for i := -1; i < last; {
		var err error
		if i, err = v.advance(ctx); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if _, ok := slices.BinarySearch(wanted, i); !ok {
			continue
		}
		if v.mark != "" {
			return v.damaged(i, v.mark)
		}
		if err := v.keep(i, frames); err != nil {
			return err
		}
	}
	for _, i := range wanted {
		if frames[i] == nil && v.target(i) {
			return v.damaged(i, "")
		}
	}
	return nil
}

// keep copies the present picture out as frame i, with its mark; where it is
// deinterlaced, the frame before comes out instead.
func (v *video) keep(i int, frames map[int]*media.Frame) error {
	if v.weaver != nil && !v.session.image {
		return v.keepWoven(i, frames)
	}
	im, err := v.session.picture(framePointer(v.session.frame), v.decoder.options, v.block)
	if err != nil {
		return err
	}
	frames[i] = &media.Frame{Index: i, Time: v.index.Times[i], Key: v.session.key(), Damage: v.mark, Image: im}
	return nil
}

// advance decodes the next picture, returns its number and sets its mark.
func (v *video) advance(ctx context.Context) (int, error) {
	s := v.session
	if v.pending {
		v.pending = false
		return v.at - 1, nil
	}
	for {
		if s.image && v.at > 0 {
			return 0, io.EOF
		}
		if err := s.next(ctx); err != nil {
			return 0, err
		}
		v.stats.Frames++
		if s.floor != noFloor && s.pts() < s.floor {
			continue // leading pictures of an open GOP
		}
		i, err := v.number()
		if errors.Is(err, errMissed) && v.lenient {
			s.taint.add(2*s.packetOfPicture(), "a picture came out of its place")
			continue
		}
		if err != nil {
			return 0, err
		}
		v.judge(i)
		v.at = i + 1
		return i, nil
	}
}

// number tells which frame of the index the present picture is.
func (v *video) number() (int, error) {
	if v.index.Access == through {
		if v.at >= v.Len() {
			return 0, &failure{media.ErrCorrupt, fmt.Sprintf("the decoder gave more than the %d frames it gave before", v.Len())}
		}
		return v.at, nil
	}
	i, ok := v.index.find(v.session.pts())
	if !ok || i < v.at {
		return 0, errMissed
	}
	return i, nil
}
