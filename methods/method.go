// Package methods holds the learning methods, one a file: which encoders a
// method trains, the loss it minimises and the state it keeps. Graphs, steps
// and schedules belong to methods/train, components to nn.
package methods

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/pretext"
	"github.com/clvid/clvid/text"
)

// Method is one learning method. The trainer calls Build once, then for every
// step Feed before the graph runs, once for each of the step's batches
// (optimizer.accumulate), and AfterStep once the parameters have moved.
type Method interface {
	// Build draws the training graph and returns its loss.
	Build(env *Env) (*Graph, error)
	// Feed binds a batch to the graph's inputs. Whatever carries no gradient
	// (keys, queue) is computed here and enters as an input.
	Feed(b *Batch, bind Bind) error
	// AfterStep updates what the method keeps beside the parameters.
	AfterStep() error
	// State lists what a resumed run needs beyond parameters and optimizer.
	// The slices are the live memory: reading saves, writing restores.
	State() []State
	// Close frees compiled programs.
	Close() error
}

// Bind sets the value of an input node.
type Bind func(input *gorgonia.Node, data any) error

// State is one named piece of a method's memory; exactly one slice is set.
type State struct {
	Name  string
	Shape []int
	F32   []float32
	I64   []int64
}

// Graph is what a method built.
type Graph struct {
	Loss   *gorgonia.Node   // scalar
	Params []*gorgonia.Node // trained leaves
	Terms  []Term           // the summands of the loss, for the log
	// Embeddings are the unit rows (2N,D) of anchors, then positives, which the
	// collapse watch looks at; nil where nothing is contrasted.
	Embeddings *gorgonia.Node
	Candidates int // partners an anchor chooses from: its loss starts near ln of it
}

// Term is one summand: its value before weighting, and where it classifies
// either the hits (rows), 1 where the target scores highest, or the logits (rows,
// choices) with the target of every row.
type Term struct {
	Name    string
	Weight  float64
	Loss    *gorgonia.Node
	Hits    *gorgonia.Node
	Logits  *gorgonia.Node
	Targets func() []int32 // of the batch fed last
	Choices int            // ln(Choices) is the loss of a guess
}

// Text describes the caption side; nil where a run has none.
type Text struct {
	Config text.Config
	Vocab  int // size of the vocabulary
}

// Projector describes the projection head (arXiv:2002.05709): Layers-1 times
// Linear(no bias)-BN-ReLU of Hidden units, then Linear to Out.
type Projector struct {
	Hidden int `yaml:"hidden" doc:"units of each hidden layer"`
	Out    int `yaml:"out" doc:"features that are contrasted"`
	Layers int `yaml:"layers" doc:"in all"`
}

// Validate checks the ranges.
func (p Projector) Validate() error {
	if p.Hidden < 1 || p.Out < 2 || p.Layers < 1 {
		return fmt.Errorf("projector: hidden %d, out %d, layers %d: want at least 1, 2 and 1", p.Hidden, p.Out, p.Layers)
	}
	return nil
}

// Env is what a method builds on.
type Env struct {
	Parts         []pretext.Part
	N             int    // videos in a batch
	Steps         int    // of the run, which schedules of methods span; 0 where none is trained
	Clip          [4]int // C, T, H, W of one view
	Encoder       encoder.Entry
	EncoderConfig encoder.Config
	Projector     Projector
	Text          *Text
	Store         *nn.Store
	Backend       device.Backend
	Precision     device.Precision // of products in every plan
	Seed          uint64
}

// View names one view of the batch.
type View struct {
	Part int // index into Env.Parts
	Role pretext.Role
	At   int // position in the batch, in units of N rows
}

// Views lists the views of a batch in the order of Batch.Clips.
func (e *Env) Views() []View {
	var views []View
	for p, part := range e.Parts {
		for _, role := range part.Task.Spec().Roles {
			views = append(views, View{Part: p, Role: role, At: len(views)})
		}
	}
	return views
}

// clips makes the input node for v views: (v·N, C, T, H, W).
func (e *Env) clips(g *gorgonia.ExprGraph, name string, v int) *gorgonia.Node {
	return nn.Input(g, name, e.Store.DType(), v*e.N, e.Clip[0], e.Clip[1], e.Clip[2], e.Clip[3])
}

// encode runs the backbone: (M,C,T,H,W) to (M, Features).
func (e *Env) encode(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	return e.Encoder.Build(s.Sub(strings.TrimSuffix(EncoderPrefix, ".")), x, e.EncoderConfig)
}

// Batch is what a step sees: clips and tokens side by side.
type Batch struct {
	N        int
	Views    int
	Clips    []float32 // (V,N,C,T,H,W), V over the views of all parts in order
	Targets  [][]int32 // by view: (N) for Predict views, else nil
	Tokens   []int32   // (N,L); nil without text
	Mask     []float32 // (N,L)
	Captions []string  // (N)
	Indices  []int     // (N) positions in the data set
}

// view returns the clips of one view: (N,C,T,H,W).
func (b *Batch) view(at int) []float32 {
	n := len(b.Clips) / b.Views
	return b.Clips[at*n : (at+1)*n]
}

// int32Type is the element type of targets and token ids.
const int32Type = device.Int32
