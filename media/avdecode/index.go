package avdecode

// #include "deinterlace.h"
// #include "tonemap.h"
import "C"

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/clvid/clvid/media"
)

// maxPackets bounds an index: 19 hours at 30 frames per second.
const maxPackets = 1 << 21

// access is how a frame in the middle of a file is reached.
type access string

const (
	through  access = "through" // decode from a fresh open and count
	seekTime access = "time"    // seek to a key packet's time
	seekByte access = "byte"    // seek to a key packet's byte
)

// key is an entry point: the frame in display order and its packet.
type key struct {
	Frame int   `json:"frame"`
	PTS   int64 `json:"pts"`
	Pos   int64 `json:"pos"`
}

// index is what one scan of a file teaches. Beside rejected and fragile it is read-only
// and shared by goroutines.
type index struct {
	Info       media.Info      `json:"info"`
	Access     access          `json:"access"`
	Unit       float64         `json:"unit_seconds"` // of a time stamp
	Order      []int64         `json:"order"`        // pts in display order; of frames as decoded where Access is through
	Times      []time.Duration `json:"-"`
	Keys       []key           `json:"keys"`
	Skip       bool            `json:"skip"`                 // unwanted pictures may be left out packet by packet
	Peak       float64         `json:"peak_cd_m2,omitempty"` // that the first picture announces; 0 is unknown
	FrameBytes int64           `json:"frame_size"`           // bytes of a decoded picture
	Damage     string          `json:"damage"`               // what the scan saw; "" is nothing
	Promised   int             `json:"promised"`             // frames that the container announces, at least those found
	Read       int64           `json:"read"`                 // end of the last packet in the file

	rejected []atomic.Bool // keys that proved unclean entries
	fragile  atomic.Bool   // shows damage: a single thread decodes it
}

// packet is one scanned packet.
type packet struct {
	pts, pos                              int64
	key, discard, corrupt, hidden, hollow bool
}

// buildIndex scans the packets without decoding, reopens (a seek to the start
// is no rewind) and decodes what it must to know the number of frames.
func buildIndex(ctx context.Context, path string, o Options, g *guard) (*index, error) {
	s, err := openSession(ctx, path, o, g)
	if err != nil {
		return nil, err
	}
	x := &index{Info: s.info(path), Unit: timeUnit(s), Access: seekTime, Skip: skippable(s)}
	if n := s.container(); n == "mpegts" || n == "mpeg" {
		x.Access = seekByte
	}
	packets, err := s.scan(ctx, x)
	s.close()
	if err != nil {
		return nil, err
	}
	if s, err = openSession(ctx, path, o, g); err != nil {
		return nil, err
	}
	defer s.close()
	if err := s.openCodec(o); err != nil {
		return nil, err
	}
	if err := x.settle(ctx, s, packets, o); err != nil {
		return nil, err
	}
	x.finish()
	return x, nil
}

func timeUnit(s *session) float64 {
	tb := streamPointer(s.stream).time_base
	if tb.num <= 0 || tb.den <= 0 {
		return 1
	}
	return float64(tb.num) / float64(tb.den)
}

// skippable gates skip_frame on the codecs for which leaving out pictures
// that nothing refers to was proved exact.
func skippable(s *session) bool {
	switch s.codecName() {
	case "h264", "mpeg1video", "mpeg2video", "mpeg4":
		return true
	}
	return false
}

// scan reads every packet of the stream.
func (s *session) scan(ctx context.Context, x *index) ([]packet, error) {
	var list *C.clvid_packet
	var n C.int64_t
	s.fresh = false
	fc, stream := formatPointer(s.fc), C.int(s.stream.Index())
	if n := s.container(); strings.HasPrefix(n, "mov,") || n == "avi" {
		// Before the scan: fragments are listed again when they are read again.
		x.Promised = int(C.clvid_index_entries(fc, stream))
	}
	err := s.note.during(func() error { return code(C.clvid_scan(fc, stream, maxPackets, &list, &n)) })
	defer C.av_free(unsafe.Pointer(list))
	if stop := s.guard.check(ctx); stop != nil {
		return nil, stop
	}
	if n >= maxPackets {
		return nil, &failure{media.ErrTooLarge, fmt.Sprintf("more than %d packets: cut the video", maxPackets)}
	}
	packets := make([]packet, n)
	for i, p := range unsafe.Slice(list, int(n)) {
		if p.flags&C.CLVID_ENCRYPTED != 0 {
			return nil, &failure{media.ErrUnsupported, "the stream is encrypted"}
		}
		packets[i] = packet{
			pts: int64(p.pts), pos: int64(p.pos),
			key: p.flags&C.AV_PKT_FLAG_KEY != 0, discard: p.flags&C.AV_PKT_FLAG_DISCARD != 0,
			corrupt: p.flags&C.AV_PKT_FLAG_CORRUPT != 0,
			hidden:  p.flags&C.CLVID_HIDDEN != 0, hollow: p.flags&C.CLVID_EMPTY != 0,
		}
		x.Read = max(x.Read, int64(p.pos)+int64(p.size))
	}
	x.scanDamage(s, packets, err)
	return packets, nil
}

