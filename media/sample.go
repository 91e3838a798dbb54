package media

// Sample renders the clip as the view v into dst, planar (3, T, H, W).
func (c *Clip) Sample(dst []float32, v View) error { panic("media: in work") }

// Sample renders one picture; channel c starts at dst[c*planeStride].
func (im *Image) Sample(dst []float32, planeStride int, v View) error { panic("media: in work") }
