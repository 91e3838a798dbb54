package train

import (
	"context"
	"fmt"

	"github.com/clvid/clvid/methods"
)

// Load makes the batches of a run as the run itself does, by the same workers
// into the same memory, and shows each to see, without any network: s.Steps
// batches from the first on. Of s it takes Steps, Workers, Source, and of Env
// what tells the size of a batch. see may keep nothing of the batch.
func Load(ctx context.Context, s Setup, see func(b *methods.Batch, bad []Bad) error) error {
	t := &trainer{Setup: s, env: s.Env}
	videos := len(s.Source.Items)
	if t.env.N < 1 || t.env.N > videos {
		return fmt.Errorf("train: a batch of %d videos, but there are %d: want 1 to %d", t.env.N, videos, videos)
	}
	t.epochSamples = videos / t.env.N * t.env.N
	t.orders.init(s.Source.Seed, videos)
	stream := t.stream(ctx, 0, s.Steps)
	defer stream.stop()
	for range s.Steps {
		r, err := stream.next(ctx)
		if err != nil {
			return err
		}
		if err := see(r.batch, r.bad); err != nil {
			return err
		}
		stream.free <- r.batch
	}
	return nil
}
