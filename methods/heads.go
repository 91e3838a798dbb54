package methods

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/pretext"
)

// predictHidden is the width of the hidden layer of a classification head.
const predictHidden = 128

// project is the projection head: (M, F) to (M, Out), not normalised.
func project(s nn.Scope, f *gorgonia.Node, p Projector) *gorgonia.Node {
	for i := range p.Layers - 1 {
		f = nn.Linear(s.Sub(fmt.Sprint(3*i)), f, p.Hidden, false)
		f = nn.ReLU(nn.BatchNorm(s.Sub(fmt.Sprint(3*i+1)), f))
	}
	return nn.Linear(s.Sub(fmt.Sprint(3*(p.Layers-1))), f, p.Out, true)
}

// classify is a classification head: (M, F) to logits (M, classes), through a
// hidden layer where hidden is above 0.
func classify(s nn.Scope, f *gorgonia.Node, hidden, classes int) *gorgonia.Node {
	if hidden == 0 {
		return nn.Linear(s, f, classes, true)
	}
	f = nn.Linear(s.Sub("0"), f, hidden, false)
	f = nn.ReLU(nn.BatchNorm(s.Sub("1"), f))
	return nn.Linear(s.Sub("3"), f, classes, true)
}

// rows cuts the N rows of one view from features (V·N, F).
func rows(f *gorgonia.Node, at, n int) *gorgonia.Node { return op.Slice(f, 0, at*n, (at+1)*n) }

// predictions adds the cross-entropy of every Predict view.
type predictions struct {
	smoothing float64 // of the targets, in [0,1)

	targets []*gorgonia.Node
	views   []View
	batch   *Batch
}

// build adds heads and losses. features maps a view to its (N, F) rows.
func (p *predictions) build(env *Env, s nn.Scope, hidden int, features func(View) *gorgonia.Node) []Term {
	return p.losses(env, s.Graph(), p.heads(env, s, hidden, features))
}

// heads are the logits (N, classes) of every Predict view.
func (p *predictions) heads(env *Env, s nn.Scope, hidden int, features func(View) *gorgonia.Node) []*gorgonia.Node {
	var logits []*gorgonia.Node
	for _, v := range env.Views() {
		if v.Role == pretext.Predict {
			part := env.Parts[v.Part]
			logits = append(logits, classify(s.Sub("head").Sub(part.Name), features(v), hidden, part.Task.Spec().Classes))
		}
	}
	return logits
}

// losses compares them with the targets, which are inputs of g.
func (p *predictions) losses(env *Env, g *gorgonia.ExprGraph, logits []*gorgonia.Node) []Term {
	var terms []Term
	p.targets, p.views = nil, nil
	for _, v := range env.Views() {
		if v.Role != pretext.Predict {
			continue
		}
		part, scores, at := env.Parts[v.Part], logits[len(terms)], v.At
		target := nn.Input(g, fmt.Sprintf("target.%s.%d", part.Name, at), int32Type, env.N)
		p.targets, p.views = append(p.targets, target), append(p.views, v)
		terms = append(terms, Term{
			Name: part.Name, Weight: part.Weight, Loss: loss.SmoothedCrossEntropy(scores, target, p.smoothing), Logits: scores,
			Targets: func() []int32 { return p.batch.Targets[at] }, Choices: part.Task.Spec().Classes,
		})
	}
	return terms
}

func (p *predictions) feed(b *Batch, bind Bind) error {
	p.batch = b
	for i, v := range p.views {
		if err := bind(p.targets[i], b.Targets[v.At]); err != nil {
			return err
		}
	}
	return nil
}

// total sums the weighted terms.
func total(terms []Term) *gorgonia.Node {
	var sum *gorgonia.Node
	for _, t := range terms {
		x := t.Loss
		if t.Weight != 1 {
			x = op.Scale(x, t.Weight)
		}
		if sum == nil {
			sum = x
			continue
		}
		sum = op.Add(sum, x)
	}
	return sum
}

// at finds the view of a part with a role; -1 where it has none.
func (e *Env) at(part int, role pretext.Role) int {
	for _, v := range e.Views() {
		if v.Part == part && v.Role == role {
			return v.At
		}
	}
	return -1
}
