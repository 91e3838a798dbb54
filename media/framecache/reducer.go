package framecache

import "github.com/clvid/clvid/media"

// reducer brings pictures to a short side, as 8-bit 4:2:0. One goroutine at a
// time may use it.
type reducer struct {
	side    int // 0: as they are
	resizer *media.Resizer
	like    media.Image
}

// size is that of a picture of w x h once it is reduced: even numbers, the short
// side exact where it is even. Pictures that are no larger stay.
func (r *reducer) size(w, h int) (int, int) {
	short := min(w, h)
	if r.side == 0 || short <= r.side {
		return w, h
	}
	scale := func(n int) int { return max(2, (n*r.side+short)/(2*short)*2) }
	return scale(w), scale(h)
}

// frame returns a reduced copy, or the frame itself where it stays.
func (r *reducer) frame(f *media.Frame) (*media.Frame, error) {
	w, h := r.size(f.W, f.H)
	if w == f.W && h == f.H {
		return f, nil
	}
	if r.resizer == nil || !f.SameKind(&r.like) {
		resizer, err := media.NewResizer(&f.Image, w, h)
		if err != nil {
			return nil, err
		}
		r.resizer, r.like = resizer, f.Image
		r.like.Planes = [3][]byte{f.Planes[0][:0], f.Planes[1][:0], f.Planes[2][:0]}
	}
	small, err := r.resizer.Resize(&f.Image)
	if err != nil {
		return nil, err
	}
	out := *f
	out.Image = *small
	place(&out.Image, make([]byte, imageBytes(small)), small)
	return &out, nil
}

// imageBytes is what the samples of a picture take, without gaps between rows.
func imageBytes(im *media.Image) int {
	n := 0
	for p := range im.Planes {
		w, h := planeSize(im, p)
		n += w * h
	}
	return n
}

// planeSize is 0 x 0 where there is no plane.
func planeSize(im *media.Image, p int) (w, h int) {
	switch {
	case im.Planes[p] == nil:
		return 0, 0
	case p == 0 || im.RGB:
		return im.W, im.H
	}
	return -(-im.W >> im.SubX), -(-im.H >> im.SubY)
}

// place lets the planes of im lie in block, one behind the other, and fills them
// from those of src, unless that is nil.
func place(im *media.Image, block []byte, src *media.Image) {
	for p := range im.Planes {
		w, h := planeSize(im, p)
		if w == 0 {
			continue
		}
		im.Planes[p], block = block[:w*h:w*h], block[w*h:]
		im.Strides[p] = w
		if src == nil {
			continue
		}
		for y := range h {
			copy(im.Planes[p][y*w:][:w], src.Planes[p][y*src.Strides[p]:])
		}
	}
}
