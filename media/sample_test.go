package media

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomPicture makes a random picture; sub is {-1,-1} for grey.
func randomPicture(rng *rand.Rand, w, h int, subX, subY int8, rgb, full bool, m ColourMatrix) *Image {
	im := &Image{W: w, H: h, RGB: rgb, FullRange: full, Matrix: m}
	if subX >= 0 {
		im.SubX, im.SubY = uint8(subX), uint8(subY)
	}
	for p := range im.Planes {
		pw, ph := w, h
		if p > 0 {
			if subX < 0 {
				break
			}
			pw, ph = subsampled(w, im.SubX), subsampled(h, im.SubY)
		}
		im.Strides[p] = pw + 3
		im.Planes[p] = make([]byte, (pw+3)*ph)
		for i := range im.Planes[p] {
			im.Planes[p][i] = byte(rng.IntN(256))
		}
	}
	return im
}

// plainRGB is the picture as full-size R'G'B' in float64, not clamped.
func plainRGB(im *Image) func(c, x, y int) float64 {
	sample := func(p, x, y int) float64 { return float64(im.Planes[p][y*im.Strides[p]+x]) }
	if im.RGB {
		return func(c, x, y int) float64 { return sample(c, x, y) / 255 }
	}
	chroma := func(p, x, y int) float64 {
		if im.Planes[1] == nil {
			return 128
		}
		sx, sy := float64(int(1)<<im.SubX), float64(int(1)<<im.SubY)
		u, v := (float64(x)-float64(im.SiteX))/sx, (float64(y)-float64(im.SiteY))/sy
		pw, ph := (im.W+int(sx)-1)/int(sx), (im.H+int(sy)-1)/int(sy)
		at := func(i, j int) float64 { return sample(p, min(max(i, 0), pw-1), min(max(j, 0), ph-1)) }
		i, j := int(math.Floor(u)), int(math.Floor(v))
		fu, fv := u-math.Floor(u), v-math.Floor(v)
		return (1-fv)*((1-fu)*at(i, j)+fu*at(i+1, j)) + fv*((1-fu)*at(i, j+1)+fu*at(i+1, j+1))
	}
	k := map[ColourMatrix][2]float64{BT601: {.299, .114}, BT709: {.2126, .0722}, BT2020: {.2627, .0593}}[im.Matrix]
	kr, kb := k[0], k[1]
	return func(c, x, y int) float64 {
		luma := sample(0, x, y)
		cb, cr := chroma(1, x, y)-128, chroma(2, x, y)-128
		if im.FullRange {
			luma, cb, cr = luma/255, cb/255, cr/255
		} else {
			luma, cb, cr = (luma-16)/219, cb/224, cr/224
		}
		r, b := luma+2*(1-kr)*cr, luma+2*(1-kb)*cb
		switch c {
		case 0:
			return r
		case 2:
			return b
		}
		return (luma - kr*r - kb*b) / (1 - kr - kb)
	}
}

// plainSample resizes with plain loops over the crop: Pillow's filter.
func plainSample(im *Image, v View, c, x, y int) float64 {
	crop := v.Crop
	if crop == (Rect{}) {
		crop = Rect{0, 0, float64(im.W), float64(im.H)}
	}
	if v.Flip {
		x = v.W - 1 - x
	}
	rgb := plainRGB(im)
	weight := func(p int, centre, scale float64) float64 {
		return math.Max(0, 1-math.Abs(float64(p)+.5-centre)/math.Max(1, scale))
	}
	sx, sy := crop.W/float64(v.W), crop.H/float64(v.H)
	cx, cy := crop.X+(float64(x)+.5)*sx, crop.Y+(float64(y)+.5)*sy
	var sum, total float64
	for j := int(math.Floor(crop.Y)); j < int(math.Ceil(crop.Y+crop.H)); j++ {
		for i := int(math.Floor(crop.X)); i < int(math.Ceil(crop.X+crop.W)); i++ {
			if w := weight(i, cx, sx) * weight(j, cy, sy); w > 0 {
				sum += w * rgb(c, i, j)
				total += w
			}
		}
	}
	value := math.Min(1, math.Max(0, sum/total))
	if v.Std != [3]float32{} {
		value = (value - float64(v.Mean[c])) / float64(v.Std[c])
	}
	return value
}

