package avdecode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/clvid/clvid/media"
)

// Stats counts a video's work, for tests and reports.
type Stats struct{ Opens, Seeks, Frames int }

// video is an indexed file; its demuxer and decoder start with the first
// frame that is asked for.
type video struct {
	decoder *Decoder
	path    string
	id      fileID
	index   *index
	guard   *guard
	session *session
	stats   Stats

	at      int  // frame that next will return, if none is missing; -1 unknown
	pending bool // s.frame holds frame at-1, not yet looked at
	tainted bool // damage was seen since the last clean key picture
	blame   string
	blamed  int // frame at which the taint began
}

// errMissed says that a pass did not meet a frame where the index has it.
var errMissed = errors.New("frame not met")

func (v *video) Info() media.Info {
	info := v.index.Info
	info.Path = v.path
	return info
}

func (v *video) Len() int { return len(v.index.Order) }

// Stats returns the work done since the video was opened.
func (v *video) Stats() Stats { return v.stats }

func (v *video) Close() error {
	v.drop()
	if v.guard != nil {
		v.guard.free()
		v.guard = nil
	}
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
func (v *video) forget() { v.at, v.pending, v.tainted, v.blame = -1, false, false, "" }

// begin arms the guard for one operation.
func (v *video) begin(ctx context.Context) (end func() bool) {
	if v.guard == nil {
		v.guard = newGuard()
	}
	return v.guard.arm(ctx, v.decoder.options.Timeout)
}

// restart opens the file afresh, at frame 0.
func (v *video) restart(ctx context.Context) error {
	v.drop()
	st, err := os.Stat(v.id.Path)
	if err != nil || st.Size() != v.id.Size || st.ModTime().UnixNano() != v.id.Changed {
		return &failure{media.ErrCorrupt, "the file changed since it was opened: open it again"}
	}
	s, err := openSession(ctx, v.id.Path, v.decoder.options, v.guard)
	if err != nil {
		return err
	}
	if err := s.openCodec(v.decoder.options); err != nil {
		s.close()
		return err
	}
	v.session, v.at = s, 0
	v.stats.Opens++
	return nil
}

// Clips decodes the spans in one ordered pass.
func (v *video) Clips(ctx context.Context, spans ...media.Span) ([]*media.Clip, error) {
	clips, err := v.clips(ctx, spans)
	if err != nil {
		return nil, fail(v.path, "clip", v.decoder.options, err)
	}
	return clips, nil
}

func (v *video) clips(ctx context.Context, spans []media.Span) ([]*media.Clip, error) {
	wanted, err := v.union(spans)
	if err != nil {
		return nil, err
	}
	defer v.begin(ctx)()
	frames, err := v.decode(ctx, wanted)
	if err != nil {
		return nil, err
	}
	clips := make([]*media.Clip, len(spans))
	for i, s := range spans {
		clips[i] = &media.Clip{Video: v.path, Span: s, Frames: make([]*media.Frame, s.N)}
		for j := range s.N {
			clips[i].Frames[j] = frames[s.Frame(j, v.Len())]
		}
	}
	return clips, nil
}

// union lists the frames of all spans, ascending, once each.
func (v *video) union(spans []media.Span) ([]int, error) {
	var wanted []int
	for i, s := range spans {
		if s.Start < 0 || s.N < 1 || s.Stride < 1 {
			return nil, &failure{errSpan, fmt.Sprintf("span %d is {start %d, n %d, stride %d}, want start >= 0, n >= 1, stride >= 1", i, s.Start, s.N, s.Stride)}
		}
		for j := range s.N {
			wanted = append(wanted, s.Frame(j, v.Len()))
		}
	}
	slices.Sort(wanted)
	return slices.Compact(wanted), nil
}

var errSpan = errors.New("bad span")

// decode returns the wanted frames, from memory where the whole video is kept.
func (v *video) decode(ctx context.Context, wanted []int) (map[int]*media.Frame, error) {
	if all := v.kept(ctx); all != nil {
		frames := make(map[int]*media.Frame, len(wanted))
		for _, i := range wanted {
			frames[i] = all[i]
		}
		return frames, nil
	}
	frames := make(map[int]*media.Frame, len(wanted))
	if v.index.Access != through {
		err := v.seeking(ctx, wanted, frames)
		if err == nil || !errors.Is(err, errMissed) {
			return frames, err
		}
	}
	return frames, v.straight(ctx, wanted, frames)
}

// kept returns all frames of a small video, decoding them if the cache has
// room for them and they are sound.
func (v *video) kept(ctx context.Context) []*media.Frame {
	size := v.index.FrameBytes * int64(v.Len())
	all, room := v.decoder.frames.get(v.id, size)
	if all != nil || !room || v.index.Damage != "" {
		return all
	}
	for f, err := range v.frames(ctx) {
		if err != nil {
			v.decoder.frames.refuse(v.id)
			return nil
		}
		all = append(all, f)
	}
	v.decoder.frames.put(v.id, all)
	return all
}

// straight decodes from the start and keeps what is wanted.
func (v *video) straight(ctx context.Context, wanted []int, frames map[int]*media.Frame) error {
	if err := v.restart(ctx); err != nil {
		return err
	}
	last := wanted[len(wanted)-1]
	for {
		i, err := v.advance(ctx)
		if err == io.EOF {
			return v.shortfall()
		}
		if errors.Is(err, errMissed) {
			return v.damaged(min(max(v.at, 0), v.Len()-1))
		}
		if err != nil {
			return err
		}
		if _, ok := slices.BinarySearch(wanted, i); ok {
			if err := v.keep(i, frames); err != nil {
				return err
			}
		}
		if i >= last {
			break
		}
	}
	for _, i := range wanted {
		if frames[i] == nil {
			return v.damaged(i)
		}
	}
	return nil
}

// keep copies the present picture out as frame i.
func (v *video) keep(i int, frames map[int]*media.Frame) error {
	if v.tainted {
		return v.damaged(i)
	}
	im, err := v.session.picture(v.decoder.options)
	if err != nil {
		return err
	}
	frames[i] = &media.Frame{Index: i, Time: v.index.Times[i], Key: v.session.key(), Image: im}
	return nil
}

// damaged is the error for a frame that damage touches.
func (v *video) damaged(i int) error {
	from := ""
	if v.tainted && v.blamed < i {
		from = fmt.Sprintf(" since %s", at(v.blamed, v.index.Times[v.blamed]))
	}
	return &failure{media.ErrCorrupt, fmt.Sprintf("%s of %d frames is damaged%s: %s", at(i, v.index.Times[i]), v.Len(), from, v.reason())}
}

func (v *video) reason() string {
	for _, why := range []string{v.blame, v.session.damage.why, v.index.Damage} {
		if why != "" {
			return why
		}
	}
	return "the decoder left out a picture"
}

// shortfall is the error where the stream ends before a promised frame.
func (v *video) shortfall() error {
	return &failure{media.ErrCorrupt, fmt.Sprintf("%d of %d frames decoded: %s", max(v.at, 0), v.Len(), v.reason())}
}

// advance decodes the next picture and returns its number. It keeps the taint.
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
		if err != nil {
			return 0, err
		}
		v.taint(i)
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
		v.blame = fmt.Sprintf("a picture with time stamp %d came after frame %d, against the index", v.session.pts(), v.at-1)
		return 0, errMissed
	}
	return i, nil
}

