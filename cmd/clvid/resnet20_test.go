package main

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/avdecode"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/plan"
)

// The published weights were trained on RGB/255 with these moments.
var cifarMean, cifarStd = [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}

const cifarPixels = 32 * 32

// TestPublishedResNet20 runs published weights: one image of known logits,
// computed by a separate program, and the accuracy on a thousand.
func TestPublishedResNet20(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes and classifies 1000 images")
	}
	shared := sharedtest.Dir(t)
	classify := openResNet20(t, filepath.Join(shared, "data/weights/resnet20-cifar10.safetensors"), 100)

	batch := make([]float32, 100*3*cifarPixels)
	for i := range 3 * cifarPixels { // byte i of interleaved RGB is 37·i
		c := i % 3
		batch[c*cifarPixels+i/3] = (float32(byte(37*i))/255 - cifarMean[c]) / cifarStd[c]
	}
	want := []float64{-13.4626, -0.8688, -5.4429, -1.6669, -4.2478, -4.6248, 7.6526, -5.2628, 21.4263, 6.5333}
	for i, got := range classify(batch)[:10] {
		if math.Abs(float64(got)-want[i]) > 1e-3 {
			t.Errorf("logit %d is %g, want %g", i, got, want[i])
		}
	}

	images := cifarTest(t, filepath.Join(shared, "data/images/cifar10/images.csv"))
	right := 0
	for some := range slices.Chunk(images, 100) {
		for i, image := range some {
			readImage(t, image.Path, batch[i*3*cifarPixels:(i+1)*3*cifarPixels])
		}
		logits := classify(batch)
		for i, image := range some {
			if row := logits[10*i : 10*i+10]; slices.Index(row, slices.Max(row)) == image.Class {
				right++
			}
		}
	}
	// Decoders of JPEG round differently: half a percent is allowed.
	if len(images) != 1000 || right < 802 || right > 812 {
		t.Errorf("%d of %d images are right, want 807 of 1000", right, len(images))
	}
}

// openResNet20 returns a function from images (N,3,32,32) to logits (N,10).
func openResNet20(t *testing.T, weights string, batch int) func(images []float32) []float32 {
	t.Helper()
	entry, err := encoder.Builtin().Lookup("encoder", "resnet20-cifar")
	if err != nil {
		t.Fatal(err)
	}
	g, store := gorgonia.NewGraph(), nn.NewStore(device.Float32)
	s := nn.NewScope(g, store, 1)
	x := nn.Input(g, "images", device.Float32, batch, 3, 32, 32)
	logits := nn.Linear(s.Sub(entry.Classifier), entry.Build(s, x, encoder.Default()), 10, true)
	if err := eval.Load(weights, store, ""); err != nil {
		t.Fatal(err)
	}
	be, err := cpu.Open(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	m, err := plan.Compile(be, plan.Options{Params: store}, logits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return func(images []float32) []float32 {
		if err := m.Let(x, images); err != nil {
			t.Fatal(err)
		}
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		out, err := m.Float32s(logits)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

func cifarTest(t *testing.T, manifest string) []dataset.Item {
	t.Helper()
	set, err := dataset.Open(manifest)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(set.Items, func(it dataset.Item) bool { return it.Split != "test" })
}

func readImage(t *testing.T, path string, dst []float32) {
	t.Helper()
	v, err := avdecode.New(avdecode.Options{IndexCache: "off"}).Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	clips, err := v.Clips(t.Context(), media.Span{N: 1, Stride: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := clips[0].Sample(dst, media.View{W: 32, H: 32, Mean: cifarMean, Std: cifarStd}); err != nil {
		t.Fatal(err)
	}
}
