package checkpoint

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The bytes are written by hand, after the standards of the types.
func TestEveryType(t *testing.T) {
	for d, tc := range map[DType]struct {
		data string
		want []float64
	}{
		F64:  {"\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0", []float64{1.5, -2}},
		F32:  {"\x00\x00\xc0\x3f\x00\x00\x80\xff", []float64{1.5, math.Inf(-1)}},
		F16:  {"\x00\x3e\x01\x00", []float64{1.5, 0x1p-24}},
		BF16: {"\xc0\x3f\x80\x7f", []float64{1.5, math.Inf(1)}},
		I64:  {"\xfe\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x01\x00\x00\x00", []float64{-2, 1 << 32}},
		I32:  {"\xfe\xff\xff\xff\x00\x00\x01\x00", []float64{-2, 1 << 16}},
		I16:  {"\xfe\xff\x00\x01", []float64{-2, 256}},
		I8:   {"\xfe\x7f", []float64{-2, 127}},
		U8:   {"\xfe\x7f", []float64{254, 127}},
		Bool: {"\x00\x01", []float64{0, 1}},
	} {
		header := fmt.Sprintf(`{"a":{"dtype":"%s","shape":[2],"data_offsets":[0,%d]}}`, d, len(tc.data))
		path := filepath.Join(t.TempDir(), "w")
		if err := os.WriteFile(path, raw(header, tc.data), 0o644); err != nil {
			t.Fatal(err)
		}
		f := open(t, path)
		got, err := f.Float64s("a")
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("%s as float64: %v %s", d, err, diff)
		}
		narrow, err := f.Float32s("a")
		if diff := cmp.Diff([]float32{float32(tc.want[0]), float32(tc.want[1])}, narrow); err != nil || diff != "" {
			t.Errorf("%s as float32: %v %s", d, err, diff)
		}
		whole := make([]int64, 2)
		err = f.CopyI64("a", whole)
		if d.isFloat() != (err != nil) || !d.isFloat() && float64(whole[1]) != tc.want[1] {
			t.Errorf("%s as int64: %v, %v", d, whole, err)
		}
	}
}

// All 65,536 halves against their definition: fraction times a power of two.
func TestHalf(t *testing.T) {
	for bits := range 1 << 16 {
		exponent, fraction := bits>>10&31, float64(bits&1023)
		want := math.Ldexp(1+fraction/1024, exponent-15)
		switch {
		case exponent == 0:
			want = math.Ldexp(fraction/1024, -14)
		case exponent == 31 && fraction == 0:
			want = math.Inf(1)
		case exponent == 31:
			want = math.NaN()
		}
		if bits>>15 == 1 {
			want = -want
		}
		got := halfToFloat32(uint16(bits))
		if float64(got) != want && !(math.IsNaN(want) && got != got) || math.Signbit(float64(got)) != (bits>>15 == 1) {
			t.Fatalf("half %04x is %v, want %v", bits, got, want)
		}
	}
}

func TestCopyRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	if err := WriteSafetensors(path, sample(), nil); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	_, absent := f.Float32s("fc.weight")
	_, too := f.Float64s("fc.bias")
	for want, err := range map[string]error{
		`no tensor "fc.weight"`:                    absent,
		`no tensor "fc.bias"`:                      too,
		`no tensor "steps"`:                        f.CopyI64("steps", nil),
		`"a.double" holds F64, want whole numbers`: f.CopyI64("a.double", make([]int64, 2)),
		`conv1.weight" has 6 elements, want 5`:     f.CopyF32("layer1.0.conv1.weight", make([]float32, 5)),
		`"num_batches_tracked" has 1 elements, wa`: f.CopyI64("num_batches_tracked", make([]int64, 2)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.CopyF32("bytes", make([]float32, 3)); err == nil || !strings.Contains(err.Error(), "is closed") {
		t.Errorf("a closed file was read: %v", err)
	}
}
