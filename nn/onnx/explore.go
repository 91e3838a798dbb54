package onnx

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// exploration is what drawing a network at several sizes has taught.
type exploration struct {
	drawings []*drawing       // of one structure, the first at the network's own sizes
	fixed    map[string]error // axes that it is tied to, with the reasons
}

// explore draws the network at its own sizes and at others. Where another size
// makes other operations, its own may be the odd one, such as that at which a
// table of positions need not be resized: then it is explored from there.
func (n Network) explore(opset int) (exploration, error) {
	x, err := n.exploreHere(opset)
	if err != nil {
		return x, err
	}
	for _, a := range n.open() {
		if !errors.Is(x.fixed[a.Name], errOtherOperations) {
			continue
		}
		from := n.resized(a.Name, 2*a.Size)
		if y, err := from.exploreHere(opset); err == nil && len(y.fixed) < len(x.fixed) {
			n, x = from, y
		}
	}
	return x, nil
}

func (n Network) exploreHere(opset int) (exploration, error) {
	base, err := n.draw(nil)
	if err != nil {
		return exploration{}, err
	}
	x := exploration{[]*drawing{base}, map[string]error{}}
	if _, err := n.translate(x.drawings, opset); err != nil {
		return x, err
	}
	doubled := map[string]int{} // the axes that are open so far, at twice their size
	for i, a := range n.open() {
		more, err := n.along(base, a, doubled)
		if err == nil {
			_, err = n.translate(append([]*drawing{base}, more...), opset)
		}
		switch {
		case err == nil:
			x.drawings = append(x.drawings, more...)
			doubled[a.Name] = 2 * a.Size
		case i == 0:
			return x, fmt.Errorf("the axis %s must be open: %w", a.Name, err)
		default:
			x.fixed[a.Name] = err
		}
	}
	return x, nil
}

// open lists the axes that may be left open, once each.
func (n Network) open() []Axis {
	var axes []Axis
	seen := map[string]bool{"": true}
	for _, in := range n.Inputs {
		for _, a := range in.Axes {
			if !seen[a.Name] && !a.Fixed {
				axes = append(axes, a)
			}
			seen[a.Name] = true
		}
	}
	return axes
}

// resized is the network with another own size of an axis.
func (n Network) resized(axis string, size int) Network {
	n.Inputs = slices.Clone(n.Inputs)
	for i, in := range n.Inputs {
		n.Inputs[i].Axes = slices.Clone(in.Axes)
		for k, a := range in.Axes {
			if a.Name == axis {
				n.Inputs[i].Axes[k].Size = size
			}
		}
	}
	return n
}

// along draws the network with one axis at twice its size, alone and together
// with all that are open; and at sizes beside it, which tell a half of 8 from 8
// less 4, where the network can be drawn so: strides and patches may forbid it.
func (n Network) along(base *drawing, a Axis, doubled map[string]int) ([]*drawing, error) {
	together := maps.Clone(doubled)
	together[a.Name] = 2 * a.Size
	var found []*drawing
	for _, sizes := range []map[string]int{{a.Name: 2 * a.Size}, together} {
		d, err := n.draw(sizes)
		if err == nil {
			err = base.compare(d)
		}
		if err != nil {
			return nil, err
		}
		found = append(found, d)
	}
	for _, size := range []int{a.Size + 1, 2*a.Size + 1, 3 * a.Size, 5 * a.Size, 7 * a.Size} {
		d, err := n.draw(map[string]int{a.Name: size})
		if err == nil && base.compare(d) == nil {
			found = append(found, d)
		}
	}
	return found, nil
}
