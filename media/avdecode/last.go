package avdecode

import "slices"

// lastWanted tells when every picture that is wanted was sent to the decoder.
// Decoders hold pictures back until later packets show that none comes before
// them; told that the stream ends, they hand them out at once, and the packets
// behind need no decoding. The zero value never tells.
type lastWanted struct {
	times []int64        // of the pictures still to come, ascending; none: do not tell
	given map[int64]bool // those that were sent since the last seek
}

// expect names the pictures that are still to come.
func (l *lastWanted) expect(times []int64) { l.times = times }

func (l *lastWanted) note(pts int64) {
	if _, ok := slices.BinarySearch(l.times, pts); !ok {
		return
	}
	if l.given == nil {
		l.given = map[int64]bool{}
	}
	l.given[pts] = true
}

// sent is asked before every packet; the last picture, which is looked at
// first, answers nearly always.
func (l *lastWanted) sent() bool {
	for _, pts := range slices.Backward(l.times) {
		if !l.given[pts] {
			return false
		}
	}
	return len(l.times) > 0
}

func (l *lastWanted) forget() { clear(l.given) }

// endsEarly gates lastWanted on H.264, whose packets hold whole pictures, one
// each: MPEG-4 may pack two into one, MPEG-2 come as fields, and where nothing
// is skipped (HEVC) a picture that was not waited for looks like a lost one.
func (x *index) endsEarly() bool { return x.Skip && x.Info.Codec == "h264" }
