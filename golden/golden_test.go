package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/nn/device"
)

// operation is one thing that cases of a method check.
type operation struct {
	name string
	// fits tells, by parameters and expected names, whether a case without
	// params.op is of this operation; nil where cases name it.
	fits func(c *Case) bool
	// run computes the expected values, and may compute more, by clvid's own
	// code in the given element type.
	run func(c *Case, dtype device.DType) (Values, error)
	// single says that the same code also exists in float32.
	single bool
}

// methods lists what is built, one line a method. A method's operations stand
// in a file of its name.
var methods = map[string][]operation{
	"barlow_twins":      barlowTwinsOperations,
	"byol":              byolOperations,
	"clip":              clipOperations,
	"cvrl":              cvrlOperations,
	"dino":              dinoOperations,
	"enc-bert":          bertOperations,
	"enc-c3d":           encoderOperations,
	"enc-clip-text":     clipTextOperations,
	"enc-mc3-18":        encoderOperations,
	"enc-mvit":          mvitOperations,
	"enc-r21d-mini":     encoderOperations,
	"enc-r2plus1d-18":   encoderOperations,
	"enc-r3d-18":        encoderOperations,
	"enc-r3d-mini":      encoderOperations,
	"enc-resnet18":      encoderOperations,
	"enc-resnet50":      encoderOperations,
	"enc-s3d":           encoderOperations,
	"enc-s3dg":          encoderOperations,
	"enc-slowfast":      encoderOperations,
	"enc-timesformer":   timeSformerOperations,
	"enc-x3d":           encoderOperations,
	"knn-eval":          knnOperations,
	"linear-probe":      linearProbeOperations,
	"log-mel":           logMelOperations,
	"moco_v1":           mocoOperations,
	"moco_v2":           mocoOperations,
	"moco_v3":           mocoV3Operations,
	"pace-prediction":   paceOperations,
	"retrieval-metrics": retrievalOperations,
	"rho-contrastive":   rhoOperations,
	"simclr":            simCLROperations,
	"simclr_v2":         simCLRv2Operations,
	"simsiam":           simSiamOperations,
	"swav":              swAVOperations,
	"vicreg":            vicRegOperations,
	"video-retrieval":   videoRetrievalOperations,
	"video-sampling":    samplingOperations,
}

// find returns the operation that a case checks, or the name of what is
// missing.
func find(c *Case) (*operation, string) {
	op := c.Params.Op()
	for _, o := range methods[c.Method] {
		if op == o.name || op == "" && o.fits != nil && o.fits(c) {
			return &o, ""
		}
	}
	if op == "" {
		return nil, c.Method
	}
	return nil, c.Method + "/" + op
}

// folder is CLVID_GOLDEN, or testdata/golden; relative paths count from the
// module's root.
func folder() string {
	dir := os.Getenv("CLVID_GOLDEN")
	if dir == "" {
		dir = filepath.Join("testdata", "golden")
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(sharedtest.Root(), dir)
	}
	return dir
}

// TestGolden runs every case below the folder in float64, at the tolerance of
// its file. What is not built is skipped by name.
func TestGolden(t *testing.T) {
	paths, err := Find(folder())
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("golden: no case below %s: set CLVID_GOLDEN to a folder of them", folder())
	}
	for _, path := range paths {
		c, err := Load(path)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Run(c.Method+"/"+c.Name, func(t *testing.T) {
			o, missing := find(c)
			if o == nil {
				t.Skipf("golden: %s is not built", missing)
			}
			if testing.Short() && os.Getenv("CLVID_GOLDEN") == "" && strings.HasPrefix(c.Method, "enc-") {
				t.Skip("golden: whole encoders take seconds each: run without -short")
			}
			check(t, c, o, device.Float64, func(string) float64 { return c.Tolerance })
		})
	}
}

// TestSinglePrecision runs the cases of this repository through the float32
// kernels that training uses, at the tolerance that float32 allows: 1e-4, and
// 1e-3 for gradients, for deep networks, and where small temperatures magnify
// the rounding of cosines.
func TestSinglePrecision(t *testing.T) {
	paths, err := Find(filepath.Join(sharedtest.Root(), "testdata", "golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		c, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		o, _ := find(c)
		if o == nil || !o.single || testing.Short() && strings.HasPrefix(c.Method, "enc-") {
			continue
		}
		t.Run(c.Method+"/"+c.Name, func(t *testing.T) {
			check(t, c, o, device.Float32, func(name string) float64 { return singleTolerance(c, name) })
		})
	}
}

// sensitive are encoders of a hundred norms, the last of which see a handful of
// values a channel in their cases: training enlarges the rounding of float32
// some ten times more than in others, by any kernels.
var sensitive = map[string]bool{"enc-s3dg": true, "enc-slowfast": true, "enc-x3d": true}

func singleTolerance(c *Case, name string) float64 {
	for _, loose := range []string{"t001", "scale100"} {
		if strings.Contains(c.Name, loose) {
			return 1e-3
		}
	}
	if sensitive[c.Method] && !strings.HasSuffix(name, "_eval") {
		return 1e-2
	}
	if strings.HasPrefix(name, "grad") || strings.HasPrefix(c.Method, "enc-") {
		return 1e-3
	}
	return 1e-4
}

func check(t *testing.T, c *Case, o *operation, dtype device.DType, tolerance func(string) float64) {
	t.Helper()
	if len(c.Expected) == 0 {
		t.Fatal("golden: the case expects nothing")
	}
	defer func() {
		// Shapes that do not fit panic in nn/op; one such case must not hide the others.
		if p := recover(); p != nil {
			t.Fatalf("golden: %v", p)
		}
	}()
	got, err := o.run(c, dtype)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range CompareAll(got, c.Expected, tolerance) {
		t.Error(err)
	}
}

// TestDispatch holds that a case is found by what it says, not by its name.
func TestDispatch(t *testing.T) {
	for _, tc := range []struct{ method, params, want, missing string }{
		{"simclr", `{"op":"ntxent"}`, "ntxent", ""},
		{"simclr", `{"op":"augment_ops"}`, "augment_ops", ""},
		{"simclr", `{"op":"cutmix"}`, "", "simclr/cutmix"},
		{"byol", `{"op":"byol_loss"}`, "", "byol/byol_loss"},
		{"cvrl", `{"sequence_length":3,"num_steps":1,"stride":1}`, "interval", ""},
		{"cvrl", `{"temperature":0.1}`, "", "cvrl"},
		{"pace-prediction", `{}`, "", "pace-prediction"},
		{"jigsaw", `{}`, "", "jigsaw"},
	} {
		c := &Case{Method: tc.method, Name: "ntxent_interval_loss"}
		if err := unmarshal(tc.params, &c.Params); err != nil {
			t.Fatal(err)
		}
		o, missing := find(c)
		got := ""
		if o != nil {
			got = o.name
		}
		if got != tc.want || missing != tc.missing {
			t.Errorf("%s %s: found %q, missing %q", tc.method, tc.params, got, missing)
		}
	}
}

// expects tells whether all names are expected.
func (c *Case) expects(names ...string) bool {
	for _, n := range names {
		if _, ok := c.Expected[n]; !ok {
			return false
		}
	}
	return true
}

// input returns an input that must be there.
func (c *Case) input(name string) (Tensor, error) {
	t, ok := c.Inputs[name]
	if !ok {
		return t, fmt.Errorf("golden: input %s is missing", name)
	}
	return t, nil
}
