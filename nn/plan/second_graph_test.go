package plan_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// tower is a forward pass in a graph of its own over a store of its own.
type tower struct {
	store   *nn.Store
	x, z    *gorgonia.Node
	machine *plan.Machine
}

func newTower(t *testing.T, be device.Backend, seed uint64, train bool) *tower {
	t.Helper()
	w := &tower{store: nn.NewStore(device.Float32)}
	g := gorgonia.NewGraph()
	w.x = nn.Input(g, "x", device.Float32, toyShape...)
	w.z = toyNet(nn.NewScope(g, w.store, seed).Frozen(), w.x)
	w.machine = compile(t, be, plan.Options{Train: train, Params: w.store}, w.z)
	return w
}

func (w *tower) run(t *testing.T, x []float32) []float32 {
	t.Helper()
	check(t, w.machine.Let(w.x, x))
	check(t, w.machine.RunAll())
	z, err := w.machine.Float32s(w.z)
	check(t, err)
	return z
}

// all are the values of a store, in order.
func all(s *nn.Store) (values []float32) {
	for _, name := range s.Names() {
		v, _ := s.Lookup(name)
		values = append(values, v.F32...)
	}
	return values
}

// distilled trains a network towards a momentum encoder and a frozen one, each
// with a back end of its own or all on one, and returns what all three end as.
func distilled(t *testing.T, steps int, backend func() device.Backend) (online, momentum, frozen []float32) {
	t.Helper()
	store := nn.NewStore(device.Float32)
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, store, 7)
	x := nn.Input(g, "x", device.Float32, toyShape...)
	z := toyNet(s, x)
	keys, goal := nn.Input(g, "keys", device.Float32, z.Shape()...), nn.Input(g, "goal", device.Float32, z.Shape()...)
	loss := op.Scale(op.Add(op.Sum(op.Mul(z, keys)), op.Sum(op.Mul(z, goal))), -1)
	grads, err := nn.Grad(loss, s.Params())
	check(t, err)
	m := compile(t, backend(), plan.Options{Train: true, Params: store}, append(grads, loss)...)
	k, f := newTower(t, backend(), 7, true), newTower(t, backend(), 8, false)
	rng := rand.New(rand.NewPCG(5, 6))
	clips := make([]float32, x.Shape().TotalSize())
	for range steps {
		for i := range clips {
			clips[i] = float32(rng.NormFloat64())
		}
		check(t, m.Let(x, clips))
		check(t, m.Let(keys, k.run(t, clips)))
		check(t, m.Let(goal, f.run(t, clips)))
		check(t, m.RunAll())
		for i, p := range s.Params() {
			d, err := m.Float32s(grads[i])
			check(t, err)
			v, _ := store.Lookup(p.Name())
			to, _ := k.store.Lookup(p.Name())
			for j := range d {
				v.F32[j] -= 0.05 * d[j]
				to.F32[j] = 0.9*to.F32[j] + 0.1*v.F32[j]
			}
		}
	}
	return all(store), all(k.store), all(f.store)
}

// A momentum encoder and a frozen tower run within a step, over stores of their
// own and on the same back end: nothing that one program does reaches another.
func TestSecondGraphs(t *testing.T) {
	for _, library := range []string{"none", ""} {
		open := func() device.Backend {
			be, err := cpu.Open(cpu.Options{Threads: 2, Library: library})
			check(t, err)
			t.Cleanup(func() { check(t, be.Close()) })
			return be
		}
		one := open()
		online, momentum, frozen := distilled(t, 4, func() device.Backend { return one })
		apartOnline, apartMomentum, apartFrozen := distilled(t, 4, open)
		if !slices.Equal(online, apartOnline) || !slices.Equal(momentum, apartMomentum) || !slices.Equal(frozen, apartFrozen) {
			t.Errorf("%s: programs on one back end and on three differ", one.Name())
		}
		start, startMomentum, startFrozen := distilled(t, 0, func() device.Backend { return one })
		if !slices.Equal(frozen, startFrozen) {
			t.Errorf("%s: the frozen tower moved", one.Name())
		}
		if slices.Equal(online, start) || slices.Equal(momentum, startMomentum) || slices.Equal(online, momentum) {
			t.Errorf("%s: trained and momentum encoder stand still, or are the same", one.Name())
		}
	}
}
