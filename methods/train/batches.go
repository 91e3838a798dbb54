package train

import (
	"context"
	"fmt"
	"time"

	"github.com/clvid/clvid/media/loader"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/pretext"
)

// loaded is one sample with the files that failed on the way to it.
type loaded struct {
	index  int
	sample pretext.Sample
	bad    []Bad
}

// ready is an assembled batch.
type ready struct {
	batch *methods.Batch
	bad   []Bad
	err   error
}

// batches streams the batches of steps [from, to). Workers render samples,
// one goroutine assembles them; both stop when the context ends.
type batches struct {
	out    chan ready
	free   chan *methods.Batch
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing decodes any more
	waited time.Duration // since the last call of wait
}

// spareBatches are assembled while a step runs: one in use, one waiting.
const spareBatches = 2

func (t *trainer) stream(ctx context.Context, from, to int) *batches {
	ctx, cancel := context.WithCancel(ctx)
	b := &batches{out: make(chan ready), free: make(chan *methods.Batch, spareBatches), cancel: cancel, done: make(chan struct{})}
	for range spareBatches {
		b.free <- t.newBatch()
	}
	go t.assemble(ctx, b, from, to)
	return b
}

// assemble groups samples, which arrive in order, into batches.
func (t *trainer) assemble(ctx context.Context, b *batches, from, to int) {
	defer close(b.done)
	defer close(b.out)
	n := t.env.N
	// Samples waiting in order never exceed one batch, whatever its views weigh.
	samples := loader.Map(ctx, from*n, to*n, t.Workers, n, t.load)
	batch, filled := (*methods.Batch)(nil), 0
	var bad []Bad
	for l, err := range samples {
		if err == nil && batch == nil {
			select {
			case batch = <-b.free:
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		if err != nil {
			b.send(ctx, ready{err: err})
			return
		}
		bad = append(bad, l.bad...)
		if err := place(batch, filled, l); err != nil {
			b.send(ctx, ready{err: err})
			return
		}
		if filled++; filled == n {
			if !b.send(ctx, ready{batch: batch, bad: bad}) {
				return
			}
			batch, filled, bad = nil, 0, nil
		}
	}
}

// stop ends the stream and waits for its goroutines, so that what they use may
// be closed.
func (b *batches) stop() {
	b.cancel()
	<-b.done
}

func (b *batches) send(ctx context.Context, r ready) bool {
	select {
	case b.out <- r:
		return true
	case <-ctx.Done():
		return false
	}
}

// next waits for a batch and adds the time to waited. Once the context has
// ended it returns none, even where one is ready.
func (b *batches) next(ctx context.Context) (ready, error) {
	if ctx.Err() != nil {
		return ready{}, ctx.Err()
	}
	start := time.Now()
	defer func() { b.waited += time.Since(start) }()
	select {
	case r, ok := <-b.out:
		if !ok {
			if ctx.Err() != nil {
				return ready{}, ctx.Err()
			}
			return ready{}, fmt.Errorf("train: the loader ended early")
		}
		return r, r.err
	case <-ctx.Done():
		return ready{}, ctx.Err()
	}
}

// load renders the sample at a position counted over all epochs.
func (t *trainer) load(ctx context.Context, _, position int) (loaded, error) {
	epoch, at := position/t.epochSamples, position%t.epochSamples
	index := t.order(epoch)[at]
	sample, bad, err := t.Source.Sample(ctx, epoch, index)
	return loaded{index: index, sample: sample, bad: bad}, err
}

func (t *trainer) newBatch() *methods.Batch {
	views, n := t.env.Views(), t.env.N
	size := n * t.env.Clip[0] * t.env.Clip[1] * t.env.Clip[2] * t.env.Clip[3]
	b := &methods.Batch{
		N: n, Views: len(views), Clips: make([]float32, len(views)*size),
		Targets: make([][]int32, len(views)), Indices: make([]int, n),
	}
	for _, v := range views {
		if v.Role == pretext.Predict {
			b.Targets[v.At] = make([]int32, n)
		}
	}
	if t.env.Text != nil {
		length := t.env.Text.Config.Length
		b.Tokens, b.Mask = make([]int32, n*length), make([]float32, n*length)
		b.Captions = make([]string, n)
	}
	return b
}

// place copies one sample into row i of a batch.
func place(b *methods.Batch, i int, l loaded) error {
	b.Indices[i] = l.index
	at, size := 0, len(b.Clips)/(b.Views*b.N)
	for _, views := range l.sample.Views {
		for _, v := range views {
			if len(v.Data) != size {
				return fmt.Errorf("train: %s: a view has %d values, want %d", l.sample.Video.Name, len(v.Data), size)
			}
			copy(b.Clips[(at*b.N+i)*size:], v.Data)
			if b.Targets[at] != nil {
				b.Targets[at][i] = int32(v.Target)
			}
			at++
		}
	}
	if b.Tokens != nil {
		length := len(b.Tokens) / b.N
		copy(b.Tokens[i*length:(i+1)*length], l.sample.Tokens)
		copy(b.Mask[i*length:(i+1)*length], l.sample.Mask)
		b.Captions[i] = l.sample.Video.Caption
	}
	return nil
}
