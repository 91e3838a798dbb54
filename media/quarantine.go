package media

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
)

// Quarantine is the list of bad files of a run, kept as JSON lines. A file
// stands in it with its first reason; one that is used in part may be set aside
// later, by a second line that counts. Many goroutines may use it; for equal
// lists in equal runs add in an order that does not depend on them.
type Quarantine struct {
	mu   sync.Mutex
	file *os.File
	bad  []Bad
	seen map[string]int // path: its place in bad
}

// ReadQuarantine lists the bad files at path, none where there is no list. Half
// a last line, which a kill leaves, is passed over.
func ReadQuarantine(path string) ([]Bad, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("media: quarantine: %w", err)
	}
	lines, err := parseQuarantine(path, data[:bytes.LastIndexByte(data, '\n')+1])
	q := &Quarantine{seen: map[string]int{}}
	for _, b := range lines {
		q.note(b)
	}
	return q.bad, err
}

func parseQuarantine(path string, data []byte) ([]Bad, error) {
	var out []Bad
	for n, line := range bytes.Split(data, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var b Bad
		if err := json.Unmarshal(line, &b); err != nil {
			return nil, fmt.Errorf("media: quarantine: %s line %d: %w", path, n+1, err)
		}
		out = append(out, b)
	}
	return out, nil
}

// OpenQuarantine opens the list at path, or starts one. A last line that a
// killed process left half written is cut off.
func OpenQuarantine(path string) (*Quarantine, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("media: quarantine: %w", err)
	}
	q := &Quarantine{file: file, seen: map[string]int{}}
	if err := q.load(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return q, nil
}

func (q *Quarantine) load(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("media: quarantine: %w", err)
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if whole < len(data) {
		if err := q.file.Truncate(int64(whole)); err != nil {
			return fmt.Errorf("media: quarantine: cut off half a line: %w", err)
		}
	}
	listed, err := parseQuarantine(path, data[:whole])
	for _, b := range listed {
		q.note(b)
	}
	return err
}

func (q *Quarantine) note(b Bad) {
	if i, ok := q.seen[b.Path]; ok {
		q.bad[i] = b
		return
	}
	q.seen[b.Path] = len(q.bad)
	q.bad = append(q.bad, b)
}

// Add notes a bad file and writes its line; one that is there already is left as
// it is, unless it was used in part and is set aside now.
func (q *Quarantine) Add(b Bad) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i, ok := q.seen[b.Path]; ok && (b.InPart || !q.bad[i].InPart) {
		return nil
	}
	path := b.Path
	b.Reason = strings.ToValidUTF8(b.Reason, "?")
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(b); err != nil {
		return fmt.Errorf("media: quarantine %s: %w", path, err)
	}
	// One write a line: a kill can cut a line, never mix two.
	if _, err := q.file.Write(line.Bytes()); err != nil {
		return fmt.Errorf("media: quarantine %s: %w", path, err)
	}
	q.note(b)
	return nil
}

// List returns the bad files in the order in which they were added.
func (q *Quarantine) List() []Bad {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]Bad(nil), q.bad...)
}

// Aside is the number of files that are not used at all.
func (q *Quarantine) Aside() int { return Aside(q.List()) }

// Aside counts the files that are not used at all.
func Aside(bad []Bad) int {
	n := 0
	for _, b := range bad {
		if !b.InPart {
			n++
		}
	}
	return n
}

// Close closes the file.
func (q *Quarantine) Close() error { return q.file.Close() }

// TooMany returns an error where bad of total files are more than the share
// maxBad, or all of them; reason is of one of them.
func TooMany(bad, total int, maxBad float64, reason string) error {
	if bad == 0 || bad < total && float64(bad) <= maxBad*float64(total) {
		return nil
	}
	if bad == total {
		return fmt.Errorf("media: all %d files are bad, such as: %s", total, reason)
	}
	need := ceilPercent(bad, total)
	return fmt.Errorf("media: %d of %d files are bad, more than max_bad (%g) allows, such as: %s: "+
		"mend or remove them, or allow them by --set max_bad=%g", bad, total, maxBad, reason, need)
}

// ceilPercent is the least share in whole percent that bears bad of total.
func ceilPercent(bad, total int) float64 {
	return float64((100*bad+total-1)/total) / 100
}
