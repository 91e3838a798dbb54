package media

import (
	"fmt"
	"image"
)

// NRGBA converts the picture to an opaque image of 8 bits, at full size, for
// previews. It panics only on a picture that no decoder makes.
func (im *Image) NRGBA() *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, im.W, im.H))
	size := im.W * im.H
	planes := make([]float32, 3*size)
	if err := im.Sample(planes, size, View{W: im.W, H: im.H}); err != nil {
		panic(fmt.Sprintf("media: preview: %v", err))
	}
	for i := range size {
		for c := range 3 {
			out.Pix[4*i+c] = byte(planes[c*size+i]*255 + .5)
		}
		out.Pix[4*i+3] = 255
	}
	return out
}
