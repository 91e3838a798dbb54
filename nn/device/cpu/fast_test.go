package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/clvid/clvid/nn/device"
)

// openFast opens a back end with an accelerator, or skips.
func openFast(t testing.TB, threads int) *backend {
	t.Helper()
	b, err := Open(Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	if b.(*backend).fast == nil {
		t.Skip("no oneDNN library here")
	}
	return b.(*backend)
}

// operands are plain host values that an operation computed or left.
type operands struct {
	out            []byte
	saved, inAfter [][]byte
}

// runner runs one operation at a time, converting layouts as a planner does.
type runner struct {
	t testing.TB
	b *backend
}

func (r runner) mem(v device.Value, data []byte) device.Mem {
	r.t.Helper()
	m, err := r.b.Alloc(r.b.Bytes(v))
	if err != nil {
		r.t.Fatal(err)
	}
	if data != nil {
		if err := r.b.Upload(m, v, data); err != nil {
			r.t.Fatal(err)
		}
	}
	return m
}

func (r runner) read(m device.Mem, v device.Value) []byte {
	r.t.Helper()
	data := make([]byte, v.Type.Bytes())
	if err := r.b.Download(data, v, m); err != nil {
		r.t.Fatal(err)
	}
	return data
}

// run lowers op, with inputs in the given layouts, and runs it. mustBeFast
// fails the test where the accelerator has no kernel.
func (r runner) run(op device.OpDesc, have []device.Layout, in, reads [][]byte, fast bool) operands {
	r.t.Helper()
	var inValues, readValues []device.Value
	for i, t := range op.In {
		v := device.Value{Type: t}
		if have != nil {
			v.Layout = have[i]
		}
		inValues = append(inValues, v)
	}
	for _, t := range op.Reads {
		v := device.Value{Type: t}
		if fast && t.DType == device.Int32 {
			v.Layout = indexLayout(inValues[0])
		}
		readValues = append(readValues, v)
	}
	return r.runLowered(op, r.lower(op, inValues, readValues, fast), inValues, readValues, in, reads)
}

// indexLayout is that of MaxPool's index where its output lies like v.
func indexLayout(v device.Value) device.Layout {
	return layout{order: innerLayout(v.Type, v).order}.device()
}

func (r runner) runLowered(op device.OpDesc, l device.Lowered, inValues, readValues []device.Value, in, reads [][]byte) operands {
	r.t.Helper()
	var args device.Args
	result := operands{}
	for i := range op.In {
		inValues[i] = device.Value{Type: op.In[i], Layout: l.In[i]}
		args.In = append(args.In, r.mem(inValues[i], in[i]))
	}
	for i, v := range readValues {
		args.Reads = append(args.Reads, r.mem(v, reads[i]))
	}
	for _, v := range l.Saved {
		args.Saved = append(args.Saved, r.mem(v, nil))
	}
	out := device.Value{Type: op.Out, Layout: l.Out}
	args.Out = r.mem(out, nil)
	args.Scratch, _ = r.b.Alloc(l.Scratch)
	for i := range bytesOf(args.Scratch) {
		bytesOf(args.Scratch)[i] = 0xff // NaN: no kernel may rely on zeros
	}
	for i := range bytesOf(args.Out) {
		bytesOf(args.Out)[i] = 0xff
	}
	if err := r.b.Run(&device.Program{Steps: []device.Step{{Name: string(op.Kind), Kernel: l.Kernel, Args: args}}}); err != nil {
		r.t.Fatal(err)
	}
	result.out = r.read(args.Out, out)
	for i, v := range l.Saved {
		result.saved = append(result.saved, r.read(args.Saved[i], v))
	}
	for i, v := range inValues {
		result.inAfter = append(result.inAfter, r.read(args.In[i], v))
	}
	return result
}

func (r runner) lower(op device.OpDesc, in, reads []device.Value, fast bool) device.Lowered {
	r.t.Helper()
	if !fast {
		l, err := lowerGo(op, reads, 2)
		if err != nil {
			r.t.Fatal(err)
		}
		return l
	}
	var l device.Lowered
	var ok bool
	var err error
	r.b.thread.do(func() { l, ok, err = r.b.fast.Lower(op, in, reads) })
	if err != nil || !ok {
		r.t.Fatalf("lower %s: ok %v, error %v", op.Kind, ok, err)
	}
	return l
}

func f32(shape ...int) device.Type { return device.Type{DType: device.Float32, Shape: shape} }
func i32(shape ...int) device.Type { return device.Type{DType: device.Int32, Shape: shape} }

// normals are float32 bytes of t's size.
func normals(rng *rand.Rand, t device.Type) []byte {
	data := make([]byte, t.Bytes())
	for i := range len(data) / 4 {
		putFloat(data, i, float32(rng.NormFloat64()))
	}
	return data
}

func putFloat(data []byte, i int, v float32) {
	u := math.Float32bits(v)
	data[4*i], data[4*i+1], data[4*i+2], data[4*i+3] = byte(u), byte(u>>8), byte(u>>16), byte(u>>24)
}

func getFloat(data []byte, i int) float64 {
	u := uint32(data[4*i]) | uint32(data[4*i+1])<<8 | uint32(data[4*i+2])<<16 | uint32(data[4*i+3])<<24
	return float64(math.Float32frombits(u))
}

// near compares with a tolerance relative to the largest entry.
func near(t testing.TB, what string, got, want []byte, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d bytes, want %d", what, len(got), len(want))
	}
	var largest, worst float64
	at := 0
	for i := range len(got) / 4 {
		g, w := getFloat(got, i), getFloat(want, i)
		largest = max(largest, math.Abs(w))
		if d := math.Abs(g - w); d > worst || d != d {
			worst, at = d, i
			if d != d {
				worst = math.Inf(1)
			}
		}
	}
	if worst > tolerance*largest {
		t.Errorf("%s: entry %d is %g, want %g; difference %g, largest entry %g, tolerance %g of it", what, at,
			getFloat(got, at), getFloat(want, at), worst, largest, tolerance)
	}
}

