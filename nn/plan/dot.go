package plan

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// WriteDOT draws the program for Graphviz: kernels as boxes with shape, layout,
// bytes and place of their value in the arena, leaves as ellipses, saved values
// as dashed arrows.
func (m *Machine) WriteDOT(w io.Writer) error {
	d := newDrawing(w, "plan")
	made := map[*block]string{} // what a value comes from
	for _, l := range m.leaves {
		made[l.v.block] = d.node(fmt.Sprintf("%s\n%v", l.name, l.v.Type.Shape), "ellipse", "")
	}
	for i := range m.steps {
		s := &m.steps[i]
		id := d.node(m.stepLabel(s), "box", "")
		for _, v := range s.in {
			if v != nil {
				d.edge(made[v.block], id, megabytes(v.block.bytes), "")
			}
		}
		for _, v := range s.reads {
			d.edge(made[v.block], id, megabytes(v.block.bytes), "dashed")
		}
		for _, v := range append([]*value{s.out}, s.saved...) {
			made[v.block] = id
		}
	}
	return d.close()
}

func (m *Machine) stepLabel(s *step) string {
	place := "kept by its owner"
	if k := s.out.block.root(); !k.fixed {
		place = fmt.Sprintf("at %d", k.offset)
	}
	return fmt.Sprintf("%s\n%v %s\n%s %s", s.name, s.out.Type.Shape, layoutName(s.out.Layout), megabytes(s.out.block.bytes), place)
}

func megabytes(bytes int64) string {
	if bytes < 1e5 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

// WriteGraphDOT draws what the outputs need of their graph for Graphviz:
// operations as boxes with their shapes, gradients grey, those that may be
// computed again dashed; leaves as ellipses.
func WriteGraphDOT(w io.Writer, outputs ...*gorgonia.Node) error {
	if len(outputs) == 0 {
		return fmt.Errorf("plan: draw: no outputs")
	}
	nodes, err := reachable(outputs, true)
	if err != nil {
		return err
	}
	d := newDrawing(w, "graph")
	ids := map[*gorgonia.Node]string{}
	for _, n := range nodes {
		ids[n] = d.node(fmt.Sprintf("%s\n%v", label(n), op.TypeOf(n).Shape), nodeShape(n), nodeStyle(n))
		for _, c := range op.Operands(n) {
			d.edge(ids[c], ids[n], "", "")
		}
		for _, r := range reads(n) {
			d.edge(ids[r], ids[n], "", "dashed")
		}
	}
	return d.close()
}

func nodeShape(n *gorgonia.Node) string {
	if n.Op() == nil {
		return "ellipse"
	}
	return "box"
}

func nodeStyle(n *gorgonia.Node) string {
	o, ok := n.Op().(*op.Op)
	switch {
	case ok && o.Backward():
		return "filled"
	case ok && o.Recomputed():
		return "dashed"
	}
	return ""
}

// drawing writes one directed graph in Graphviz's language.
type drawing struct {
	w     *bufio.Writer
	nodes int
}

func newDrawing(w io.Writer, name string) *drawing {
	d := &drawing{w: bufio.NewWriter(w)}
	fmt.Fprintf(d.w, "digraph %s {\n\tnode [fontsize=10]\n\tedge [fontsize=8]\n", strconv.Quote(name))
	return d
}

// node adds a node and returns its name.
func (d *drawing) node(label, shape, style string) string {
	name := fmt.Sprintf("n%d", d.nodes)
	d.nodes++
	fmt.Fprintf(d.w, "\t%s [label=%s, shape=%s%s]\n", name, strconv.Quote(label), shape, attribute("style", style))
	return name
}

// edge adds an arrow; a value that nothing makes, such as spare memory, gets none.
func (d *drawing) edge(from, to, label, style string) {
	if from != "" {
		fmt.Fprintf(d.w, "\t%s -> %s [label=%s%s]\n", from, to, strconv.Quote(label), attribute("style", style))
	}
}

func attribute(key, value string) string {
	if value == "" {
		return ""
	}
	return ", " + key + "=" + value
}

func (d *drawing) close() error {
	fmt.Fprintln(d.w, "}")
	if err := d.w.Flush(); err != nil {
		return fmt.Errorf("plan: draw: %w", err)
	}
	return nil
}
