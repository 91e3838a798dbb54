package optim

import (
	"math"
	"testing"
)

func TestClipFactor(t *testing.T) {
	grads := [][]float64{{3, 0}, {0, 4}} // norm 5
	if got := Norm(grads); got != 5 {
		t.Errorf("norm %v, want 5", got)
	}
	for _, tc := range []struct{ limit, want float64 }{{10, 1}, {1, 1 / (5 + 1e-6)}} {
		if got, err := ClipFactor(grads, tc.limit); err != nil || got != tc.want {
			t.Errorf("limit %v: factor %v, %v, want %v", tc.limit, got, err, tc.want)
		}
	}
	grads[0][1] = math.Inf(1)
	if _, err := ClipFactor(grads, 1); err == nil {
		t.Error("an infinite gradient got a factor")
	}
}

func TestClippedStep(t *testing.T) {
	c := Default()
	c.Name, c.Momentum, c.WeightDecay, c.ClipNorm = "sgd", 0, 0, 1
	p := []ParamOf[float64]{{Name: "w", Data: []float64{0, 0}}}
	o, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	g := [][]float64{{3, 4}}
	if err := o.Step(1, g); err != nil {
		t.Fatal(err)
	}
	// 1e-6 of slack: the clipped norm is 5/(5+1e-6).
	if math.Abs(math.Hypot(p[0].Data[0], p[0].Data[1])-1) > 1e-6 || g[0][0] != 3 {
		t.Errorf("step %v with gradient now %v, want length 1 and the gradient as it was", p[0].Data, g)
	}
}
