package media

import (
	"fmt"
	"math"

	"github.com/clvid/clvid/media/internal/kernel"
)

// Resizer brings pictures of one kind to another size as 8-bit Y'CbCr 4:2:0,
// which every encoder takes. It filters planes where they are, with the
// antialiased triangle of Note [Fused sampling]: matrix and range stay, and
// chroma comes to lie on the left luma column, midway between rows, as decoders
// of H.264 and MPEG-4 expect. RGB becomes BT.601 of limited range; grey gets
// chroma that says nothing. One goroutine at a time may use it.
type Resizer struct {
	like         Image // what it was made for, without planes
	luma, chroma grid
	out          Image
	scratch      scratch
}

// grid is the filter of a plane along both axes.
type grid struct{ x, y kernel.Axis }

// NewResizer prepares for pictures such as like, whose pixels do not matter. w
// and h are even.
func NewResizer(like *Image, w, h int) (*Resizer, error) {
	if w < 2 || h < 2 || w%2 != 0 || h%2 != 0 {
		return nil, fmt.Errorf("media: resize to %dx%d: want even numbers from 2 on", w, h)
	}
	r := &Resizer{like: *like, out: Image{W: w, H: h, SubX: 1, SubY: 1, SiteY: Midway(1), Matrix: like.Matrix, FullRange: like.FullRange}}
	r.like.Planes = [3][]byte{like.Planes[0], like.Planes[1]}
	if like.RGB {
		r.out.Matrix, r.out.FullRange = BT601, false
	}
	for p, size := range [3][2]int{{w, h}, {w / 2, h / 2}, {w / 2, h / 2}} {
		r.out.Planes[p], r.out.Strides[p] = make([]byte, size[0]*size[1]), size[0]
	}
	r.luma = grid{wholeAxis(like.W, w, 0, 0, 0, 0), wholeAxis(like.H, h, 0, 0, 0, 0)}
	subX, subY, siteX, siteY := like.SubX, like.SubY, like.SiteX, like.SiteY
	if like.RGB {
		subX, subY, siteX, siteY = 0, 0, 0, 0
	}
	r.chroma = grid{wholeAxis(like.W, w, subX, siteX, 1, r.out.SiteX), wholeAxis(like.H, h, subY, siteY, 1, r.out.SiteY)}
	return r, nil
}

// wholeAxis filters a plane of a picture that is brought from n to out luma
// samples. Both planes may be subsampled, their first samples at the sites.
func wholeAxis(n, out int, sub uint8, site float32, subOut uint8, siteOut float32) kernel.Axis {
	scale, samples := float64(n)/float64(out), subsampled(n, sub)
	step, stepOut := float64(int(1)<<sub), float64(int(1)<<subOut)
	reach := max(scale*stepOut/step, 1)
	r := make(resample, subsampled(out, subOut))
	for i := range r {
		luma := (float64(siteOut)+float64(i)*stepOut+.5)*scale - .5 // in samples of the source
		centre := min(max((luma-float64(site))/step+.5, .5), float64(samples)-.5)
		r[i] = triangle(centre, reach, samples)
	}
	return r.pack(samples)
}

// triangle weighs the samples of n, each as wide as 1, by their distance from a
// centre within them.
func triangle(centre, reach float64, n int) taps {
	first := max(int(math.Floor(centre-reach+.5)), 0)
	t := taps{first, make([]float64, min(int(math.Floor(centre+reach+.5)), n)-first)}
	var sum float64
	for k := range t.weights {
		t.weights[k] = max(0, 1-math.Abs((float64(first+k)+.5-centre)/reach))
		sum += t.weights[k]
	}
	for k := range t.weights {
		t.weights[k] /= sum
	}
	return t
}

// Resize returns the picture in its new size, valid until the next call.
func (r *Resizer) Resize(im *Image) (*Image, error) {
	if !im.SameKind(&r.like) {
		return nil, fmt.Errorf("media: resize: a picture of %dx%d that differs in size, planes or colour from the one of %dx%d before it", im.W, im.H, r.like.W, r.like.H)
	}
	if im.RGB {
		r.fromRGB(im)
		return &r.out, nil
	}
	r.plane(im, 0, &r.luma)
	for p := 1; p < 3; p++ {
		if im.Planes[1] != nil {
			r.plane(im, p, &r.chroma)
			continue
		}
		for i := range r.out.Planes[p] {
			r.out.Planes[p][i] = 128
		}
	}
	return &r.out, nil
}

// plane filters one plane by itself.
func (r *Resizer) plane(im *Image, p int, g *grid) {
	s := &r.scratch
	s.resize(p, im, &g.x, &g.y)
	toBytes(r.out.Planes[p], s.planes[p])
}

// fromRGB filters R, G and B once for luma and once, coarser, for chroma.
func (r *Resizer) fromRGB(im *Image) {
	const kr, kb = .299, .114 // BT.601
	rows := [3][4]float32{
		{219. / 255 * kr, 219. / 255 * (1 - kr - kb), 219. / 255 * kb, 16},
		{-112. / 255 * kr / (1 - kb), -112. / 255 * (1 - kr - kb) / (1 - kb), 112. / 255, 128},
		{112. / 255, -112. / 255 * (1 - kr - kb) / (1 - kr), -112. / 255 * kb / (1 - kr), 128},
	}
	r.mix(im, &r.luma, 0, rows[:1])
	r.mix(im, &r.chroma, 1, rows[1:])
}

// mix makes planes from first on, each a weighted sum of filtered R, G and B.
func (r *Resizer) mix(im *Image, g *grid, first int, weights [][4]float32) {
	s := &r.scratch
	for c := range 3 {
		s.resize(c, im, &g.x, &g.y)
	}
	s.line = room(s.line, len(s.planes[0]))
	for i, m := range weights {
		for x := range s.line {
			s.line[x] = m[0]*s.planes[0][x] + m[1]*s.planes[1][x] + m[2]*s.planes[2][x] + m[3]
		}
		toBytes(r.out.Planes[first+i], s.line)
	}
}

// toBytes rounds to the nearest of 0 to 255.
func toBytes(dst []byte, src []float32) {
	for i := range dst {
		dst[i] = byte(min(max(src[i], 0), 255) + .5)
	}
}

// SameKind tells whether two pictures agree in all but their samples: size,
// planes, matrix, range and siting.
func (im *Image) SameKind(other *Image) bool {
	a, b := *im, *other
	grey := func(i *Image) bool { return i.Planes[1] == nil && !i.RGB }
	if grey(&a) != grey(&b) {
		return false
	}
	return a.W == b.W && a.H == b.H && a.RGB == b.RGB && a.SubX == b.SubX && a.SubY == b.SubY && a.SiteX == b.SiteX && a.SiteY == b.SiteY &&
		a.Matrix == b.Matrix && a.FullRange == b.FullRange
}

// Crop is the left upper part of the picture, of w x h pixels; the planes are
// shared. Chroma that belongs to pixels outside, too, stays.
func (im *Image) Crop(w, h int) Image {
	out := *im
	out.W, out.H = min(w, im.W), min(h, im.H)
	return out
}
