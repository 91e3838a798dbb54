package media

import (
	"encoding/json"
	"os"
	"testing"
)

// tvPicture is the picture of testdata/torchvision_ops.py.
func tvPicture(h, w int) Pixels {
	p := Pixels{Data: make([]float32, 3*h*w), T: 1, H: h, W: w}
	for i := range p.Data {
		p.Data[i] = float32((37*i+i*i%101+5)%256) / 255
	}
	return p
}

// tvNumbers are what torchvision made of it.
func tvNumbers(t *testing.T) (small map[string][]float32, equalised []float32) {
	t.Helper()
	data, err := os.ReadFile("testdata/torchvision_ops.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Small    map[string][]float32
		Equalise []float32
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Small, file.Equalise
}

func TestOpsMatchTorchvision(t *testing.T) {
	want, equalised := tvNumbers(t)
	ops := map[string]func(p Pixels){
		"brightness 1.4": func(p Pixels) { p.Brightness(1.4) },
		"contrast 0.6":   func(p Pixels) { p.Contrast(.6, p.GreyMean()) },
		"contrast 1.7":   func(p Pixels) { p.Contrast(1.7, p.GreyMean()) },
		"saturation 0.3": func(p Pixels) { p.Saturation(.3) },
		"saturation 1.8": func(p Pixels) { p.Saturation(1.8) },
		"hue 0.1":        func(p Pixels) { p.Hue(.1) },
		"hue -0.37":      func(p Pixels) { p.Hue(-.37) },
		"hue 0.5":        func(p Pixels) { p.Hue(.5) },
		"grey":           func(p Pixels) { p.Grey(SimCLRGrey) },
		"blur 5 0.9":     func(p Pixels) { p.Blur(GaussianKernel(2, .9), EdgeReflect) },
		"blur 7 2.1":     func(p Pixels) { p.Blur(GaussianKernel(3, 2.1), EdgeReflect) },
		"sharpness 1.6":  func(p Pixels) { p.sharpen(1.6) },
		"sharpness 0.2":  func(p Pixels) { p.sharpen(.2) },
		"solarise 0.6":   func(p Pixels) { p.Solarise(.6) },
		"auto-contrast": func(p Pixels) {
			for i, x := range p.Data {
				p.Data[i] = x*.5 + .2
			}
			p.autoContrast()
		},
		"posterise 3":    func(p Pixels) { p.posterise(3) },
		"shear-x 0.21":   func(p Pixels) { p.warp(shear(.21, 0)) },
		"shear-y -0.29":  func(p Pixels) { p.warp(shear(0, -.29)) },
		"translate-x 2":  func(p Pixels) { p.warp(translation(2, 0)) },
		"translate-y -1": func(p Pixels) { p.warp(translation(0, -1)) },
		"rotate 23":      func(p Pixels) { p.warp(rotation(23, p.W, p.H)) },
		"rotate -11":     func(p Pixels) { p.warp(rotation(-11, p.W, p.H)) },
	}
	if len(want) != len(ops) {
		t.Errorf("%d operations in the file, %d here", len(want), len(ops))
	}
	for name, change := range ops {
		p := tvPicture(5, 6)
		change(p)
		// Hue divides by the chroma, of which 8 bits make 1/255 and more.
		near(t, name, p.Data, want[name], 3e-6)
	}
	p := tvPicture(20, 30)
	for i := range p.Data {
		p.Data[i] = float32(level(p.Data[i])/4+90) / 255
		equalised[i] /= 255
	}
	p.equalise()
	near(t, "equalise", p.Data, equalised, 1e-6)
}

// Statistics are those of all frames: a video in which only one frame is dark is
// stretched by one rule.
func TestOpsTreatFramesAlike(t *testing.T) {
	one := noise(8, 1, 6, 7)
	for name, change := range map[string]func(Pixels){
		"contrast": func(p Pixels) { p.Contrast(.5, p.GreyMean()) }, "auto-contrast": Pixels.autoContrast, "equalise": Pixels.equalise,
		"rotate": func(p Pixels) { p.warp(rotation(20, p.W, p.H)) }, "sharpness": func(p Pixels) { p.sharpen(1.5) },
		"hue": func(p Pixels) { p.Hue(.2) }, "posterise": func(p Pixels) { p.posterise(2) },
	} {
		still := Pixels{Data: make([]float32, 3*4*42), T: 4, H: 6, W: 7}
		for c := range 3 {
			for s := range 4 {
				copy(still.Plane(c, s), one.Plane(c, 0))
			}
		}
		alone := one.clone()
		change(alone)
		change(still)
		for c := range 3 {
			for s := range 4 {
				near(t, name, still.Plane(c, s), alone.Plane(c, 0), 1e-5)
			}
		}
	}
}
