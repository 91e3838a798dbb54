package bench

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/encoder"
)

func small(t *testing.T, batch int) StepConfig {
	t.Helper()
	e, err := encoder.Builtin().Lookup("encoder", "r3d-10")
	if err != nil {
		t.Fatal(err)
	}
	return StepConfig{Encoder: e, Options: encoder.Config{Width: 4}, Frames: 4, Size: 32, Batch: batch, Threads: 2, Warmup: 1, Steps: 3, Seed: 5}
}

func open(t *testing.T, library string) device.Backend {
	t.Helper()
	be, err := cpu.Open(cpu.Options{Threads: 2, Library: library})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	return be
}

func TestMeasure(t *testing.T) {
	be := open(t, "")
	s, err := NewStep(be, small(t, 8))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Measure(t.Context(), be)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.StepSeconds) != 3 || r.StepMin <= 0 || r.StepMedian < r.StepMin {
		t.Errorf("times %v, least %g, median %g", r.StepSeconds, r.StepMin, r.StepMedian)
	}
	if r.PeakRSS < r.ArenaBytes || r.ArenaBytes == 0 || r.Kernels == 0 {
		t.Errorf("peak memory %d, arena %d bytes, %d kernels", r.PeakRSS, r.ArenaBytes, r.Kernels)
	}
	// As in TestR3D10 of nn/encoder, and 32·128+128 of the head.
	convolutions := 3*4*75 + 27*(2*4*4+(4+8)*8+(8+16)*16+(16+32)*32) + 4*8 + 8*16 + 16*32
	norms := 2 * (4 + 2*4 + 3*(8+16+32))
	if want := convolutions + norms + 33*128; r.Parameters != want || r.Features != 32 {
		t.Errorf("%d parameters, %d features: want %d and 32", r.Parameters, r.Features, want)
	}
}

// The step trains: on one batch the loss falls, and equal seeds give equal bits.
func TestStepLearnsAndRepeats(t *testing.T) {
	losses := func() (l []float64) {
		be := open(t, "none")
		s, err := NewStep(be, small(t, 4))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for range 8 {
			v, err := s.Run()
			if err != nil {
				t.Fatal(err)
			}
			l = append(l, v)
		}
		return l
	}
	a, b := losses(), losses()
	// NT-Xent starts near ln(rows-1).
	if math.Abs(a[0]-math.Log(3)) > 0.5 || a[7] > a[0]-0.05 {
		t.Errorf("loss did not fall: %v", a)
	}
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("step %d: %v and %v", i, a[i], b[i])
		}
	}
}

func TestStepErrors(t *testing.T) {
	be := open(t, "none")
	for want, change := range map[string]func(*StepConfig){
		"batch 5: want an even number":        func(c *StepConfig) { c.Batch = 5 },
		"batch 2: want an even number from 4": func(c *StepConfig) { c.Batch = 2 },
		"0 frames of 32 pixels":               func(c *StepConfig) { c.Frames = 0 },
		"0 measured steps":                    func(c *StepConfig) { c.Steps = 0 },
		"encoder_options.width":               func(c *StepConfig) { c.Options.Width = -1 },
	} {
		c := small(t, 4)
		change(&c)
		if _, err := NewStep(be, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want …%s…", err, want)
		}
	}
}

// An encoder that cannot take the clip says so in an error.
func TestStepMisfit(t *testing.T) {
	c := small(t, 4)
	c.Encoder.Build = func(_ nn.Scope, x *gorgonia.Node, _ encoder.Config) *gorgonia.Node { panic("op: conv: too short") }
	_, err := NewStep(open(t, "none"), c)
	if err == nil || !strings.Contains(err.Error(), "bench: r3d-10 on [4 3 4 32 32]: op: conv: too short") {
		t.Errorf("error %v", err)
	}
}

func TestImages(t *testing.T) {
	c := StepConfig{Encoder: encoder.Entry{Images: true}, Frames: 1, Size: 9, Batch: 4}
	if got := c.shape(); len(got) != 4 {
		t.Errorf("one frame for an encoder of images: %v", got)
	}
	c.Frames = 2
	if got := c.shape(); len(got) != 5 {
		t.Errorf("two frames: %v", got)
	}
}
