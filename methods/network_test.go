package methods

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
)

// A network takes any number of rows, and keeps the programs of two.
func TestNetworkRows(t *testing.T) {
	be, err := cpu.Open(cpu.Options{Threads: 1, Library: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	built := 0
	in := []NetworkInput{{"x", device.Float32, []int{4, 3}}}
	n, err := NewNetwork(&Env{Backend: be, Seed: 1}, nn.NewStore(device.Float32), false, in, func(s nn.Scope, x []*gorgonia.Node) *gorgonia.Node {
		built++
		return nn.Linear(s, x[0], 2, true)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	x := []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 0, 1}
	full, err := n.Run(x)
	if err != nil {
		t.Fatal(err)
	}
	want := append([]float32(nil), full...)
	for _, rows := range []int{1, 4, 1, 4, 3, 2} {
		got, err := n.Run(x[:3*rows])
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2*rows {
			t.Fatalf("%d rows give %d numbers", rows, len(got))
		}
		for i := range got {
			if math.Abs(float64(got[i]-want[i])) > 1e-5 {
				t.Errorf("%d rows: number %d is %g, %g in a full batch", rows, i, got[i], want[i])
			}
		}
	}
	if built != 4 || n.programs.Len() != keptPrograms {
		t.Errorf("built %d times for 4 numbers of rows, %d programs kept", built, n.programs.Len())
	}
	for _, bad := range []any{x[:4], x[:0], []float64{1, 2, 3}} {
		if _, err := n.Run(bad); err == nil || !strings.Contains(err.Error(), "methods: network: x ") {
			t.Errorf("%T of %v: error %v", bad, bad, err)
		}
	}
}
