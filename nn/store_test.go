package nn_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
)

func TestInitialValuesDoNotDependOnOrder(t *testing.T) {
	values := func(seed uint64, names ...string) map[string][]float32 {
		s := nn.NewStore(device.Float32)
		got := map[string][]float32{}
		for _, name := range names {
			got[name] = s.Get(name, []int{3, 5}, nn.TorchLinear, nn.Weight, seed).F32
		}
		return got
	}
	ab, ba := values(1, "a", "b"), values(1, "b", "a")
	if !slices.Equal(ab["a"], ba["a"]) || !slices.Equal(ab["b"], ba["b"]) {
		t.Error("initial values depend on the order of creation")
	}
	if slices.Equal(ab["a"], ab["b"]) {
		t.Error("two names start with equal values")
	}
	if slices.Equal(ab["a"], values(2, "a")["a"]) {
		t.Error("two seeds start with equal values")
	}
}

// The float64 store starts where the float32 one does, up to rounding.
func TestStoreTypesAgree(t *testing.T) {
	small := nn.NewStore(device.Float32).Get("w", []int{4, 4}, nn.Normal(1), nn.Weight, 3)
	large := nn.NewStore(device.Float64).Get("w", []int{4, 4}, nn.Normal(1), nn.Weight, 3)
	for i, v := range large.F64 {
		if float32(v) != small.F32[i] {
			t.Fatalf("element %d is %g in float64, %g in float32", i, v, small.F32[i])
		}
	}
}

func TestStoreMemory(t *testing.T) {
	s := nn.NewStore(device.Float32)
	for _, n := range []int{1, 3, 17, 1000} {
		v := s.Get(strings.Repeat("x", n), []int{n}, nn.Zeros, nn.Bias, 1)
		mem, ok := s.Param(v.Name)
		if !ok || mem.Ptr%64 != 0 || mem.Bytes != int64(4*n) || mem.Ptr != uintptr(unsafe.Pointer(&v.F32[0])) {
			t.Errorf("%d elements lie at %x with %d bytes", n, mem.Ptr, mem.Bytes)
		}
	}
}

func TestStoreClash(t *testing.T) {
	s := nn.NewStore(device.Float32)
	first := s.Get("w", []int{2, 3}, nn.Ones, nn.Weight, 1)
	if again := s.Get("w", []int{2, 3}, nn.Zeros, nn.Weight, 1); again != first || again.F32[0] != 1 || s.Err() != nil {
		t.Error("a second Get of one shape makes another tensor")
	}
	s.Get("w", []int{3, 2}, nn.Ones, nn.Weight, 1)
	if err := s.Err(); err == nil || !strings.HasPrefix(err.Error(), "nn: store: w has shape [2 3], a graph asks for [3 2]") {
		t.Errorf("a clash of shapes gives %v", err)
	}
}

// Mean and deviation of 40,000 draws lie within 5 standard errors.
func TestInitialisers(t *testing.T) {
	const n = 40000
	shape := []int{100, 4, 10, 10} // fan out 100·100, fan in 4·100
	for _, tc := range []struct {
		name  string
		init  nn.Init
		std   float64
		bound float64 // of the absolute value
	}{
		{"normal", nn.Normal(0.02), 0.02, 0.02 * 6},
		{"uniform", nn.Uniform(0.3), 0.3 / math.Sqrt(3), 0.3},
		{"kaiming", nn.KaimingFanOut(math.Sqrt2), math.Sqrt(2.0 / 10000), 0.1},
		{"torch linear", nn.TorchLinear, 1 / math.Sqrt(400*3), 1 / math.Sqrt(400)},
	} {
		v := nn.NewStore(device.Float64).Get("w", shape, tc.init, nn.Weight, 1).F64
		var mean, square, largest float64
		for _, x := range v {
			mean += x / n
			square += x * x / n
			largest = max(largest, math.Abs(x))
		}
		if math.Abs(mean) > 5*tc.std/math.Sqrt(n) || math.Abs(math.Sqrt(square)/tc.std-1) > 5/math.Sqrt(n) {
			t.Errorf("%s: mean %g, deviation %g, want 0 and %g", tc.name, mean, math.Sqrt(square), tc.std)
		}
		if largest > tc.bound || largest < tc.bound/2 {
			t.Errorf("%s: largest value %g, bound %g", tc.name, largest, tc.bound)
		}
	}
}

func TestOutline(t *testing.T) {
	s := nn.NewOutline(device.Float32)
	w := s.Get("w", []int{1 << 20, 1 << 20}, nn.Normal(1), nn.Weight, 3) // 4 TB
	if w.F32 != nil || w.F64 != nil || !slices.Equal(w.Shape, []int{1 << 20, 1 << 20}) || !slices.Equal(s.Names(), []string{"w"}) {
		t.Errorf("%+v, names %v", w, s.Names())
	}
	if _, ok := s.Param("w"); ok {
		t.Error("an outline offers memory to plans")
	}
	if s.Get("w", []int{2}, nn.Zeros, nn.Weight, 0); s.Err() == nil {
		t.Error("a clash of shapes passes")
	}
}
