package avdecode

import "bytes"

// holdsAll tells whether a picture that another refers to can be missing only
// by damage. H.264 streams may be made with gaps, which their sequence
// parameter set announces.
func (s *session) holdsAll() bool {
	par := s.stream.CodecParameters()
	switch s.codecName() {
	case "hevc":
		return true
	case "h264":
		gaps, ok := h264Gaps(par.ExtraData())
		return ok && !gaps
	}
	return false
}

// h264Gaps reads gaps_in_frame_num_value_allowed_flag (ITU-T H.264, 7.3.2.1.1)
// from a decoder configuration, in either form. ok is false where there is
// no whole parameter set.
func h264Gaps(extradata []byte) (gaps, ok bool) {
	sps := firstSPS(extradata)
	if len(sps) < 5 {
		return false, false
	}
	r := &bitReader{data: bytes.ReplaceAll(sps, []byte{0, 0, 3}, []byte{0, 0})}
	r.bits(8) // the unit's header
	profile := r.bits(8)
	r.bits(16) // constraints, level
	r.exp()    // the set's number
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		r.highProfile()
	}
	r.exp() // bits of frame_num
	switch r.exp() {
	case 0:
		r.exp()
	case 1:
		r.bits(1)
		r.exp()
		r.exp()
		for range min(r.exp(), 255) {
			r.exp()
		}
	}
	r.exp() // reference pictures
	gaps = r.bits(1) == 1
	return gaps, !r.short
}

// highProfile passes over what only the high profiles have.
func (r *bitReader) highProfile() {
	chroma := r.exp()
	if chroma == 3 {
		r.bits(1)
	}
	r.exp()
	r.exp()
	r.bits(1)
	if r.bits(1) == 0 {
		return
	}
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if r.bits(1) == 1 {
			r.scalingList(i)
		}
	}
}

func (r *bitReader) scalingList(i int) {
	size, last, next := 16, 8, 8
	if i >= 6 {
		size = 64
	}
	for range size {
		if next != 0 {
			e := r.exp() // signed: 0, 1, -1, 2, -2, ...
			delta := (e + 1) / 2
			if e%2 == 0 {
				delta = -delta
			}
			next = (last + delta + 256) % 256
		}
		if next != 0 {
			last = next
		}
	}
}

// firstSPS finds the first sequence parameter set in an avcC box or behind a
// start code.
func firstSPS(extradata []byte) []byte {
	if len(extradata) > 8 && extradata[0] == 1 {
		if extradata[5]&31 == 0 {
			return nil
		}
		size := int(extradata[6])<<8 | int(extradata[7])
		return extradata[8:min(8+size, len(extradata))]
	}
	for rest := extradata; ; {
		i := bytes.Index(rest, []byte{0, 0, 1})
		if i < 0 || i+3 >= len(rest) {
			return nil
		}
		if rest = rest[i+3:]; rest[0]&31 == 7 {
			return rest
		}
	}
}

// bitReader reads bits from the highest on; past the end it reads zeros and
// says so.
type bitReader struct {
	data  []byte
	at    int
	short bool
}

func (r *bitReader) bits(n int) int {
	v := 0
	for range n {
		v <<= 1
		if r.at>>3 < len(r.data) {
			v |= int(r.data[r.at>>3]) >> (7 - r.at&7) & 1
		} else {
			r.short = true
		}
		r.at++
	}
	return v
}

// exp reads an unsigned Exp-Golomb number.
func (r *bitReader) exp() int {
	zeros := 0
	for r.bits(1) == 0 && !r.short && zeros < 31 {
		zeros++
	}
	return 1<<zeros - 1 + r.bits(zeros)
}
