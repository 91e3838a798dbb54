package cpu

import (
	"fmt"
	"math"

	"github.com/clvid/clvid/nn/device"
)

// goCrossEntropy saves the softmax; the loss is added up in float64.
func goCrossEntropy[T float](op device.OpDesc, threads int) (goKernel, error) {
	n, m := op.In[0].Shape[0], op.In[0].Shape[1]
	smoothing := op.Attrs.(device.CrossEntropyAttrs).Smoothing
	return goKernel{run: func(a *device.Args) error {
		logits, targets, softmax := slice[T](a.In[0]), slice[int32](a.In[1]), slice[T](a.Saved[0])
		if err := checkTargets(targets, m); err != nil {
			return err
		}
		rowKernel(threads, n, m, func(r int) { softmaxRow(softmax[r*m:(r+1)*m], logits[r*m:(r+1)*m]) })
		var loss float64
		for r, t := range targets {
			if t >= 0 {
				row := logits[r*m : (r+1)*m]
				loss += surprise(logSumExp(row), row, int(t), smoothing)
			}
		}
		slice[T](a.Out)[0] = T(loss / max(1, float64(countTargets(targets))))
		return nil
	}}, nil
}

// surprise is the cross-entropy of one row, given its LogSumExp.
func surprise[T float](logSum float64, row []T, target int, smoothing float64) float64 {
	loss := logSum - (1-smoothing)*float64(row[target])
	if smoothing > 0 { // a logit of -Inf counts only then
		loss -= smoothing * sum(row) / float64(len(row))
	}
	return loss
}

func checkTargets(targets []int32, classes int) error {
	for i, t := range targets {
		if int(t) >= classes {
			return fmt.Errorf("target %d of row %d, want below %d: check labels and number of classes", t, i, classes)
		}
	}
	return nil
}

// countTargets is the number of rows in the mean.
func countTargets(targets []int32) int {
	n := 0
	for _, t := range targets {
		if t >= 0 {
			n++
		}
	}
	return n
}

func logSumExp[T float](row []T) float64 {
	top := largest(row)
	var s float64
	for _, v := range row {
		s += math.Exp(float64(v) - top)
	}
	return top + math.Log(s)
}

func softmaxRow[T float](out, row []T) {
	log := logSumExp(row)
	for i, v := range row {
		out[i] = T(math.Exp(float64(v) - log))
	}
}

func largest[T float](row []T) float64 {
	top := row[0]
	for _, v := range row {
		top = max(top, v)
	}
	return float64(top)
}

// goCrossEntropyGrad: dlogits = dloss·(softmax - (1-s)·onehot - s/M)/rows in
// the mean.
func goCrossEntropyGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	n, m := op.Out.Shape[0], op.Out.Shape[1]
	smoothing := T(op.Attrs.(device.CrossEntropyAttrs).Smoothing)
	return goKernel{run: func(a *device.Args) error {
		dloss, targets := slice[T](a.In[0])[0], slice[int32](a.In[2])
		softmax, out := slice[T](a.Reads[0]), slice[T](a.Out)
		factor := dloss / T(max(1, countTargets(targets)))
		rowKernel(threads, n, m, func(r int) {
			row := out[r*m : (r+1)*m]
			if targets[r] < 0 {
				clear(row)
				return
			}
			mulScalar(row, softmax[r*m:(r+1)*m], factor)
			if smoothing > 0 {
				addScalar(row, row, -factor*smoothing/T(m))
			}
			row[targets[r]] -= factor * (1 - smoothing)
		})
		return nil
	}}, nil
}
