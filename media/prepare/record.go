package prepare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/media/dataset"
)

// recordName is the list of what was made: a line of JSON for each video, written
// once the video has its name. A video without a line is made again.
const recordName = "prepared.jsonl"

// Entry is one line of the record: an input as it was, and what was made of it.
type Entry struct {
	Input   string        `json:"input"`
	Size    int64         `json:"input_bytes"`
	Changed int64         `json:"input_changed_ns"`
	Key     string        `json:"key"`    // all settings that decide about the bytes
	Output  string        `json:"output"` // relative to the folder
	Bytes   int64         `json:"bytes"`
	Frames  int           `json:"frames"`
	Of      int           `json:"input_frames"` // as indexed
	From    time.Duration `json:"from_ns"`      // time in the input of the first frame
	Damage  string        `json:"damage,omitempty"`
	Sound   bool          `json:"sound,omitempty"` // the input has sound
}

// record is the list under way. Many goroutines may add to it.
type record struct {
	path string
	had  map[string]Entry // by output

	mu   sync.Mutex
	file *os.File
}

// openRecord reads the list; half a last line, which a kill leaves, is cut off.
func openRecord(path string) (*record, error) {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	r := &record{path: path, had: map[string]Entry{}}
	whole := bytes.LastIndexByte(data, '\n') + 1
	for n, line := range bytes.Split(data[:whole], []byte("\n")) {
		var e Entry
		if len(line) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("prepare: %s line %d: %w: remove it and %s to make all videos again", path, n+1, err, dataset.ManifestName)
		}
		r.had[e.Output] = e
	}
	if r.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	if err := r.file.Truncate(int64(whole)); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare: cut off half a line: %w", err), r.file.Close())
	}
	return r, nil
}

// find returns the line of an input that is as it was, made as it would be now,
// and whose output is there, as a file or in a shard.
func (r *record) find(j *job, in *input) (Entry, bool) {
	e, ok := r.had[in.output]
	if !ok || in.err != nil || e.Input != in.path || e.Size != in.size || e.Changed != in.changed || e.Key != j.key() {
		return Entry{}, false
	}
	return e, j.there(e.Output, e.Bytes) || j.shards.Members[e.Output] != ""
}

// add writes one line, in one write: a kill can cut a line, never mix two.
func (r *record) add(e Entry) error {
	line, err := encodeEntry(e)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.file.Write(line); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

func encodeEntry(e Entry) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	return b.Bytes(), nil
}

func (r *record) close() error { return r.file.Close() }

// replace writes the list anew, with the lines of these outcomes alone.
func (r *record) replace(outcomes []outcome) error {
	var data []byte
	for _, o := range outcomes {
		if o.err != nil {
			continue
		}
		line, err := encodeEntry(o.Entry)
		if err != nil {
			return err
		}
		data = append(data, line...)
	}
	if err := atomicfile.Write(r.path, data); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}