func TestSampleAgainstPlainLoops(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	norm := View{W: 9, H: 7, Mean: [3]float32{.4, .5, .6}, Std: [3]float32{.2, .3, .25}}
	views := []View{
		{W: 16, H: 12}, {W: 48, H: 36}, {W: 33, H: 21}, {W: 1, H: 1}, norm,
		{W: 8, H: 8, Crop: Rect{3, 5, 17, 11}, Flip: true},
		{W: 20, H: 20, Crop: Rect{30, 20, 3, 4}},
		{W: 10, H: 11, Crop: Rect{2.25, 3.5, 20.75, 15.3}, Flip: true},
	}
	for _, f := range []struct {
		name       string
		subX, subY int8
		rgb, full  bool
		m          ColourMatrix

		siteX, siteY float32
	}{
		{"420 left 601", 1, 1, false, false, BT601, 0, .5}, {"420 centre 709 full", 1, 1, false, true, BT709, .5, .5},
		{"420 top left", 1, 1, false, false, BT709, 0, 0}, {"420 bottom", 1, 1, false, false, BT2020, .5, 1},
		{"420 mirrored, odd", 1, 1, false, false, BT601, -.5, 1}, {"422 2020", 1, 0, false, false, BT2020, 0, 0},
		{"440 left", 0, 1, false, false, BT601, 0, .5}, {"444 709", 0, 0, false, false, BT709, 0, 0},
		{"410 601", 2, 2, false, false, BT601, 0, 1.5}, {"411 full", 2, 0, false, true, BT601, 1.5, 0},
		{"rgb", 0, 0, true, true, BT601, 0, 0}, {"grey", -1, -1, false, false, BT601, 0, 0}, {"grey full", -1, -1, false, true, BT601, 0, 0},
	} {
		for _, size := range [][2]int{{33, 25}, {64, 48}} {
			if testing.Short() && size[0] == 64 {
				continue
			}
			im := randomPicture(rng, size[0], size[1], f.subX, f.subY, f.rgb, f.full, f.m)
			im.SiteX, im.SiteY = f.siteX, f.siteY
			for i, v := range views {
				t.Run(fmt.Sprintf("%s/%dx%d/%d", f.name, size[0], size[1], i), func(t *testing.T) { sampleLikePlain(t, im, v) })
			}
		}
	}
}

func sampleLikePlain(t *testing.T, im *Image, v View) {
	// float32 weights and sums of at most a few hundred terms in 0..255,
	// divided by 255 and, normalised, by .2.
	const tolerance = 5e-6
	stride := v.W*v.H + 5
	got := make([]float32, 3*stride)
	if err := im.Sample(got, stride, v); err != nil {
		t.Fatal(err)
	}
	for c := range 3 {
		for y := range v.H {
			for x := range v.W {
				want := plainSample(im, v, c, x, y)
				if g := float64(got[c*stride+y*v.W+x]); math.Abs(g-want) > tolerance {
					t.Fatalf("view %+v: channel %d at (%d,%d) is %g, want %g", v, c, x, y, g, want)
				}
			}
		}
	}
}

func TestClipSampleLayout(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	clip := &Clip{Video: "a.mp4", Frames: []*Frame{
		{Image: *randomPicture(rng, 20, 16, 1, 1, false, false, BT601)},
		{Image: *randomPicture(rng, 20, 16, 1, 1, false, false, BT601)},
		{Image: *randomPicture(rng, 31, 9, 0, 0, true, true, BT601)}, // the size may change in mid-stream
	}}
	v := View{W: 5, H: 4}
	all := make([]float32, 3*3*20)
	if err := clip.Sample(all, v); err != nil {
		t.Fatal(err)
	}
	one := make([]float32, 3*20)
	for f, frame := range clip.Frames {
		if err := frame.Sample(one, 20, v); err != nil {
			t.Fatal(err)
		}
		for c := range 3 {
			for i := range 20 {
				if all[(c*3+f)*20+i] != one[c*20+i] {
					t.Fatalf("frame %d channel %d value %d is not in place", f, c, i)
				}
			}
		}
	}
}

