package plan_test

import (
	"math"
	"testing"
	"unsafe"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// backwards is a layout that keeps float64 elements in reverse order.
type backwards struct{}

// turning is a back end whose Unary wants and gives the backwards layout.
type turning struct{ device.Backend }

func (b turning) Lower(d device.OpDesc, in, reads []device.Value) (device.Lowered, error) {
	l, err := b.Backend.Lower(d, in, reads)
	if d.Kind == device.Unary {
		l.In, l.Out = []device.Layout{backwards{}}, backwards{}
	}
	return l, err
}

func (b turning) Convert(device.Value, device.Layout) (device.Lowered, error) {
	return device.Lowered{Reuse: -1, Kernel: func(a *device.Args) error {
		n := int(a.Out.Bytes / 8)
		in := unsafe.Slice(*(**float64)(unsafe.Pointer(&a.In[0].Ptr)), n)
		out := unsafe.Slice(*(**float64)(unsafe.Pointer(&a.Out.Ptr)), n)
		for i, v := range in {
			out[n-1-i] = v
		}
		return nil
	}}, nil
}

func (b turning) Bytes(v device.Value) int64 { return v.Type.Bytes() }

// Values are converted where a kernel wants another layout than they have,
// once for all readers, and outputs are plain.
func TestLayouts(t *testing.T) {
	g := gorgonia.NewGraph()
	x := nn.Input(g, "x", device.Float64, 3)
	e := op.Exp(op.Exp(x))                          // one conversion: they agree
	y := op.Add(op.Scale(e, 2), op.Reshape(e, 3))   // one back, for three readers
	z := op.Exp(op.StopGradient(op.Exp(op.Sum(y)))) // a scalar goes there and back
	m := compile(t, turning{openCPU(t, 1)}, plan.Options{}, y, e, z)
	in := []float64{0.1, -0.2, 0.3}
	check(t, m.Let(x, in))
	check(t, m.RunAll())
	ys, err := m.Float64s(y)
	check(t, err)
	es, err := m.Float64s(e)
	check(t, err)
	for i, v := range in {
		want := math.Exp(math.Exp(v))
		if es[i] != want || ys[i] != 2*want+want {
			t.Errorf("element %d: %g and %g, want %g and %g", i, es[i], ys[i], want, 3*want)
		}
	}
	conversions := 0
	for _, name := range m.StepNames() {
		if name == "convert" {
			conversions++
		}
	}
	if conversions != 4 {
		t.Errorf("%d conversions in %v, want 4", conversions, m.StepNames())
	}
}
