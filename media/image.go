package media

import "image"

// NRGBA converts the picture to an opaque image of 8 bits, for previews.
func (im *Image) NRGBA() *image.NRGBA { panic("media: in work") }
