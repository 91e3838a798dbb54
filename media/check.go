package media

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// CheckConfig says how files are checked before the first step and how many
// bad ones a run bears. It belongs to the section `media` of a run's settings.
type CheckConfig struct {
	// Check is `index` (open every file and scan its packets), `full` (also
	// decode every frame once) or `auto`: full up to FullUpTo files.
	Check    string  `yaml:"check"`
	FullUpTo int     `yaml:"full_up_to"` // files up to which `auto` decodes
	MaxBad   float64 `yaml:"max_bad"`    // share of bad files past which the run stops, in [0, 1]
}

// DefaultCheck decodes sets of up to 5,000 files and bears one bad file in ten.
func DefaultCheck() CheckConfig {
	return CheckConfig{Check: "auto", FullUpTo: 5000, MaxBad: .1}
}

// Validate names the first setting that is out of bounds.
func (c CheckConfig) Validate() error {
	switch {
	case c.Check != "auto" && c.Check != "full" && c.Check != "index":
		return fmt.Errorf("media: check is %q, want auto, full or index", c.Check)
	case c.FullUpTo < 0:
		return fmt.Errorf("media: full_up_to is %d files, want at least 0", c.FullUpTo)
	case !(c.MaxBad >= 0 && c.MaxBad <= 1):
		return fmt.Errorf("media: max_bad is %g, want a share from 0 to 1", c.MaxBad)
	}
	return nil
}

// Full reports whether a set of n files is decoded.
func (c CheckConfig) Full(n int) bool {
	return c.Check == "full" || c.Check == "auto" && n <= c.FullUpTo
}

// Report is what the check found of one file.
type Report struct {
	Path   string
	Frames int   // in display order, as indexed
	Err    error // why the file cannot be used; nil where it can
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
		r.Err = decodeAll(ctx, video, path)
	}
	return r
}

func decodeAll(ctx context.Context, video Video, path string) error {
	decoded := 0
	for _, err := range video.Frames(ctx) {
		if err != nil {
			return err
		}
		decoded++
	}
	if decoded != video.Len() {
		return fmt.Errorf("media: check %s: %d frames decoded, %d indexed: the file is damaged or cut off", path, decoded, video.Len())
	}
	return nil
}
