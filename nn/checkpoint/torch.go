package checkpoint

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/clvid/clvid/internal/pickle"
)

// maxPickleBytes bounds the description of a PyTorch file; that of a thousand
// tensors has some hundred thousand bytes.
const maxPickleBytes = 64 << 20

// openTorch takes in the tensors of a zip of torch.save. Those of nested
// dictionaries have the path for a name: state_dict.conv1.weight.
func (f *File) openTorch(data []byte) error {
	parts, err := openZip(data)
	if err != nil {
		return err
	}
	program := parts["data.pkl"]
	if len(program) > maxPickleBytes {
		return fmt.Errorf("data.pkl has %d bytes, want at most %d: this is no checkpoint", len(program), maxPickleBytes)
	}
	if order := strings.TrimSpace(string(parts["byteorder"])); order != "" && order != "little" {
		return fmt.Errorf("byte order %q is not read: save the file on a little-endian machine", order)
	}
	reader := pickle.Reader{Classes: torchClasses(), Persistent: parts.storage}
	top, err := reader.Read(program)
	if err != nil {
		return withRemedy(err)
	}
	w := &walk{file: f}
	if err := w.visit("", top, 0); err != nil {
		return err
	}
	if len(f.tensors) == 0 {
		return errors.New("it holds no tensors: save a state dict, by torch.save(model.state_dict(), PATH)")
	}
	return nil
}

// withRemedy tells what to do about a class or an opcode that is refused.
func withRemedy(err error) error {
	if class := new(pickle.ClassError); errors.As(err, &class) {
		return fmt.Errorf("it holds a %s; reading runs no code and knows tensors, numbers, texts, lists and dictionaries alone: "+
			`in Python, where the file can be trusted, load it and torch.save the state dict by itself`, class.Name)
	}
	if op := new(pickle.OpcodeError); errors.As(err, &op) {
		return fmt.Errorf("%w: in Python, torch.save the state dict with its default pickle_protocol", err)
	}
	return err
}

// Bounds on how deep dictionaries may be nested, on the values and tensors in all
// of them, where what is named twice counts twice, and on the bytes of a name that
// nesting adds up to and of all names together.
const (
	maxDepth   = 32
	maxVisited = 1 << 21
	maxTensors = 1 << 16
	maxPath    = 4096
	maxNames   = 64 << 20
)

// stateDictAlone is the remedy for files that hold too much besides weights.
const stateDictAlone = "if it is a checkpoint, torch.save its state dict by itself"

// walk collects the tensors of nested dictionaries and lists.
type walk struct {
	file    *File
	visited int
	names   int // bytes
}

func (w *walk) visit(path string, v any, depth int) error {
	w.visited++
	w.names += len(path)
	switch {
	case depth > maxDepth:
		return fmt.Errorf("%s: dictionaries are nested more than %d deep", quoted(path), maxDepth)
	case w.visited > maxVisited:
		return fmt.Errorf("more than %d values: %s", maxVisited, stateDictAlone)
	case len(path) > maxPath:
		return fmt.Errorf("%s: a name has %d bytes, want at most %d", quoted(path), len(path), maxPath)
	case w.names > maxNames:
		return fmt.Errorf("names of more than %d bytes together: %s", maxNames, stateDictAlone)
	}
	switch v := v.(type) {
	case *view:
		return w.tensor(path, v)
	case *pickle.Dict:
		return w.children(path, v, depth)
	case *pickle.List:
		return w.items(path, v.Items, depth)
	case pickle.Tuple:
		return w.items(path, v, depth)
	case string:
		if depth == 1 {
			w.file.Metadata[path] = v // shared: many keys may have one long text
		}
	case int64, float64, bool:
		if depth == 1 {
			w.file.Metadata[path] = fmt.Sprint(v)
		}
	}
	return nil
}

func (w *walk) children(path string, d *pickle.Dict, depth int) error {
	for i, key := range d.Keys {
		if err := w.visit(under(path, fmt.Sprint(key)), d.Values[i], depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) items(path string, items []any, depth int) error {
	for i, item := range items {
		if err := w.visit(under(path, strconv.Itoa(i)), item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) tensor(path string, v *view) error {
	if path == "" {
		path = "tensor" // one that was saved by itself
	}
	if len(w.file.tensors) == maxTensors {
		return fmt.Errorf("more than %d tensors: %s", maxTensors, stateDictAlone)
	}
	t, err := v.stored(path)
	if err != nil {
		return fmt.Errorf("tensor %s: %w", quoted(path), err)
	}
	return w.file.add(t)
}

func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// quoted cuts a name short for a message.
func quoted(name string) string {
	const longest = 120
	if len(name) > longest {
		name = name[:longest] + "…"
	}
	return strconv.Quote(name)
}
