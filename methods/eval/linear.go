package eval

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"
)

// LinearConfig sets the linear probe.
type LinearConfig struct {
	C             float64 // eval.linear_c: inverse strength of the penalty, as scikit-learn's, above 0
	MaxIterations int     // of L-BFGS, at least 1; no setting
}

// DefaultLinearConfig penalises strongly, as fits a few clips a class.
func DefaultLinearConfig() LinearConfig { return LinearConfig{C: .01, MaxIterations: 2000} }

// Validate returns an error that names the first setting out of its bounds by
// its key.
func (c LinearConfig) Validate() error {
	if !(c.C > 0) || math.IsInf(c.C, 0) {
		return fmt.Errorf("eval.linear_c is %g, want a number above 0", c.C)
	}
	if c.MaxIterations < 1 {
		return fmt.Errorf("at most %d iterations, want at least 1", c.MaxIterations)
	}
	return nil
}

// Linear is a fitted linear probe: probabilities = softmax(W·s(x) + b), with
// s the scaler of the training features.
type Linear struct {
	Scaler     Scaler
	Weight     Matrix    // (C, D) on standardised features; zero for a class not seen in training
	Bias       []float64 // (C)
	Seen       []bool    // (C) whether the class was among the training labels
	Loss       float64   // mean cross-entropy on the training features
	Gradient   float64   // largest entry of the objective's gradient at the end
	Iterations int
}

// FitLinear fits multinomial logistic regression on the standardised
// features (N, D), as scikit-learn's LogisticRegression(C) does: the minimum
// over W and b of C·(sum of cross-entropies) + |W|²/2, the intercept free.
// With two classes that library penalises their one common weight vector,
// which doubles the penalty here. Classes in [0, classes) that no label names
// get probability 0, since their intercept would have no finite optimum; at
// least two must be named. The result depends on the arguments alone.
func FitLinear(features Matrix, labels []int, classes int, c LinearConfig) (*Linear, error) {
	for _, err := range []error{c.Validate(), features.check("features", false), checkLabels("features", labels, features.Rows, classes)} {
		if err != nil {
			return nil, fmt.Errorf("eval: linear: %w", err)
		}
	}
	l := &Linear{Scaler: NewScaler(features), Weight: NewMatrix(classes, features.Cols), Bias: make([]float64, classes), Seen: make([]bool, classes)}
	dense, seen := compact(labels, classes)
	if len(seen) < 2 {
		return nil, fmt.Errorf("eval: linear: %d class among %d labels, want at least 2: label more classes", len(seen), len(labels))
	}
	o := newProbeObjective(l.Scaler.Apply(features), dense, len(seen), c.C)
	theta, err := l.minimize(o, c.MaxIterations)
	if err != nil {
		return nil, err
	}
	weight, bias := o.split(theta)
	for i, class := range seen {
		l.Seen[class], l.Bias[class] = true, bias[i]
		copy(l.Weight.Row(class), weight.Row(i))
	}
	return l, nil
}

// Largest entries of the gradient of the objective divided by C·N, so that
// they mean the same for every C and N. L-BFGS aims at the first; where the
// differences of the objective drown in rounding before, the second is enough
// (scikit-learn stops at 1e-4).
const gradientGoal, gradientEnough = 1e-9, 1e-6

func (l *Linear) minimize(o *probeObjective, iterations int) ([]float64, error) {
	problem := optimize.Problem{Func: o.value, Grad: o.gradient}
	settings := &optimize.Settings{GradientThreshold: gradientGoal, MajorIterations: iterations, Converger: optimize.NeverTerminate{}}
	// The error says that a line search found no lower value; whether that is
	// the minimum the gradient tells.
	result, err := optimize.Minimize(problem, make([]float64, o.size()), settings, &optimize.LBFGS{})
	if result == nil {
		return nil, fmt.Errorf("eval: linear: %w", err)
	}
	grad := make([]float64, o.size())
	o.gradient(grad, result.X)
	l.Gradient, l.Iterations = floats.Norm(grad, math.Inf(1)), result.MajorIterations
	if !(l.Gradient <= gradientEnough) {
		return nil, fmt.Errorf("eval: linear: gradient is %.2g after %d iterations, want at most %g: lower eval.linear_c", l.Gradient, l.Iterations, gradientEnough)
	}
	l.Loss = o.loss(result.X)
	return result.X, nil
}

// Probabilities returns (N, C) for features (N, D); rows sum to 1.
func (l *Linear) Probabilities(features Matrix) (Matrix, error) {
	if err := features.check("features", false); err != nil {
		return Matrix{}, fmt.Errorf("eval: linear: %w", err)
	}
	if features.Cols != l.Weight.Cols {
		return Matrix{}, fmt.Errorf("eval: linear: features have %d dimensions, the probe %d: take both from one encoder", features.Cols, l.Weight.Cols)
	}
	probs := l.Scaler.Apply(features).TimesTransposed(l.Weight)
	for i := range probs.Rows {
		row := probs.Row(i)
		for c, b := range l.Bias {
			row[c] += b
			if !l.Seen[c] {
				row[c] = math.Inf(-1)
			}
		}
		softmax(row)
	}
	return probs, nil
}

// compact renumbers the classes that occur: dense labels, and the class of
// each dense number, ascending.
func compact(labels []int, classes int) (dense, seen []int) {
	number := make([]int, classes)
	for _, c := range labels {
		number[c] = 1
	}
	for c, occurs := range number {
		if occurs == 1 {
			number[c] = len(seen)
			seen = append(seen, c)
		}
	}
	dense = make([]int, len(labels))
	for i, c := range labels {
		dense[i] = number[c]
	}
	return dense, seen
}

// probeObjective is the penalised loss divided by C·N. Its point is W (C, D)
// row-major and then b (C).
type probeObjective struct {
	*softmaxRegression
	penalty float64
	at      []float64 // where probs hold, nil after they were used up
	ce      float64   // mean cross-entropy there
}

func newProbeObjective(x Matrix, labels []int, classes int, c float64) *probeObjective {
	penalty := 1 / (c * float64(x.Rows))
	if classes == 2 {
		penalty *= 2 // W = (-w/2, w/2), so |W|² = |w|²/2
	}
	return &probeObjective{softmaxRegression: newSoftmaxRegression(x, labels, classes), penalty: penalty}
}

func (o *probeObjective) size() int { return o.probs.Cols * (o.x.Cols + 1) }

func (o *probeObjective) split(theta []float64) (Matrix, []float64) {
	c, d := o.probs.Cols, o.x.Cols
	return Matrix{c, d, theta[:c*d]}, theta[c*d:]
}

// loss evaluates at theta unless that was done last: the optimiser asks for
// value and gradient of one point apart.
func (o *probeObjective) loss(theta []float64) float64 {
	if o.at == nil || !floats.Equal(o.at, theta) {
		o.ce = o.evaluate(o.split(theta))
		o.at = append(o.at[:0], theta...)
	}
	return o.ce
}

func (o *probeObjective) value(theta []float64) float64 {
	weight, _ := o.split(theta)
	v := blas64.Vector{N: len(weight.Data), Data: weight.Data, Inc: 1}
	return o.loss(theta) + o.penalty/2*blas64.Dot(v, v)
}

func (o *probeObjective) gradient(grad, theta []float64) {
	o.loss(theta)
	o.at = nil
	weight, _ := o.split(theta)
	dWeight, dBias := o.split(grad)
	o.softmaxRegression.gradient(dWeight, dBias)
	floats.AddScaled(dWeight.Data, o.penalty, weight.Data)
}
