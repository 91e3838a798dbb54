package plan_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/plan"
)

// Statements of Graphviz's language that drawings are made of; a quoted string
// holds no bare quote or line end.
var (
	quoted    = `"(?:[^"\\\n]|\\.)*"`
	statement = regexp.MustCompile(`^\t(?:(?:node|edge) \[fontsize=\d+\]|n\d+ \[label=` + quoted +
		`, shape=(?:box|ellipse)(?:, style=\w+)?\]|n\d+ -> n\d+ \[label=` + quoted + `(?:, style=\w+)?\])$`)
)

// checkDOT parses a drawing and counts its nodes and arrows.
func checkDOT(t *testing.T, text string) (nodes, arrows int) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if !regexp.MustCompile(`^digraph "\w+" \{$`).MatchString(lines[0]) || lines[len(lines)-1] != "}" {
		t.Fatalf("begins with %q, ends with %q", lines[0], lines[len(lines)-1])
	}
	for _, line := range lines[1 : len(lines)-1] {
		switch {
		case !statement.MatchString(line):
			t.Fatalf("no statement: %s", line)
		case strings.Contains(line, " -> "):
			arrows++
		case strings.HasPrefix(line, "\tn") && !strings.HasPrefix(line, "\tnode"):
			nodes++
		}
	}
	if dot, err := exec.LookPath("dot"); err == nil {
		c := exec.Command(dot, "-Tcanon")
		c.Stdin = strings.NewReader(text)
		if said, err := c.CombinedOutput(); err != nil {
			t.Errorf("Graphviz: %v: %s", err, said)
		}
	}
	return nodes, arrows
}

func TestDrawings(t *testing.T) {
	n := newToy(t, nn.NewStore(device.Float32))
	m := compile(t, openCPU(t, 1), plan.Options{Train: true, Params: n.store}, n.outputs()...)
	var program, graph bytes.Buffer
	check(t, m.WriteDOT(&program))
	nodes, arrows := checkDOT(t, program.String())
	leaves := len(n.store.Names()) + 2 // clips and targets
	if nodes != m.Steps()+leaves || arrows < nodes {
		t.Errorf("the plan has %d nodes and %d arrows, want %d nodes", nodes, arrows, m.Steps()+leaves)
	}
	for _, want := range []string{"conv x stem.weight #", "[6 4 4 4 4] plain", "head.weight", " B at "} {
		if !strings.Contains(program.String(), want) {
			t.Errorf("no %q in the plan", want)
		}
	}
	check(t, plan.WriteGraphDOT(&graph, n.outputs()...))
	if nodes, _ := checkDOT(t, graph.String()); nodes < leaves+m.Steps() {
		t.Errorf("the graph has %d nodes", nodes)
	}
	if !strings.Contains(graph.String(), "style=filled") {
		t.Error("no gradient is grey")
	}
	if plan.WriteGraphDOT(&graph) == nil {
		t.Error("drew no outputs")
	}
}
