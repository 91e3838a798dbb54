package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn/checkpoint"
)

// Files of a run's folder beside those of package train.
const (
	configFile     = "config.yaml"
	quarantineFile = "quarantine.jsonl"
	vocabularyFile = "vocab.json"
)

type rusage = unix.Rusage

func getrusage(u *rusage) error { return unix.Getrusage(unix.RUSAGE_SELF, u) }

// mustBeNew refuses a folder that holds anything.
func mustBeNew(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("run folder: %w", err)
	case exists(filepath.Join(dir, configFile)):
		step, steps, err := train.SavedStep(dir)
		if err != nil {
			return err
		}
		at := "that has no checkpoint yet"
		if steps > 0 {
			at = fmt.Sprintf("at step %d of %d", step, steps)
		}
		return fmt.Errorf("%s holds a run %s: continue it with --resume, or name another --out", dir, at)
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty: name another --out", dir)
	}
	return nil
}

// runDir is the folder of a run under way, locked against a second process.
type runDir struct {
	path       string
	lock       *os.File
	quarantine *media.Quarantine
}

// openRunDir makes the folder, or reopens it to resume, and records the
// settings there.
func openRunDir(cfg *configs.Config, resume bool) (*runDir, error) {
	if !resume {
		if err := mustBeNew(cfg.Out); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(cfg.Out, 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	d := &runDir{path: cfg.Out}
	if err := d.acquire(); err != nil {
		return nil, err
	}
	yaml, err := cfg.YAML()
	if err == nil {
		err = checkpoint.WriteFileAtomic(filepath.Join(cfg.Out, configFile), yaml)
	}
	if err == nil {
		d.quarantine, err = media.OpenQuarantine(filepath.Join(cfg.Out, quarantineFile))
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *runDir) acquire() error {
	var err error
	if d.lock, err = os.Open(d.path); err != nil {
		return fmt.Errorf("run folder: %w", err)
	}
	if err := unix.Flock(int(d.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		d.lock.Close()
		return fmt.Errorf("%s is in use by another clvid: wait for it, or name another --out", d.path)
	}
	return nil
}

// record writes the files that the check found bad.
func (d *runDir) record(bad []media.Bad) error {
	for _, b := range bad {
		if err := d.quarantine.Add(b.Path, b.Reason, b.Stage); err != nil {
			return err
		}
	}
	return nil
}

// saveVocabulary keeps the words of a run beside its weights.
func (d *runDir) saveVocabulary(s *setup) error {
	if s.vocabulary == nil {
		return nil
	}
	return s.vocabulary.Save(filepath.Join(d.path, vocabularyFile))
}

// limited is the quarantine with a bound on the share of bad files.
func (d *runDir) limited(maxBad float64, total int) train.BadFiles {
	return &limitedQuarantine{d.quarantine, maxBad, total}
}

type limitedQuarantine struct {
	*media.Quarantine
	maxBad float64
	total  int
}

func (q *limitedQuarantine) Add(path, reason, stage string) error {
	if err := q.Quarantine.Add(path, reason, stage); err != nil {
		return err
	}
	return media.TooMany(q.Len(), q.total, q.maxBad, reason)
}

func (d *runDir) close() error {
	var errs []error
	if d.quarantine != nil {
		errs = append(errs, d.quarantine.Close())
	}
	return errors.Join(append(errs, d.lock.Close())...)
}

// differences lists the settings that differ between two configurations.
func differences(a, b *configs.Config) ([]string, error) {
	x, err := decisive(a).YAML()
	if err != nil {
		return nil, err
	}
	y, err := decisive(b).YAML()
	if err != nil {
		return nil, err
	}
	var out []string
	left, right := strings.Split(string(x), "\n"), strings.Split(string(y), "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			out = append(out, fmt.Sprintf("%s, now %s", strings.TrimSpace(left[i]), strings.TrimSpace(right[i])))
		}
	}
	return out, nil
}
