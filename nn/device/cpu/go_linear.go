package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// linear is a linear layer on rows of in elements.
type linear struct{ rows, in, out int }

func linearOf(x, y device.Type) linear {
	in, out := x.Shape[len(x.Shape)-1], y.Shape[len(y.Shape)-1]
	rows := 1
	for _, d := range x.Shape[:len(x.Shape)-1] {
		rows *= d
	}
	return linear{rows, in, out}
}

// forward, gradInput and gradWeight are the layer's three products.
func (l linear) forward() matMul {
	return matMul{device.MatMulAttrs{TransB: true}, l.rows, l.out, l.in}
}
func (l linear) gradInput() matMul { return matMul{device.MatMulAttrs{}, l.rows, l.in, l.out} }
func (l linear) gradWeight() matMul {
	return matMul{device.MatMulAttrs{TransA: true}, l.out, l.in, l.rows}
}

// goLinear: x, w[, b] -> x·wᵀ + b.
func goLinear[T float](op device.OpDesc, threads int) (goKernel, error) {
	p := linearOf(op.In[0], op.Out).forward()
	return goKernel{run: func(a *device.Args) error {
		var bias []T
		if len(a.In) == 3 {
			bias = slice[T](a.In[2])
		}
		multiply(threads, p, slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.Out), nil, bias)
		return nil
	}}, nil
}

// goLinearGradInput: dy, w -> dx.
func goLinearGradInput[T float](op device.OpDesc, threads int) (goKernel, error) {
	p := linearOf(op.Out, op.In[0]).gradInput()
	return goKernel{run: func(a *device.Args) error {
		multiply(threads, p, slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.Out), nil, nil)
		return nil
	}}, nil
}

// goLinearGradWeight: x, dy -> dw = dyᵀ·x.
func goLinearGradWeight[T float](op device.OpDesc, threads int) (goKernel, error) {
	p := linearOf(op.In[0], op.In[1]).gradWeight()
	return goKernel{run: func(a *device.Args) error {
		multiply(threads, p, slice[T](a.In[1]), slice[T](a.In[0]), slice[T](a.Out), nil, nil)
		return nil
	}}, nil
}
