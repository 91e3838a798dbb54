package optim

import "testing"

// BenchmarkStep steps 25 million parameters in 160 tensors, a ResNet-50's.
func BenchmarkStep(b *testing.B) {
	const tensors, size = 160, 160000
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			var params []Param
			var grads [][]float32
			for i := range tensors {
				p := Param{Name: string(rune('a' + i)), Data: make([]float32, size), Group: Group{Decay: true, Adapt: true}}
				g := make([]float32, size)
				for j := range g {
					p.Data[j], g[j] = 1, 1
				}
				params, grads = append(params, p), append(grads, g)
			}
			c := Default()
			c.Name = name
			o, err := New(c, params)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(tensors * size * 4)
			for b.Loop() {
				if err := o.Step(Rates{LR: .003, WeightDecay: 1e-4}, grads); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
