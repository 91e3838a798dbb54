package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op/optest"
)

// unary wraps a function of one operand.
func unary(f func(x *gorgonia.Node) *gorgonia.Node) func(in []*gorgonia.Node) *gorgonia.Node {
	return func(in []*gorgonia.Node) *gorgonia.Node { return f(in[0]) }
}

// prove holds an operation against its loops and finite differences.
func prove(t *testing.T, name string, c optest.Case) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		optest.AgainstLoops(t, c)
		optest.Gradient(t, c)
	})
}

// shape abbreviates operands drawn at random.
func shape(d ...int) optest.Input { return optest.Input{Shape: d} }
