package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods/train"
)

// Files of a run's folder beside those of package train.
const (
	configFile     = configs.BaseName
	quarantineFile = "quarantine.jsonl"
	vocabularyFile = "vocab.json"
)

type rusage = unix.Rusage

func getrusage(u *rusage) error { return unix.Getrusage(unix.RUSAGE_SELF, u) }

// mayStart refuses a folder that a run must not begin in, or resume in.
func mayStart(dir string, resume bool) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("run folder: %w", err)
	}
	isRun := exists(filepath.Join(dir, configFile))
	switch {
	case isRun && resume, onlyLeftovers(entries):
		return nil
	case isRun:
		return holdsRun(dir)
	}
	return fmt.Errorf("%s is not empty and holds no run: name another --out", dir)
}

// onlyLeftovers tells whether a folder is empty but for temporary files, which
// a kill may leave.
func onlyLeftovers(entries []fs.DirEntry) bool {
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			return false
		}
	}
	return true
}

func holdsRun(dir string) error {
	step, steps, err := train.SavedStep(dir)
	if err != nil {
		return err
	}
	at := "that has no checkpoint yet"
	if steps > 0 {
		at = fmt.Sprintf("at step %d of %d", step, steps)
	}
	return fmt.Errorf("%s holds a run %s: continue it with --resume, or name another --out", dir, at)
}

// runDir is the folder of a run under way, locked against a second process.
type runDir struct {
	path       string
	made       bool // by this process
	lock       *os.File
	quarantine *media.Quarantine // from begin on
}

// lockRunDir makes the folder where it is missing and locks it.
func lockRunDir(path string, resume bool) (*runDir, error) {
	d := &runDir{path: path, made: !exists(path)}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("run folder: %w", err)
	}
	if err := d.acquire(); err != nil {
		return nil, err
	}
	// Another process may have run here since the first look.
	if err := mayStart(path, resume); err != nil {
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

// begin records settings, words, what became of the weights to start from, and
// bad files. What a checkpoint already stands on is left as it is.
func (d *runDir) begin(cfg *configs.Config, s *setup, bad []media.Bad, init *initial) error {
	var err error
	if !exists(filepath.Join(d.path, train.StateFile)) {
		yaml, err := cfg.YAML()
		if err != nil {
			return err
		}
		if err := atomicfile.Write(filepath.Join(d.path, configFile), yaml); err != nil {
			return fmt.Errorf("settings of the run: %w", err)
		}
		if s.vocabulary != nil {
			if err := s.vocabulary.Save(filepath.Join(d.path, vocabularyFile)); err != nil {
				return err
			}
		}
		if err := init.write(d.path); err != nil {
			return err
		}
	}
	if d.quarantine, err = media.OpenQuarantine(filepath.Join(d.path, quarantineFile)); err != nil {
		return err
	}
	for _, b := range bad {
		if err := d.quarantine.Add(b); err != nil {
			return err
		}
	}
	return nil
}

// limited passes bad files on to the quarantine, up to a share of all.
func (d *runDir) limited(maxBad float64, total int) train.BadFiles {
	return &limitedQuarantine{d, maxBad, total}
}

type limitedQuarantine struct {
	dir    *runDir
	maxBad float64
	total  int
}

func (q *limitedQuarantine) Add(b media.Bad) error {
	if err := q.dir.quarantine.Add(b); err != nil {
		return err
	}
	return media.TooMany(q.dir.quarantine.Aside(), q.total, q.maxBad, b.Path+": "+b.Reason)
}

// close unlocks the folder. One that was made for a run which never began goes
// away again; others may have put something into it by now, which keeps it.
func (d *runDir) close() error {
	var errs []error
	if d.quarantine != nil {
		errs = append(errs, d.quarantine.Close())
	} else if d.made {
		_ = os.Remove(d.path)
	}
	return errors.Join(append(errs, d.lock.Close())...)
}

// differences lists the settings that differ between two configurations and
// change the result of a run, as key: old, now new.
func differences(a, b *configs.Config) ([]string, error) {
	x, err := decisive(a).Map()
	if err != nil {
		return nil, err
	}
	y, err := decisive(b).Map()
	if err != nil {
		return nil, err
	}
	return differ("", x, y), nil
}

func differ(path string, a, b map[string]any) []string {
	keys := slices.Sorted(maps.Keys(a))
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if _, both := a[key]; !both {
			keys = append(keys, key)
		}
	}
	var out []string
	for _, key := range keys {
		x, deeper := a[key].(map[string]any)
		y, too := b[key].(map[string]any)
		switch {
		case deeper && too:
			out = append(out, differ(path+key+".", x, y)...)
		case !reflect.DeepEqual(a[key], b[key]):
			out = append(out, fmt.Sprintf("%s%s: %v, now %v", path, key, a[key], b[key]))
		}
	}
	return out
}
