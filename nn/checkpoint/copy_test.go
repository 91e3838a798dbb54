package checkpoint

import (
	"math"
	"strings"
	"testing"
)

func TestCopy(t *testing.T) {
	f := &File{Tensors: sample()}
	f32, f64, i64 := make([]float32, 6), make([]float64, 2), make([]int64, 1)
	for _, err := range []error{
		f.CopyF32("layer1.0.conv1.weight", f32), f.CopyF64("a.double", f64), f.CopyI64("num_batches_tracked", i64),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if f32[2] != 3.5 || f64[0] != math.Pi || i64[0] != math.MinInt64 {
		t.Errorf("got %v %v %v", f32, f64, i64)
	}
}

func TestCopyRefuses(t *testing.T) {
	f := &File{Tensors: sample()}
	for want, err := range map[string]error{
		`no tensor "fc.weight"`:                    f.CopyF32("fc.weight", nil),
		`no tensor "fc.bias"`:                      f.CopyF64("fc.bias", nil),
		`no tensor "steps"`:                        f.CopyI64("steps", nil),
		`"a.double" has another element type`:      f.CopyF32("a.double", make([]float32, 2)),
		`"num_batches_tracked" has another`:        f.CopyF64("num_batches_tracked", make([]float64, 1)),
		`"ids" has another element type`:           f.CopyI64("ids", make([]int64, 2)),
		`conv1.weight" has 6 elements, want 5`:     f.CopyF32("layer1.0.conv1.weight", make([]float32, 5)),
		`"num_batches_tracked" has 1 elements, wa`: f.CopyI64("num_batches_tracked", make([]int64, 2)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}