// scanDamage notes a file that ends early. MP4 and AVI list their packets; where
// fewer could be read, the rest is gone.
func (x *index) scanDamage(s *session, packets []packet, err error) {
	x.Promised = max(x.Promised, len(packets))
	// MPEG-TS marks a packet at every jump of its counters, so at each join of
	// a joined file; there the decoder's word counts.
	marks := s.container() != "mpegts"
	switch i := slices.IndexFunc(packets, func(p packet) bool { return p.corrupt }); {
	case err != nil:
		x.Damage = fmt.Sprintf("reading stopped after %d packets: %s", len(packets), s.explain(err))
	case i >= 0 && marks:
		x.Damage = fmt.Sprintf("packet %d of %d is incomplete", i, x.Promised)
	case s.note.container():
		x.Damage = "the container is damaged: " + s.explain(nil)
	case x.Promised > len(packets):
		x.Damage = fmt.Sprintf("%d of the %d packets that the file lists are there", len(packets), x.Promised)
	}
}

// settle fixes the order of frames and the way to reach them.
func (x *index) settle(ctx context.Context, s *session, packets []packet, o Options) error {
	doubt := x.orderFrom(packets)
	if s.container() == "avi" && x.Promised > len(packets) {
		// Times are counted, by the list after a seek and by packets otherwise.
		doubt = "the list of packets and the packets disagree"
	}
	first, err := s.firstFrame(ctx, x, o)
	if err != nil {
		return err
	}
	if s.image {
		x.Access, x.Order, x.Keys = through, []int64{first}, nil
		x.Info.FrameRate, x.Info.Duration = 0, 0
		return nil
	}
	if doubt == "" && first != x.Order[0] {
		doubt = "the first picture decoded is not the first in time"
	}
	if doubt == "" {
		return nil
	}
	x.Access, x.Keys = through, nil
	return x.count(ctx, s)
}

// orderFrom sorts the packets' times. It returns why they cannot be trusted.
func (x *index) orderFrom(packets []packet) (doubt string) {
	for _, p := range packets {
		switch {
		case p.discard || p.hidden:
			continue
		case p.pts == noPTS:
			return "a packet has no time"
		case p.hollow:
			return "a packet may hold no picture"
		}
		x.Order = append(x.Order, p.pts)
	}
	if scattered(x.Order) {
		return "packets lie far from their place in time"
	}
	slices.Sort(x.Order)
	if len(slices.Compact(slices.Clone(x.Order))) != len(x.Order) {
		return "two packets have one time"
	}
	if len(x.Order) == 0 {
		return "no packet is shown"
	}
	for _, p := range packets {
		if p.key && !p.discard && !p.hidden {
			i, _ := slices.BinarySearch(x.Order, p.pts)
			x.Keys = append(x.Keys, key{Frame: i, PTS: p.pts, Pos: p.pos})
		}
	}
	slices.SortFunc(x.Keys, func(a, b key) int { return a.Frame - b.Frame })
	return ""
}

// maxReorder is how far, in packets, coding order may be from display order:
// 16 pictures are the most that a codec holds back.
const maxReorder = 32

// scattered tells whether a packet lies too far from its place in time, as one
// with a damaged time stamp does, and a stream whose clock starts again.
func scattered(coded []int64) bool {
	shown := slices.Sorted(slices.Values(coded))
	for k, pts := range coded {
		if i, _ := slices.BinarySearch(shown, pts); i > k+maxReorder || i < k-maxReorder {
			return true
		}
	}
	return false
}

// firstFrame decodes one picture and learns its geometry.
func (s *session) firstFrame(ctx context.Context, x *index, o Options) (pts int64, err error) {
	if err := s.next(ctx); err == io.EOF {
		return 0, s.noFrames(x)
	} else if err != nil {
		return 0, err
	}
	f := framePointer(s.frame)
	im, err := s.picture(f, o, fresh)
	if err != nil {
		return 0, err
	}
	x.Info.PixelFormat = formatName(f.format)
	x.Info.Width, x.Info.Height = im.W, im.H
	x.Info.Matrix, x.Info.FullRange = matrixName(&im), im.FullRange
	x.Info.Siting = sitingName(&im, s.chromaLocation(f))
	x.Info.Interlaced = C.clvid_picture_is_interlaced(f) != 0
	x.Info.Transfer = transferName(f)
	x.Peak = float64(C.clvid_peak(f))
	x.FrameBytes = imageBytes(&im)
	return s.pts(), nil
}

