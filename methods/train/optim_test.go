package train

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/clvid/clvid/nn/optim"
)

// Every optimizer, with schedules that move and groups that differ, goes on
// from a checkpoint bit for bit.
func TestOptimizersResume(t *testing.T) {
	decoder, items := movies(10)
	for _, name := range optim.Names() {
		t.Run(name, func(t *testing.T) {
			train := func(ctx context.Context, dir string, resume bool, watch *recorder) error {
				s := setup(t, variant{method: "simclr", dir: dir, resume: resume, decoder: decoder, items: items, watch: watch})
				s.Steps = 6
				s.Optim.Name, s.Optim.Dampening, s.Optim.WarmupSteps, s.Optim.NormAndBiasLR = name, .1, 2, .5
				s.Optim.WeightDecaySchedule, s.Optim.WeightDecayEnd, s.Optim.ClipTensorNorm = optim.Cosine, .4, 3
				_, err := Run(ctx, s)
				return err
			}
			one, other := t.TempDir(), t.TempDir()
			if err := train(t.Context(), one, false, &recorder{}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			if err := train(ctx, other, false, &recorder{after: func(step int) {
				if step == 3 {
					cancel()
				}
			}}); !errors.Is(err, ErrInterrupted) {
				t.Fatal(err)
			}
			if err := train(t.Context(), other, true, &recorder{}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(weights(t, one), weights(t, other)) {
				t.Error("a resumed run has other weights")
			}
		})
	}
}