func TestSampleErrors(t *testing.T) {
	im := randomPicture(rand.New(rand.NewPCG(1, 1)), 20, 16, 1, 1, false, false, BT601)
	clip := &Clip{Video: "a.mp4", Frames: []*Frame{{Index: 7, Image: *im}}}
	for _, tc := range []struct {
		v    View
		room int
		want string
	}{
		{View{W: 0, H: 4}, 48, "view of 0x4 pixels, want at least 1x1"},
		{View{W: 4, H: 4}, 47, "media: sample clip a.mp4: room for 47 values, want 3x1x4x4 = 48"},
		{View{W: 4, H: 4, Crop: Rect{X: 10, W: 11, H: 16}}, 48, "media: sample clip a.mp4: frame 7: crop 11x16 at (10,0) is not within the picture of 20x16"},
		{View{W: 4, H: 4, Crop: Rect{X: math.NaN(), W: 11, H: 16}}, 48, "not within"},
		{View{W: 4, H: 4, Std: [3]float32{1, 0, 1}}, 48, "standard deviation 0 of channel 1"},
	} {
		err := clip.Sample(make([]float32, tc.room), tc.v)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: error %v, want %q", tc.v, err, tc.want)
		}
	}
}

func TestNRGBA(t *testing.T) {
	im := &Image{W: 2, H: 1, RGB: true, Planes: [3][]byte{{255, 0}, {128, 1}, {7, 254}}, Strides: [3]int{2, 2, 2}}
	if got, want := im.NRGBA().Pix, []byte{255, 128, 7, 255, 0, 1, 254, 255}; string(got) != string(want) {
		t.Errorf("pixels %v, want %v", got, want)
	}
	grey := &Image{W: 1, H: 1, Planes: [3][]byte{{126}}, Strides: [3]int{1}} // limited range
	if got := grey.NRGBA().Pix; got[0] != 128 || got[1] != 128 || got[2] != 128 {
		t.Errorf("grey 126 of 16..235 is %v, want 128", got)
	}
}

func BenchmarkSampleClip(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, bc := range []struct{ t, w, h, out int }{{8, 64, 64, 48}, {16, 320, 240, 112}} {
		clip := &Clip{}
		for range bc.t {
			clip.Frames = append(clip.Frames, &Frame{Image: *randomPicture(rng, bc.w, bc.h, 1, 1, false, false, BT601)})
		}
		dst := make([]float32, 3*bc.t*bc.out*bc.out)
		b.Run(fmt.Sprintf("%dx%dx%d_to_%d", bc.t, bc.w, bc.h, bc.out), func(b *testing.B) {
			for b.Loop() {
				if err := clip.Sample(dst, View{W: bc.out, H: bc.out, Mean: [3]float32{.4, .4, .4}, Std: [3]float32{.2, .2, .2}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestFitShort(t *testing.T) {
	for _, tc := range []struct{ w, h, short, step, wantW, wantH int }{
		{640, 480, 128, 2, 170, 128}, // 170.67 is nearest to 170 of the even numbers
		{480, 640, 128, 2, 128, 170},
		{853, 480, 112, 1, 199, 112},
		{100, 80, 128, 1, 100, 80}, // nothing grows
		{101, 81, 128, 2, 100, 80},
		{101, 81, 0, 2, 100, 80},
		{1024, 2, 1, 2, 512, 2},
		{1, 1, 0, 2, 2, 2},
	} {
		if w, h := FitShort(tc.w, tc.h, tc.short, tc.step); w != tc.wantW || h != tc.wantH {
			t.Errorf("FitShort(%d, %d, %d, %d) = %d, %d, want %d, %d", tc.w, tc.h, tc.short, tc.step, w, h, tc.wantW, tc.wantH)
		}
	}
}

// Where the picture's size changes, a crop is the same part of each.
func TestSampleOfChangingSize(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	a, b := randomPicture(rng, 64, 48, 1, 1, false, false, BT601), randomPicture(rng, 32, 32, 1, 1, false, false, BT601)
	clip := &Clip{Frames: []*Frame{{Image: *a}, {Index: 1, Image: *b}}}
	got := make([]float32, 3*2*64)
	if err := clip.Sample(got, View{W: 8, H: 8, Crop: Rect{X: 32, Y: 12, W: 32, H: 24}}); err != nil {
		t.Fatal(err)
	}
	want := make([]float32, 3*64)
	if err := b.Sample(want, 64, View{W: 8, H: 8, Crop: Rect{X: 16, Y: 8, W: 16, H: 16}}); err != nil {
		t.Fatal(err)
	}
	for c := range 3 {
		near(t, "second picture", got[(2*c+1)*64:][:64], want[c*64:][:64], 1e-6)
	}
}