// compare runs op on both and compares every result.
func compare(t testing.TB, b *backend, op device.OpDesc, have []device.Layout, in, reads [][]byte, tolerance float64) {
	t.Helper()
	r := runner{t, b}
	got, want := r.run(op, have, in, reads, true), r.run(op, nil, in, reads, false)
	near(t, string(op.Kind)+" output", got.out, want.out, tolerance)
	for i := range want.saved {
		if op.Saved[i].DType == device.Int32 {
			if string(got.saved[i]) != string(want.saved[i]) {
				t.Errorf("%s: saved %d differs", op.Kind, i)
			}
			continue
		}
		near(t, fmt.Sprintf("%s saved %d", op.Kind, i), got.saved[i], want.saved[i], tolerance)
	}
	for i := range in {
		near(t, fmt.Sprintf("%s input %d afterwards", op.Kind, i), got.inAfter[i], want.inAfter[i], tolerance)
	}
	again := r.run(op, have, in, reads, true)
	if string(again.out) != string(got.out) {
		t.Errorf("%s: two runs differ", op.Kind)
	}
}

func TestFallback(t *testing.T) {
	t.Setenv(libraryVariable, "none")
	b, err := Open(Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got, want := b.Name(), "cpu (pure Go, 2 threads)"; got != want {
		t.Errorf("name is %q, want %q", got, want)
	}
}

func TestNamedLibraryMissing(t *testing.T) {
	if b, err := Open(Options{Threads: 1, Library: "/nowhere/libdnnl.so"}); err == nil {
		b.Close()
		t.Error("a named library that does not exist opened")
	}
	notOneDNN := "libm.so.6"
	if b, err := Open(Options{Threads: 1, Library: notOneDNN}); err == nil {
		b.Close()
		t.Errorf("%s opened as oneDNN", notOneDNN)
	}
}

func TestConvertRoundTrip(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][]int{{2, 3, 5}, {1, 16, 3, 4}, {2, 17, 2, 20, 20}, {3, 1, 2, 2, 2}, {1, 40, 1, 1, 1}} {
		ty := f32(shape...)
		data := normals(rng, ty)
		v := device.Value{Type: ty, Layout: layout{order: channelsLast}}
		r := runner{t, b}
		m := r.mem(v, data)
		if string(r.read(m, v)) != string(data) {
			t.Errorf("shape %v: changed by a round trip", shape)
		}
		p, raw := planesOf(ty), bytesOf(m)
		for n := range p.n {
			for c := range p.c {
				for s := range p.size {
					if getFloat(raw, (n*p.size+s)*p.c+c) != getFloat(data, (n*p.c+c)*p.size+s) {
						t.Fatalf("shape %v: sample %d, channel %d, place %d misplaced", shape, n, c, s)
					}
				}
			}
		}
	}
}

// libraryOf3 is a oneDNN 3.x for tests, from the environment.
func libraryOf3(t *testing.T) string {
	path := os.Getenv("CLVID_ONEDNN3")
	if path == "" {
		t.Skip("CLVID_ONEDNN3 names no oneDNN 3.x library")
	}
	return path
}
