package golden

import (
	"fmt"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/nn/device"
)

// augmentOps runs each operation of SimCLR's augmentation on one picture.
// clvid's pixels are float32, which the tolerance of 1e-6 of values up to 1
// allows for.
func augmentOps(c *Case, _ device.DType) (Values, error) {
	p := struct {
		KernelSize int        `json:"kernel_size"`
		Sigma      float64    `json:"sigma"`
		Strength   float64    `json:"strength"`
		Contrast   float64    `json:"contrast_factor"`
		Brightness float64    `json:"brightness_factor"`
		Grey       [3]float64 `json:"gray_weights"`
		Threshold  float64    `json:"solarize_threshold"`
	}{Grey: media.SimCLRGrey, Threshold: .5}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	image, err := c.input("image_hwc")
	if err != nil {
		return nil, err
	}
	if len(image.Shape) != 3 || image.Shape[2] != 3 {
		return nil, fmt.Errorf("golden: a picture of shape %v, want (H,W,3)", image.Shape)
	}
	kernel := media.GaussianKernel(p.KernelSize/2, p.Sigma)
	values := Values{"blur_kernel": Numbers(mirrored(kernel), 2*len(kernel)-1)}
	for name, change := range map[string]func(media.Pixels){
		"blur":       func(x media.Pixels) { x.Blur(kernel, media.EdgeZero) },
		"grayscale":  func(x media.Pixels) { x.Grey(p.Grey) },
		"contrast":   func(x media.Pixels) { x.Contrast(p.Contrast, x.Mean()) },
		"brightness": func(x media.Pixels) { x.Brightness(p.Brightness) },
		"solarize":   func(x media.Pixels) { x.Solarise(p.Threshold) },
	} {
		x := pixels(image)
		change(x)
		values[name] = hwc(x)
	}
	j := media.SimCLRJitter(p.Strength)
	values["jitter_ranges"] = Numbers([]float64{
		j.Brightness[0], j.Brightness[1], j.Contrast[0], j.Contrast[1], j.Saturation[0], j.Saturation[1], j.Hue[0], j.Hue[1],
	}, 8)
	return values, nil
}

// mirrored is a whole kernel of its middle and right half.
func mirrored(half []float32) []float32 {
	var whole []float32
	for k := len(half) - 1; k > 0; k-- {
		whole = append(whole, half[k])
	}
	return append(whole, half...)
}

// pixels is a picture (H,W,3) as planes.
func pixels(t Tensor) media.Pixels {
	n := t.Shape[0] * t.Shape[1]
	p := media.Pixels{Data: make([]float32, 3*n), T: 1, H: t.Shape[0], W: t.Shape[1]}
	for i, v := range t.Data {
		p.Data[i%3*n+i/3] = float32(v)
	}
	return p
}

func hwc(p media.Pixels) Tensor {
	n := p.H * p.W
	data := make([]float32, 3*n)
	for i := range data {
		data[i] = p.Data[i%3*n+i/3]
	}
	return Numbers(data, p.H, p.W, 3)
}
