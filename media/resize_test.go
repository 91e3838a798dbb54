package media

import (
	"math"
	"testing"
)

// slope is a picture whose samples are linear in the place where they lie.
func slope(im Image, at func(plane int, x, y float64) float64) *Image {
	for p := range im.Planes {
		w, h, stepX, stepY, siteX, siteY := im.W, im.H, 1., 1., 0., 0.
		if p > 0 && !im.RGB {
			w, h = subsampled(im.W, im.SubX), subsampled(im.H, im.SubY)
			stepX, stepY, siteX, siteY = float64(int(1)<<im.SubX), float64(int(1)<<im.SubY), float64(im.SiteX), float64(im.SiteY)
		}
		im.Strides[p], im.Planes[p] = w, make([]byte, w*h)
		for y := range h {
			for x := range w {
				im.Planes[p][y*w+x] = byte(at(p, siteX+float64(x)*stepX+.5, siteY+float64(y)*stepY+.5) + .5)
			}
		}
	}
	return &im
}

// A slope stays one, whatever the planes and the siting: at the same place of
// the picture each plane has the same value before and after.
func TestResizeKeepsPlaces(t *testing.T) {
	for name, im := range map[string]Image{
		"4:2:0 left":   {W: 320, H: 240, SubX: 1, SubY: 1, SiteY: .5, Matrix: BT709},
		"4:2:0 midway": {W: 320, H: 240, SubX: 1, SubY: 1, SiteX: .5, SiteY: .5, FullRange: true},
		"4:2:2":        {W: 320, H: 240, SubX: 1},
		"4:4:4":        {W: 320, H: 240},
		"4:1:1":        {W: 320, H: 240, SubX: 2},
		"odd":          {W: 321, H: 241, SubX: 1, SubY: 1, SiteY: .5},
	} {
		at := func(p int, x, y float64) float64 {
			return 20 + 10*float64(p) + 180*x/float64(im.W) + 20*y/float64(im.H)
		}
		src := slope(im, at)
		for _, size := range [][2]int{{170, 128}, {64, 48}, {320, 240}, {40, 100}} {
			r, err := NewResizer(src, size[0], size[1])
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Resize(src)
			if err != nil {
				t.Fatal(err)
			}
			if got.W != size[0] || got.SubX != 1 || got.SubY != 1 || got.SiteX != 0 || got.SiteY != .5 || got.Matrix != im.Matrix || got.FullRange != im.FullRange {
				t.Fatalf("%s: %+v", name, got)
			}
			want := slope(Image{W: size[0], H: size[1], SubX: 1, SubY: 1, SiteY: .5}, func(p int, x, y float64) float64 {
				return at(p, x/float64(size[0])*float64(im.W), y/float64(size[1])*float64(im.H))
			})
			for p := range 3 {
				w := got.Strides[p]
				for i, v := range got.Planes[p] {
					inside := i%w > 1 && i%w < w-2 // at the edges a filter sees one side
					if d := math.Abs(float64(v) - float64(want.Planes[p][i])); inside && d > 1 {
						t.Fatalf("%s to %v: plane %d at (%d,%d) is %d, want %d", name, size, p, i%w, i/w, v, want.Planes[p][i])
					}
				}
			}
		}
	}
}

// What is rendered from the resized picture is what is rendered at once.
func TestResizeOfColours(t *testing.T) {
	rgb := Image{W: 96, H: 64, RGB: true, FullRange: true}
	grey := Image{W: 96, H: 64, FullRange: true, Strides: [3]int{96}, Planes: [3][]byte{make([]byte, 96*64)}}
	for i := range grey.Planes[0] {
		grey.Planes[0][i] = byte(i % 251)
	}
	for name, src := range map[string]*Image{
		"RGB":  slope(rgb, func(p int, x, y float64) float64 { return 255 * [3]float64{x / 96, y / 64, 1 - x/96}[p] }),
		"grey": &grey,
	} {
		r, err := NewResizer(src, 48, 32)
		if err != nil {
			t.Fatal(err)
		}
		small, err := r.Resize(src)
		if err != nil {
			t.Fatal(err)
		}
		var a, b [3 * 48 * 32]float32
		v := View{W: 48, H: 32}
		if err := src.Sample(a[:], 48*32, v); err != nil {
			t.Fatal(err)
		}
		if err := small.Sample(b[:], 48*32, v); err != nil {
			t.Fatal(err)
		}
		var worst float64
		for i := range a {
			if x, y := i%48, i/48%32; x < 2 || x > 45 || y < 2 || y > 29 {
				continue // chroma ends before the picture does
			}
			worst = max(worst, math.Abs(float64(a[i]-b[i])))
		}
		if worst > 3./255 { // three roundings to 8 bits
			t.Errorf("%s: off by %.1f levels", name, worst*255)
		}
	}
}

func TestResizeErrors(t *testing.T) {
	im := Image{W: 8, H: 8, Strides: [3]int{8}, Planes: [3][]byte{make([]byte, 64)}}
	if _, err := NewResizer(&im, 5, 4); err == nil {
		t.Error("an odd width gives no error")
	}
	r, err := NewResizer(&im, 4, 4)
	if err != nil {
		t.Fatal(err)
	}
	other := im
	other.FullRange = true
	if _, err := r.Resize(&other); err == nil {
		t.Error("a picture of another kind gives no error")
	}
}
