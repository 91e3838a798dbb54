// Package checkpointtest writes files as torch.save does, for tests, without
// Python.
package checkpointtest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"testing"
)

// Storage is the memory of tensors: little-endian elements of a class such as
// Float, Half, BFloat16 or Long.
type Storage struct {
	Class string
	Data  []byte
	Size  int // elements, as the pickle says
}

// Floats is a storage of float32.
func Floats(values ...float32) *Storage {
	s := &Storage{Class: "Float", Size: len(values)}
	for _, v := range values {
		s.Data = binary.LittleEndian.AppendUint32(s.Data, math.Float32bits(v))
	}
	return s
}

// Longs is a storage of int64.
func Longs(values ...int64) *Storage {
	s := &Storage{Class: "Long", Size: len(values)}
	for _, v := range values {
		s.Data = binary.LittleEndian.AppendUint64(s.Data, uint64(v))
	}
	return s
}

// Halves is a storage of 16 bits an element, of class Half or BFloat16.
func Halves(class string, bits ...uint16) *Storage {
	s := &Storage{Class: class, Size: len(bits)}
	for _, b := range bits {
		s.Data = binary.LittleEndian.AppendUint16(s.Data, b)
	}
	return s
}

// Tensor is a window on a storage; nil strides are row-major.
type Tensor struct {
	Storage *Storage
	Offset  int
	Shape   []int
	Strides []int
}

// Parameter is a tensor wrapped as torch.nn.Parameter is.
type Parameter struct{ Tensor }

// Dict is an OrderedDict of keys and values, which alternate, with the attribute
// _metadata of a state dict.
type Dict []any

// Call is a class that is called: Call{"posix.system", …}.
type Call struct {
	Module, Name string
	Args         []any
}

// Tuple is a Python tuple.
type Tuple []any

// File returns the zip that torch.save would write for a value: a Dict, Tensor,
// Parameter, Call, Tuple, []any, string, int, float64, bool or nil.
func File(value any) []byte {
	p := &pickler{keys: map[*Storage]int{}}
	p.raw("\x80\x02")
	p.value(value)
	p.raw(".")
	entries := []Entry{{Name: "archive/data.pkl", Data: p.out.Bytes()}, {Name: "archive/byteorder", Data: []byte("little")}}
	for i, s := range p.storages {
		entries = append(entries, Entry{fmt.Sprintf("archive/data/%d", i), s.Data})
	}
	return Zip(append(entries, Entry{"archive/version", []byte("3\n")}))
}

// Entry is a file in a zip.
type Entry struct {
	Name string
	Data []byte
}

// Zip packs entries without compressing them.
func Zip(entries []Entry) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		part, err := w.CreateHeader(&zip.FileHeader{Name: e.Name, Method: zip.Store})
		if err != nil {
			panic(err) // memory does not fail
		}
		part.Write(e.Data)
	}
	w.Close()
	return b.Bytes()
}

// Write writes File(value) to path.
func Write(t testing.TB, path string, value any) {
	t.Helper()
	if err := os.WriteFile(path, File(value), 0o644); err != nil {
		t.Fatal(err)
	}
}

type pickler struct {
	out      bytes.Buffer
	storages []*Storage
	keys     map[*Storage]int
}

func (p *pickler) raw(s string) { p.out.WriteString(s) }

func (p *pickler) text(s string) {
	p.raw("X")
	p.raw(string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))))
	p.raw(s)
}

func (p *pickler) integer(n int) {
	p.raw("\x8a\x08")
	p.raw(string(binary.LittleEndian.AppendUint64(nil, uint64(n))))
}

func (p *pickler) global(module, name string) { p.raw("c" + module + "\n" + name + "\n") }

func (p *pickler) tuple(items ...any) {
	p.raw("(")
	for _, item := range items {
		p.value(item)
	}
	p.raw("t")
}

func (p *pickler) call(c Call) {
	p.global(c.Module, c.Name)
	p.tuple(c.Args...)
	p.raw("R")
}

func (p *pickler) value(v any) {
	switch v := v.(type) {
	case nil:
		p.raw("N")
	case bool:
		p.raw(map[bool]string{false: "\x89", true: "\x88"}[v])
	case int:
		p.integer(v)
	case float64:
		p.raw("G" + string(binary.BigEndian.AppendUint64(nil, math.Float64bits(v))))
	case string:
		p.text(v)
	case []any:
		p.raw("](")
		for _, item := range v {
			p.value(item)
		}
		p.raw("e")
	case Tuple:
		p.tuple(v...)
	case Call:
		p.call(v)
	case Dict:
		p.dict(v)
	case Tensor:
		p.tensor(v)
	case Parameter:
		p.call(Call{"torch._utils", "_rebuild_parameter", []any{v.Tensor, true, Dict{}}})
	case *Storage:
		p.storage(v)
	default:
		panic(fmt.Sprintf("checkpointtest: a %T is not written", v))
	}
}

func (p *pickler) dict(d Dict) {
	p.call(Call{"collections", "OrderedDict", nil})
	p.raw("(")
	for _, v := range d {
		p.value(v)
	}
	p.raw("u}")
	p.text("_metadata")
	p.raw("}sb") // the attributes
}

func (p *pickler) tensor(t Tensor) {
	if t.Strides == nil {
		t.Strides = make([]int, len(t.Shape))
		n := 1
		for i := len(t.Shape) - 1; i >= 0; i-- {
			t.Strides[i] = n
			n *= t.Shape[i]
		}
	}
	p.call(Call{"torch._utils", "_rebuild_tensor_v2", []any{t.Storage, t.Offset, sizes(t.Shape), sizes(t.Strides), false, Dict{}}})
}

func sizes(n []int) Tuple {
	out := make(Tuple, len(n))
	for i, v := range n {
		out[i] = v
	}
	return out
}

// storage writes the persistent id of a storage.
func (p *pickler) storage(s *Storage) {
	key, ok := p.keys[s]
	if !ok {
		key = len(p.storages)
		p.keys[s] = key
		p.storages = append(p.storages, s)
	}
	p.raw("(")
	p.text("storage")
	p.global("torch", s.Class+"Storage")
	p.value(fmt.Sprint(key))
	p.value("cpu")
	p.value(s.Size)
	p.raw("tQ")
}
