package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// plainEmbedding follows the definitions: deviations one by one, the singular
// values of a decomposition, distances of every pair.
func plainEmbedding(z Matrix) Embedding {
	n, d := z.Rows, z.Cols
	x, unit := mat.NewDense(n, d, nil), mat.NewDense(n, d, nil)
	for i := range n {
		for j := range d {
			unit.Set(i, j, z.Row(i)[j]/mat.Norm(mat.NewVecDense(d, z.Row(i)), 2))
		}
	}
	var e Embedding
	for j := range d {
		mean, std := MeanStd(mat.Col(nil, j, unit))
		e.Spread += std / float64(d) * math.Sqrt(float64(d))
		for i := range n {
			x.Set(i, j, unit.At(i, j)-mean)
		}
	}
	var svd mat.SVD
	svd.Factorize(x, mat.SVDNone)
	values := svd.Values(nil)
	sum, entropy := 0., 0.
	for _, v := range values {
		sum += v
	}
	for _, v := range values {
		if v > 0 {
			entropy -= v / sum * math.Log(v/sum)
		}
	}
	e.EffectiveRank = math.Exp(entropy)
	distance := func(i, k int) float64 {
		s := 0.
		for j := range d {
			s += math.Pow(unit.At(i, j)-unit.At(k, j), 2)
		}
		return s
	}
	pairs := 0.
	for i := range n {
		if i < n/2 {
			e.Alignment += distance(i, i+n/2) / float64(n/2)
		}
		for k := range i {
			e.Uniformity += math.Exp(-2 * distance(i, k))
			pairs++
		}
	}
	e.Uniformity = math.Log(e.Uniformity / pairs)
	return e
}

func TestWatchAgainstPlain(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, size := range []struct{ rows, dim int }{{2, 1}, {2, 5}, {6, 40}, {96, 64}, {96, 8}} {
		z := make([]float32, size.rows*size.dim)
		for i := range z {
			z[i] = float32(rng.NormFloat64() * (1 + float64(i%size.dim)))
		}
		m, _ := FromFloat32(size.rows, size.dim, z)
		got, err := Watch(z, size.rows, size.dim)
		if err != nil {
			t.Fatal(err)
		}
		want := plainEmbedding(m)
		for _, v := range []struct {
			name      string
			got, want float64
			tolerance float64
		}{
			{"spread", got.Spread, want.Spread, 1e-12},
			// Roots of eigenvalues lose half of the digits of singular values near 0.
			{"effective rank", got.EffectiveRank, want.EffectiveRank, 1e-5},
			{"alignment", got.Alignment, want.Alignment, 1e-12},
			{"uniformity", got.Uniformity, want.Uniformity, 1e-12},
		} {
			if size.dim == 1 && v.name == "effective rank" {
				continue // 0 or 1 by whether two numbers are equal
			}
			if !approx(v.got, v.want, v.tolerance) {
				t.Errorf("%+v: %s is %g, want %g", size, v.name, v.got, v.want)
			}
		}
	}
}

func TestWatchKnownValues(t *testing.T) {
	const n, d = 64, 16
	collapsed, axes := make([]float32, n*d), make([]float32, n*d)
	for i := range n {
		for j := range d {
			collapsed[i*d+j] = .3 + float32(j)
		}
		axes[i*d+i%d] = 2 // the axes, each as often
	}
	got, err := Watch(collapsed, n, d)
	if err != nil {
		t.Fatal(err)
	}
	if got.Spread > 1e-6 || got.EffectiveRank != 0 || got.Alignment != 0 || math.Abs(got.Uniformity) > 1e-12 {
		t.Errorf("collapsed: %+v", got)
	}
	got, err = Watch(axes, n, d)
	if err != nil {
		t.Fatal(err)
	}
	// Rows and their positives are equal; the mean direction is lost, the
	// other d-1 weigh the same.
	if !approx(got.EffectiveRank, d-1, 1e-9) || got.Alignment != 0 {
		t.Errorf("axes: %+v, want rank %d", got, d-1)
	}
	if want := math.Sqrt(float64(n) / (n - 1) * (1 - 1./d)); !approx(got.Spread, want, 1e-12) {
		t.Errorf("axes: spread %g, want %g", got.Spread, want)
	}
}

func TestWatchErrors(t *testing.T) {
	for _, tc := range []struct {
		name      string
		z         []float32
		rows, dim int
		want      string
	}{
		{"NaN", []float32{1, float32(math.NaN())}, 2, 1, "eval: watch: embeddings: row 1 holds NaN at column 0: the model that made it has diverged"},
		{"odd", []float32{1, 2, 3}, 3, 1, "eval: watch: 3 rows, want two views of every clip"},
		{"size", []float32{1, 2, 3}, 2, 1, "eval: watch: eval: matrix: 3 values, want 2 rows of 1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Watch(tc.z, tc.rows, tc.dim); fmt.Sprint(err) != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
	if one := NewMatrix(1, 3); Spread(one) != 0 || Uniformity(one) != 0 {
		t.Error("one row has a spread or a uniformity")
	}
}

func BenchmarkWatch(b *testing.B) {
	rng := rand.New(rand.NewPCG(4, 4))
	z := make([]float32, 96*64)
	for i := range z {
		z[i] = float32(rng.NormFloat64())
	}
	for b.Loop() {
		if _, err := Watch(z, 96, 64); err != nil {
			b.Fatal(err)
		}
	}
}
