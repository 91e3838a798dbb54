package isolate

import (
	"encoding/binary"
	"time"

	"github.com/clvid/clvid/media"
)

// Bounds of a picture that the parent takes memory for.
const (
	maxSide   = 1 << 16
	maxPlanes = 1 << 30 // bytes of all planes together
)

// place says where the planes of a frame are, one behind the other.
type place struct {
	inline bool // behind the message in the pipe
	at     int  // else from this byte of the ring
	taken  int  // bytes of the ring that are in use for it, what was passed over at its end included
}

// appendFrame appends all of a frame but its pixels.
func appendFrame(b []byte, f *media.Frame, p place) []byte {
	b = binary.AppendVarint(b, int64(f.Index))
	b = binary.AppendVarint(b, int64(f.Time))
	b = appendText(appendBool(b, f.Key), f.Damage)
	for _, v := range []int{f.W, f.H, int(f.SubX), int(f.SubY), int(f.Matrix)} {
		b = binary.AppendUvarint(b, uint64(v))
	}
	b = appendReal(appendReal(b, f.SiteX), f.SiteY)
	b = appendBool(appendBool(b, f.RGB), f.FullRange)
	for i, plane := range f.Planes {
		b = binary.AppendUvarint(appendBool(b, plane != nil), uint64(len(plane)))
		b = binary.AppendUvarint(b, uint64(f.Strides[i]))
	}
	b = appendBool(b, p.inline)
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(p.at)), uint64(p.taken))
}

// parseFrame reads what appendFrame wrote and makes room for the pixels, which
// are the returned block, in the order of the planes. ring is the ring's size.
func parseFrame(body []byte, ring int) (*media.Frame, []byte, place, error) {
	in := fields{rest: body}
	f := &media.Frame{Index: int(in.number()), Time: time.Duration(in.number()), Key: in.bool(), Damage: in.text()}
	f.W, f.H = in.count(maxSide), in.count(maxSide)
	f.SubX, f.SubY = uint8(in.count(4)), uint8(in.count(4))
	f.Matrix = media.ColourMatrix(in.count(255))
	f.SiteX, f.SiteY = in.real(), in.real()
	f.RGB, f.FullRange = in.bool(), in.bool()
	var sizes [3]int
	var has [3]bool
	for i := range 3 {
		has[i] = in.bool()
		sizes[i], f.Strides[i] = in.count(maxPlanes), in.count(maxPlanes)
	}
	p := place{inline: in.bool(), at: in.count(maxPlanes), taken: in.count(maxPlanes)}
	if err := in.end(); err != nil {
		return nil, nil, p, err
	}
	total := sizes[0] + sizes[1] + sizes[2]
	if !holds(&f.Image, has, sizes) || total > maxPlanes || !p.inline && (p.at+total > ring || p.taken > ring) {
		return nil, nil, p, errBody
	}
	block := make([]byte, total)
	rest := block
	for i, n := range sizes {
		if has[i] {
			f.Planes[i], rest = rest[:n:n], rest[n:]
		}
	}
	return f, block, p, nil
}

// holds tells whether planes of those sizes hold the picture, so that nobody
// reads beyond them.
func holds(im *media.Image, has [3]bool, sizes [3]int) bool {
	grey := !im.RGB && !has[1] && !has[2]
	for i, n := range sizes {
		w, h := im.W, im.H
		if i > 0 && !im.RGB {
			w, h = -(-w >> im.SubX), -(-h >> im.SubY)
		}
		if i > 0 && grey {
			w, h = 0, 0
		}
		switch {
		case !has[i]:
			if n > 0 || w > 0 {
				return false
			}
		case w < 1 || h < 1 || im.Strides[i] < w || n < im.Strides[i]*(h-1)+w:
			return false
		}
	}
	return true
}

// pixels is the number of bytes of all planes.
func pixels(im *media.Image) int {
	return len(im.Planes[0]) + len(im.Planes[1]) + len(im.Planes[2])
}
