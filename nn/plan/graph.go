package plan

import (
	"cmp"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// foreignAdd is how Gorgonia prints the addition that Grad itself puts where
// a node feeds several others. A test pins it.
const foreignAdd = "+ false"

// reads are the nodes whose saved values n uses.
func reads(n *gorgonia.Node) []*gorgonia.Node {
	if o, ok := n.Op().(*op.Op); ok {
		return o.Reads()
	}
	return nil
}

// operands are the inputs that n needs: in evaluation, dropout draws nothing.
func operands(n *gorgonia.Node, train bool) []*gorgonia.Node {
	in := op.Operands(n)
	if o, ok := n.Op().(*op.Op); ok && o.Kind() == device.Dropout && !train {
		return in[:1]
	}
	return in
}

// reachable collects the nodes that the outputs need, oldest first; inputs
// are always older than what uses them.
func reachable(outputs []*gorgonia.Node, train bool) ([]*gorgonia.Node, error) {
	seen := map[*gorgonia.Node]bool{}
	var nodes []*gorgonia.Node
	for stack := slices.Clone(outputs); len(stack) > 0; {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n == nil || n.Graph() != outputs[0].Graph() {
			return nil, fmt.Errorf("plan: outputs are nil or of several graphs")
		}
		if seen[n] {
			continue
		}
		seen[n] = true
		nodes = append(nodes, n)
		stack = append(append(stack, operands(n, train)...), reads(n)...)
	}
	slices.SortFunc(nodes, func(a, b *gorgonia.Node) int { return cmp.Compare(a.ID(), b.ID()) })
	return nodes, nil
}

// describe translates a node's operation: ours, or one of the two that Grad
// itself adds, the constant that starts it and the sum at a fan-out.
func describe(n *gorgonia.Node, train bool) (device.OpDesc, error) {
	if o, ok := n.Op().(*op.Op); ok {
		return o.Desc(train), nil
	}
	out := op.TypeOf(n)
	if v := n.Value(); v != nil && len(op.Operands(n)) == 0 {
		c, err := constant(v)
		return device.OpDesc{Kind: device.Const, Attrs: device.ConstAttrs{Value: c}, Out: out}, err
	}
	if n.Op().String() != foreignAdd {
		return device.OpDesc{}, fmt.Errorf("operation %T of Gorgonia: build graphs with nn and nn/op alone", n.Op())
	}
	d := device.OpDesc{Kind: device.Add, Out: out}
	for _, c := range op.Operands(n) {
		t := op.TypeOf(c)
		if !slices.Equal(t.Shape, out.Shape) {
			return d, fmt.Errorf("sum of gradients of shapes %v and %v", t.Shape, out.Shape)
		}
		d.In = append(d.In, t)
	}
	return d, nil
}

func constant(v gorgonia.Value) (float64, error) {
	switch x := v.Data().(type) {
	case float32:
		return float64(x), nil
	case float64:
		return x, nil
	}
	return 0, fmt.Errorf("constant of type %T, want a float32 or float64 scalar", v.Data())
}