func (s *session) noFrames(x *index) error {
	if x.Promised == 0 && x.Damage == "" {
		return &failure{media.ErrCorrupt, "it holds no packets of the stream"}
	}
	if animatedWebP(x.Info.Path) {
		return &failure{media.ErrUnsupported, "this FFmpeg decodes no animated WebP: convert it, to an animated PNG for example"}
	}
	detail := fmt.Sprintf("no picture could be decoded from %d packets", x.Promised)
	if x.Promised == 1 {
		detail = "its only packet cannot be decoded"
	}
	for _, why := range []string{s.taint.first(), x.Damage} {
		if why != "" {
			detail += ": " + why
			break
		}
	}
	return &failure{media.ErrCorrupt, detail}
}

func matrixName(im *media.Image) string {
	if im.RGB {
		return "rgb"
	}
	return [...]string{"bt601", "bt709", "bt2020"}[im.Matrix]
}

// count decodes the rest, as the first picture lies in s.frame.
func (x *index) count(ctx context.Context, s *session) error {
	x.Order = x.Order[:0]
	for {
		x.Order = append(x.Order, s.bestPTS())
		if len(x.Order) > maxPackets {
			return &failure{media.ErrTooLarge, fmt.Sprintf("more than %d frames: cut the video", maxPackets)}
		}
		if err := s.next(ctx); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// finish derives what is not stored.
func (x *index) finish() {
	x.Info.Frames = len(x.Order)
	x.rejected = make([]atomic.Bool, len(x.Keys))
	x.Times = make([]time.Duration, len(x.Order))
	timed := rising(x.Order)
	for i, pts := range x.Order {
		switch {
		case timed:
			x.Times[i] = time.Duration(float64(pts-x.Order[0]) * x.Unit * float64(time.Second))
		case x.Info.FrameRate > 0:
			x.Times[i] = time.Duration(float64(i) / x.Info.FrameRate * float64(time.Second))
		}
	}
	x.Info.VariableRate = timed && variable(x.Order)
	if x.Info.Duration == 0 && len(x.Times) > 0 {
		x.Info.Duration = x.Times[len(x.Times)-1]
	}
}

// variable tells whether steps from one time stamp to the next differ by more
// than rounding, and by a tenth. The first and last are left out: edit lists and
// encoders' delays bend them.
func variable(order []int64) bool {
	if len(order) < 5 {
		return false
	}
	low, high := order[2]-order[1], int64(0)
	for i := 2; i < len(order)-1; i++ {
		low, high = min(low, order[i]-order[i-1]), max(high, order[i]-order[i-1])
	}
	return high-low > 2 && float64(high) > 1.1*float64(low)
}

// rising tells whether every time stamp is known and past its predecessor.
func rising(order []int64) bool {
	for i, pts := range order {
		if pts == noPTS || i > 0 && pts <= order[i-1] {
			return false
		}
	}
	return true
}

// timeOf is the presentation time of frame i; of one that was announced and is
// not there, as the frame rate has it.
func (x *index) timeOf(i int) time.Duration {
	if i < len(x.Times) {
		return x.Times[i]
	}
	last := x.Times[len(x.Times)-1]
	if x.Info.FrameRate > 0 {
		last += time.Duration(float64(i-len(x.Times)+1) / x.Info.FrameRate * float64(time.Second))
	}
	return last
}

// find returns the frame with that pts.
func (x *index) find(pts int64) (frame int, ok bool) { return slices.BinarySearch(x.Order, pts) }

// info reads what the container says. The picture's geometry comes later.
func (s *session) info(path string) media.Info {
	st, fc := streamPointer(s.stream), formatPointer(s.fc)
	info := media.Info{
		Path: path, Container: s.container(), Codec: s.codecName(),
		Stream: s.stream.Index(), Rotation: s.transform.degrees(),
	}
	for _, r := range []C.AVRational{st.avg_frame_rate, st.r_frame_rate} {
		if r.num > 0 && r.den > 0 && info.FrameRate == 0 {
			info.FrameRate = float64(r.num) / float64(r.den)
		}
	}
	switch {
	case int64(st.duration) > 0:
		info.Duration = time.Duration(float64(st.duration) * timeUnit(s) * float64(time.Second))
	case int64(fc.duration) > 0:
		info.Duration = time.Duration(int64(fc.duration)) * time.Microsecond
	}
	return info
}
