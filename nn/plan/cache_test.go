package plan_test

import (
	"errors"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/plan"
)

// counted is a program that notes when it is closed.
type counted struct {
	name   string
	closed *[]string
}

func (c counted) Close() error {
	*c.closed = append(*c.closed, c.name)
	return nil
}

func TestCache(t *testing.T) {
	var built, closed []string
	c := plan.NewCache[counted](2)
	get := func(name string, shape ...int) {
		t.Helper()
		p, err := c.Get(plan.KeyOf(plan.Options{}, "", shape), func() (counted, error) {
			built = append(built, name)
			return counted{name, &closed}, nil
		})
		check(t, err)
		if p.name != name {
			t.Errorf("got %s, want %s", p.name, name)
		}
	}
	get("four", 4, 3)
	get("two", 2, 3)
	get("four", 4, 3)
	get("one", 1, 3) // two leaves: four was used since
	get("four", 4, 3)
	if want := []string{"four", "two", "one"}; !slices.Equal(built, want) {
		t.Errorf("built %v, want %v", built, want)
	}
	if want := []string{"two"}; !slices.Equal(closed, want) || c.Len() != 2 {
		t.Errorf("closed %v, want %v; %d left", closed, want, c.Len())
	}
	failed := errors.New("no memory")
	_, err := c.Get(plan.KeyOf(plan.Options{}, "", []int{9}), func() (counted, error) { return counted{}, failed })
	if !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
	check(t, c.Close())
	check(t, c.Close())
	slices.Sort(closed)
	if want := []string{"four", "one", "two"}; !slices.Equal(closed, want) {
		t.Errorf("closed %v, want each once: %v", closed, want)
	}
}

// Whatever changes a program changes its key.
func TestKeys(t *testing.T) {
	keys := map[plan.Key]bool{}
	for _, k := range []plan.Key{
		plan.KeyOf(plan.Options{}, "", []int{2, 3}),
		plan.KeyOf(plan.Options{}, "", []int{2}, []int{3}),
		plan.KeyOf(plan.Options{}, "", []int{23}),
		plan.KeyOf(plan.Options{}, "features", []int{2, 3}),
		plan.KeyOf(plan.Options{Train: true}, "", []int{2, 3}),
		plan.KeyOf(plan.Options{Precision: device.PrecisionBF16}, "", []int{2, 3}),
	} {
		if keys[k] {
			t.Errorf("key %+v twice", k)
		}
		keys[k] = true
	}
}

// A machine that leaves the cache gives its memory back.
func TestCacheClosesMachines(t *testing.T) {
	be := openCPU(t, 1)
	store := nn.NewStore(device.Float32)
	c := plan.NewCache[*plan.Machine](1)
	var first *plan.Machine
	for batch := 1; batch <= 3; batch++ {
		m, err := c.Get(plan.KeyOf(plan.Options{}, "", []int{batch, 4}), func() (*plan.Machine, error) {
			g := gorgonia.NewGraph()
			x := nn.Input(g, "x", device.Float32, batch, 4)
			return plan.Compile(be, plan.Options{Params: store}, nn.Linear(nn.NewScope(g, store, 1), x, 2, true))
		})
		check(t, err)
		if first == nil {
			first = m
		}
	}
	if err := first.RunAll(); err == nil {
		t.Error("the first machine is still open")
	}
	check(t, c.Close())
}