// taint updates the taint for frame i, see Note [Damage].
func (v *video) taint(i int) {
	s := v.session
	if why := v.sign(i); why != "" {
		if !v.tainted {
			v.tainted, v.blame, v.blamed = true, why, i
		}
		if s.flagged() != "" {
			return
		}
	}
	if !v.tainted || !s.key() || s.pts() == noPTS {
		return
	}
	// A key picture is a clean start only if it was sent after the damage: with
	// reordering it may come out after a later packet was refused.
	if sent, ok := s.keysSent[s.pts()]; ok && sent > s.damage.sentAt {
		v.tainted, v.blame = false, ""
		s.damage = damage{}
	}
}

// sign tells in words what speaks against frame i, or "".
func (v *video) sign(i int) string {
	s := v.session
	if why := s.flagged(); why != "" {
		return why
	}
	if s.damage.refused > 0 {
		return s.damage.why
	}
	if v.index.Access != through && s.wanted == nil && i > v.at {
		return fmt.Sprintf("%d frames before %s are missing", i-v.at, at(i, v.index.Times[i]))
	}
	return ""
}

// Frames decodes all frames in display order. Where damage is met, the sound
// frames before it come first, then one error that says how many of how many
// frames are sound.
func (v *video) Frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		for f, err := range v.frames(ctx) {
			if !yield(f, fail(v.path, "frames", v.decoder.options, err)) {
				return
			}
		}
	}
}

func (v *video) frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		defer v.begin(ctx)()
		defer v.drop()
		if err := v.eachFrame(ctx, yield); err != nil && err != errStopped {
			yield(nil, err)
		}
	}
}

// errStopped says that the consumer has seen enough.
var errStopped = errors.New("stopped")

func (v *video) eachFrame(ctx context.Context, yield func(*media.Frame, error) bool) error {
	if err := v.restart(ctx); err != nil {
		return err
	}
	sound, damagedAt, why := 0, -1, ""
	for {
		v.guard.again(ctx, v.decoder.options.Timeout)
		i, err := v.advance(ctx)
		if err == io.EOF {
			break
		}
		if errors.Is(err, errMissed) {
			if damagedAt < 0 {
				damagedAt, why = max(v.at, 0), v.reason()
			}
			break
		}
		if err != nil {
			return err
		}
		if v.tainted && damagedAt < 0 {
			damagedAt, why = i, v.reason()
		}
		if v.tainted {
			continue
		}
		sound++
		if damagedAt >= 0 {
			continue
		}
		if err := v.give(i, yield); err != nil {
			return err
		}
	}
	return v.verdict(sound, damagedAt, why)
}

func (v *video) give(i int, yield func(*media.Frame, error) bool) error {
	one := map[int]*media.Frame{}
	if err := v.keep(i, one); err != nil {
		return err
	}
	if !yield(one[i], nil) {
		return errStopped
	}
	return nil
}

// verdict is the last word of a whole pass.
func (v *video) verdict(sound, damagedAt int, why string) error {
	total := v.Len()
	if v.index.Damage != "" {
		total = max(total, v.index.Promised)
	}
	switch {
	case damagedAt >= 0:
		damagedAt = min(damagedAt, v.Len()-1)
		return &failure{media.ErrCorrupt, fmt.Sprintf("%d of %d frames are sound, damage from %s: %s", sound, total, at(damagedAt, v.index.Times[damagedAt]), why)}
	case sound < v.Len(), v.session.damage.refused > 0:
		return &failure{media.ErrCorrupt, fmt.Sprintf("%d of %d frames are sound, the rest is missing: %s", sound, total, v.reason())}
	case v.index.Damage != "":
		return &failure{media.ErrCorrupt, fmt.Sprintf("%d of %d frames are sound: %s", sound, total, v.index.Damage)}
	}
	return nil
}
