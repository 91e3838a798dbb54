package ckernel

import (
	"math"
	"testing"
)

// tokenTolerance: float32 sums of up to a few hundred terms, lane by lane.
const tokenTolerance = 2e-6

func TestLayerNorm(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		for _, size := range [][2]int{{1, 16}, {3, 7}, {130, 33}, {65, 384}} {
			rows, d := size[0], size[1]
			x, px := v.normals(rows * d)
			dy, pdy := v.normals(rows * d)
			gamma, pg := v.normals(d)
			beta, pb := v.normals(d)
			y, py := v.zeros(rows * d)
			dx, pdx := v.zeros(rows * d)
			_, pm := v.zeros(rows)
			_, pi := v.zeros(rows)
			dgamma, pdg := v.zeros(d)
			dbeta, pdb := v.zeros(d)
			l := Layer{Rows: rows, D: d, Eps: 1e-6, Gamma: pg, Beta: pb}
			_, scratch := v.zeros(int(l.GradScratch()) / 4)
			Team{Threads: 1}.LayerNorm(l, px, py, pm, pi)
			Team{Threads: 1}.LayerNormGrad(l, pdy, px, pm, pi, pdx, pdg, pdb, scratch)
			want := layerNorm(x, dy, gamma, beta, d, l.Eps)
			near(t, "y", y, want[0], tokenTolerance)
			near(t, "dx", dx, want[1], 5*tokenTolerance)
			near(t, "dgamma", dgamma, want[2], tokenTolerance)
			near(t, "dbeta", dbeta, want[3], tokenTolerance)
		}
	})
}

// layerNorm gives y, dx, dgamma and dbeta by loops in float64.
func layerNorm(x, dy, gamma, beta []float32, d int, eps float64) [4][]float32 {
	dg, db := make([]float64, d), make([]float64, d)
	var out [4][]float32
	for at := 0; at < len(x); at += d {
		hat, mean, variance := make([]float64, d), 0.0, 0.0
		for i := range d {
			mean += float64(x[at+i]) / float64(d)
		}
		for i := range d {
			hat[i] = float64(x[at+i]) - mean
			variance += hat[i] * hat[i] / float64(d)
		}
		inv := 1 / math.Sqrt(variance+eps)
		var sum, along float64
		for i := range d {
			hat[i] *= inv
			g := float64(dy[at+i])
			dg[i] += g * hat[i]
			db[i] += g
			sum += g * float64(gamma[i]) / float64(d)
			along += g * float64(gamma[i]) * hat[i] / float64(d)
		}
		for i := range d {
			out[0] = append(out[0], float32(hat[i]*float64(gamma[i])+float64(beta[i])))
			out[1] = append(out[1], float32(inv*(float64(dy[at+i])*float64(gamma[i])-sum-hat[i]*along)))
		}
	}
	for i := range d {
		out[2], out[3] = append(out[2], float32(dg[i])), append(out[3], float32(db[i]))
	}
	return out
}
