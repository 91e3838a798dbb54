package media

import (
	"fmt"
	"image"
)

// NRGBA converts the picture to an opaque image of 8 bits, at full size, for
// previews. It panics only on a picture that no decoder makes.
func (im *Image) NRGBA() *image.NRGBA {
	out, err := im.Scaled(im.W, im.H)
	if err != nil {
		panic(fmt.Sprintf("media: preview: %v", err))
	}
	return out
}

// Scaled is the picture as an opaque image of w x h pixels and 8 bits: what
// Sample renders, in [0,1], times 255 and rounded. At full size the samples of
// RGB pictures come out as they are; chroma is interpolated linearly, see Note
// [Fused sampling].
func (im *Image) Scaled(w, h int) (*image.NRGBA, error) {
	size := w * h
	planes := make([]float32, 3*max(size, 0))
	if err := im.Sample(planes, size, View{W: w, H: h}); err != nil {
		return nil, err
	}
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range size {
		for c := range 3 {
			out.Pix[4*i+c] = byte(planes[c*size+i]*255 + .5)
		}
		out.Pix[4*i+3] = 255
	}
	return out, nil
}

// FitShort is the size of a w x h picture whose shorter side is brought to
// short, with its aspect kept and the longer side rounded to a multiple of
// step. Nothing is enlarged: where the shorter side is less already, or short
// is 0, sides are only rounded down to such multiples, to step at least.
func FitShort(w, h, short, step int) (int, int) {
	whole := func(n int) int { return max(n/step*step, step) }
	if less := min(w, h); short > 0 && short < less {
		scale := func(n int) int { return max((2*n*short+less*step)/(2*less*step)*step, step) }
		return scale(w), scale(h)
	}
	return whole(w), whole(h)
}
