package encoder

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/plan"
)

// A clip's features are the mean of its frames', and its stages are theirs.
func TestClipsGoFrameByFrame(t *testing.T) {
	be, err := cpu.Open(cpu.Options{Threads: 1, Library: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	const frames, size = 3, 8 * 8
	store := nn.NewStore(device.Float64)
	clip := make([]float64, 2*3*frames*size)
	for i := range clip {
		clip[i] = math.Sin(float64(i * i))
	}
	e, c := resNet20CIFAREntry, Config{Width: 4}
	features, maps := evaluate(t, be, store, e, c, clip, 2, 3, frames, 8, 8)
	for n := range 2 {
		mean := make([]float64, e.Features(c))
		for f := range frames {
			var image []float64
			for channel := range 3 {
				from := ((n*3+channel)*frames + f) * size
				image = append(image, clip[from:from+size]...)
			}
			frame, stem := evaluate(t, be, store, e, c, image, 1, 3, 8, 8)
			for d := range mean {
				mean[d] += frame[d] / frames
			}
			// Channel 1 of the stem's map of this frame.
			from := ((n*4+1)*frames + f) * size
			near(t, maps[from:from+size], stem[size:2*size])
		}
		near(t, features[n*len(mean):(n+1)*len(mean)], mean)
	}
}

// evaluate returns features and the stem's map.
func evaluate(t *testing.T, be device.Backend, store *nn.Store, e Entry, c Config, x []float64, shape ...int) (features, stem []float64) {
	t.Helper()
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, store, 1)
	in := nn.Input(g, "input", device.Float64, shape...)
	f, m := e.Build(s, in, c), e.Stages(s.Shared(), in, c)[0]
	machine, err := plan.Compile(be, plan.Options{Params: store}, f, m)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	if err := machine.Let(in, x); err != nil {
		t.Fatal(err)
	}
	if err := machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	read := func(n *gorgonia.Node) []float64 {
		v, err := machine.Float64s(n)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(v)
	}
	return read(f), read(m)
}

func near(t *testing.T, got, want []float64) {
	t.Helper()
	for i, w := range want {
		if !(math.Abs(got[i]-w) < 1e-12) {
			t.Fatalf("entry %d is %g, want %g", i, got[i], w)
		}
	}
}

// The frames of published configurations, as pytorchvideo takes them.
func TestSlowFrames(t *testing.T) {
	for _, tc := range []struct {
		frames, alpha int
		want          []int
	}{
		{32, 4, []int{0, 4, 8, 13, 17, 22, 26, 31}},
		{32, 8, []int{0, 10, 20, 31}},
		{16, 8, []int{0, 15}},
		{8, 8, []int{0}},
	} {
		if got := slowFrames(tc.frames, tc.alpha); !slices.Equal(got, tc.want) {
			t.Errorf("%d frames, alpha %d: %v, want %v", tc.frames, tc.alpha, got, tc.want)
		}
	}
}

// SimCLRv2's variants have the sizes of the plain network.
func TestResNetVariants(t *testing.T) {
	for _, tc := range []struct {
		c    Config
		size int
		want [2]int // sizes of stem and last map
	}{
		{Config{Pool: true}, 64, [2]int{16, 2}},
		{Config{Pool: true, SKRatio: 0.0625}, 64, [2]int{16, 2}},
		{Config{Pool: true, SKRatio: 0.0625}, 65, [2]int{17, 3}},
		{Config{}, 64, [2]int{32, 4}},
		{Config{Pool: true, CIFARStem: true}, 32, [2]int{32, 4}},
		{Config{Pool: true, CIFARStem: true, SKRatio: 0.0625}, 32, [2]int{32, 4}},
	} {
		for _, name := range []string{"resnet-18", "resnet-50"} {
			stages, _, _ := build(t, name, tc.c, 1, 3, tc.size, tc.size)
			got := [2]int{stages[0].Shape()[2], stages[len(stages)-1].Shape()[3]}
			if got != tc.want {
				t.Errorf("%s %+v on %d px: stem and last map of %v px, want %v", name, tc.c, tc.size, got, tc.want)
			}
		}
	}
}
