package optim

import (
	"fmt"
	"math"
)

// SimCLRRecipe is the learning rate of SimCLR's released code
// (arXiv:2002.05709; model_util.py and run.py of google-research/simclr).
type SimCLRRecipe struct {
	BaseLR       float64 // before scaling by the batch
	Scaling      string  // "linear": BaseLR·Batch/256; "sqrt": BaseLR·sqrt(Batch)
	Batch        int     // images in a step
	Examples     int     // images in the set
	Epochs       int
	WarmupEpochs int
}

// Schedule counts floor(Examples·Epochs/Batch)+1 steps in all, and
// floor(Examples·WarmupEpochs/Batch) of warm-up, which starts at rate 0.
func (r SimCLRRecipe) Schedule() (Schedule, error) {
	if r.Batch < 1 {
		return Schedule{}, fmt.Errorf("optim: simclr schedule: batch of %d: want at least 1", r.Batch)
	}
	s := Schedule{Shape: Cosine, Rise: FromStart,
		Total:  r.Examples*r.Epochs/r.Batch + 1,
		Warmup: r.Examples * r.WarmupEpochs / r.Batch,
	}
	switch r.Scaling {
	case "linear":
		s.Base = r.BaseLR * float64(r.Batch) / 256
	case "sqrt":
		s.Base = r.BaseLR * math.Sqrt(float64(r.Batch))
	default:
		return Schedule{}, fmt.Errorf("optim: simclr schedule: no scaling %q: want linear or sqrt", r.Scaling)
	}
	return s, nil
}

// MoCoSchedule is the rate of each epoch in MoCo's released code
// (main_moco.py of facebookresearch/moco): a cosine without warm-up for
// version 2 (arXiv:2003.04297), else a tenth from each milestone on.
// Positions are epochs.
func MoCoSchedule(lr float64, epochs int, cosine bool, milestones []int) Schedule {
	if cosine {
		return Schedule{Base: lr, Total: epochs, Shape: Cosine}
	}
	return Schedule{Base: lr, Total: epochs, Shape: Step, Milestones: milestones, Factor: .1}
}
