package optim

import "testing"

// BenchmarkAdamW steps the parameters of r3d-10, 0.9 million in a few dozen
// tensors.
func BenchmarkAdamW(b *testing.B) {
	var params []Param
	var grads [][]float32
	for range 30 {
		params = append(params, Param{Name: string(rune('a' + len(params))), Decay: true, Data: make([]float32, 30000)})
		grads = append(grads, make([]float32, 30000))
	}
	o, err := New(Default(), params)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(30 * 30000 * 4)
	for b.Loop() {
		if err := o.Step(.003, grads); err != nil {
			b.Fatal(err)
		}
	}
}
