package media

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Report is what the check found of one file.
type Report struct {
	Path   string
	Frames int     // in display order, as indexed
	Err    error   // what is wrong with the file; nil where nothing is
	Damage *Damage // part of Err where the file was decoded through and is damaged
}

// Usable tells whether clips can be drawn from the file: it is whole, or at least
// the share minSound of its indexed frames is sound.
func (r Report) Usable(minSound float64) bool {
	if r.Damage != nil {
		return r.Damage.Sound > 0 && float64(r.Damage.Sound) >= minSound*float64(r.Frames)
	}
	return r.Err == nil
}

// Check opens every file, and with full decodes each of its frames once, with
// the given number of workers. Report i is paths[i], whatever the workers do.
// progress, where not nil, is called after each file, never by two goroutines
// at once. The error is ctx's alone: a bad file is a report.
func Check(ctx context.Context, dec Decoder, paths []string, full bool, workers int, progress func(done, total int)) ([]Report, error) {
	reports := make([]Report, len(paths))
	next := make(chan int)
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range max(min(workers, len(paths)), 1) {
		group.Go(func() {
			for i := range next {
				reports[i] = checkFile(ctx, dec, paths[i], full)
				mu.Lock()
				done++
				if progress != nil {
					progress(done, len(paths))
				}
				mu.Unlock()
			}
		})
	}
feed:
	for i := range paths {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("media: check: %w", err)
	}
	return reports, nil
}

// checkFile checks one file. A panic below it condemns the file, not the run.
func checkFile(ctx context.Context, dec Decoder, path string, full bool) (r Report) {
	r.Path = path
	defer func() {
		if p := recover(); p != nil {
			r.Err = fmt.Errorf("media: check %s: decoder failed: %v", path, p)
		}
	}()
	video, err := dec.Open(ctx, path)
	if err != nil {
		r.Err = err
		return r
	}
	defer func() { r.Err = errors.Join(r.Err, video.Close()) }()
	r.Frames = video.Len()
	if r.Frames == 0 {
		r.Err = fmt.Errorf("media: check %s: no frames", path)
	} else if full {
		r.Err = decodeAll(ctx, video)
		errors.As(r.Err, &r.Damage)
	}
	return r
}

// decodeAll passes over all frames; of a damaged file the report comes last.
func decodeAll(ctx context.Context, video Video) error {
	for _, err := range video.Frames(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}
