package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() []Tensor {
	return []Tensor{
		{Name: "layer1.0.conv1.weight", Shape: []int{2, 3}, F32: []float32{1, -2, 3.5, float32(math.Inf(1)), 0, math.SmallestNonzeroFloat32}},
		{Name: "bytes", Shape: []int{3}, U8: []byte{0, 127, 255}},
		{Name: "a.double", Shape: []int{2}, F64: []float64{math.Pi, -math.MaxFloat64}},
		{Name: "ids", Shape: []int{2, 1}, I32: []int32{math.MinInt32, 7}},
		{Name: "num_batches_tracked", Shape: []int{}, I64: []int64{math.MinInt64}},
		{Name: "none", Shape: []int{0, 5}, F32: []float32{}},
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.safetensors")
	metadata := map[string]string{"format": "pt", "b": "<&>\"\\"}
	if err := WriteSafetensors(path, sample(), metadata); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	if diff := cmp.Diff(metadata, f.Metadata); diff != "" || f.Format != Safetensors {
		t.Error(f.Format, diff)
	}
	f32, f64, bytes, i32, i64 := make([]float32, 6), make([]float64, 2), make([]float32, 3), make([]int64, 2), make([]int64, 1)
	for _, err := range []error{
		f.CopyF32("layer1.0.conv1.weight", f32), f.CopyF64("a.double", f64), f.CopyF32("bytes", bytes),
		f.CopyI64("ids", i32), f.CopyI64("num_batches_tracked", i64), f.CopyF32("none", nil),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	got := []any{f32, f64, bytes, i32, i64}
	want := []any{sample()[0].F32, sample()[2].F64, []float32{0, 127, 255}, []int64{math.MinInt32, 7}, []int64{math.MinInt64}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, w := range sample() {
		if info, ok := f.Lookup(w.Name); !ok || !slices.Equal(info.Shape, w.Shape) {
			t.Errorf("%s: %+v, want shape %v", w.Name, info, w.Shape)
		}
	}
	if _, ok := f.Lookup("fc.weight"); ok || len(f.Tensors()) != len(want)+1 {
		t.Error("a tensor that was not written came back")
	}
}

// open opens a file for the length of a test.
func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// The expected bytes are the format's description, written out by hand.
func TestBytesAreTheFormat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	tensors := []Tensor{{Name: "b", Shape: []int{1}, U8: []byte{9}}, {Name: "a", Shape: []int{2}, F32: []float32{1, -2}}}
	if err := WriteSafetensors(path, tensors, map[string]string{"k": "v"}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := `{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}`
	text += strings.Repeat(" ", (8-len(text)%8)%8)
	want := fmt.Sprintf("%s%s\x00\x00\x80\x3f\x00\x00\x00\xc0\x09", le64(uint64(len(text))), text)
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEqualTensorsGiveEqualBytes(t *testing.T) {
	dir := t.TempDir()
	var first []byte
	for i := range 4 {
		tensors := sample()
		if i%2 == 1 {
			slices.Reverse(tensors)
		}
		path := filepath.Join(dir, "w")
		if err := WriteSafetensors(path, tensors, map[string]string{"z": "1", "a": "2", "m": "3"}); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if !bytes.Equal(first, b) {
			t.Fatal("the bytes depend on the order of tensors")
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	one := []float32{1}
	for name, tc := range map[string]struct {
		tensors []Tensor
		want    string
	}{
		"a name used twice":      {[]Tensor{{Name: "a", Shape: []int{1}, F32: one}, {Name: "a", Shape: []int{1}, F32: one}}, `"a" is used twice`},
		"a reserved name":        {[]Tensor{{Name: "__metadata__", Shape: []int{1}, F32: one}}, "reserved"},
		"a shape of other size":  {[]Tensor{{Name: "a", Shape: []int{2}, F32: one}}, "holds 1 elements, but its shape is [2]"},
		"a negative shape":       {[]Tensor{{Name: "a", Shape: []int{-1, -1}, F32: one}}, "its shape is [-1 -1]"},
		"no data":                {[]Tensor{{Name: "a", Shape: []int{1}}}, "has 0 data slices"},
		"data of two types":      {[]Tensor{{Name: "a", Shape: []int{1}, F32: one, U8: []byte{1}}}, "has 2 data slices"},
		"a folder for the place": {nil, "write"},
	} {
		p := path
		if name == "a folder for the place" {
			p = t.TempDir()
		}
		if err := WriteSafetensors(p, tc.tensors, nil); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tc.want)
		}
	}
	if left, _ := filepath.Glob(path + "*"); len(left) != 0 {
		t.Errorf("a refused write left %v", left)
	}
}

func le64(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }

// raw builds a file from header text and data, honest about the length.
func raw(text, data string) []byte { return []byte(le64(uint64(len(text))) + text + data) }

func TestHostileFiles(t *testing.T) {
	entry := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"dtype":"%s","shape":%s,"data_offsets":%s}`, dtype, shape, offsets)
	}
	f32 := entry("F32", "[1]", "[0,4]")
	for name, tc := range map[string]struct {
		file []byte
		want string
	}{
		"empty":                     {nil, "too few"},
		"half a length":             {[]byte("1234"), "too few"},
		"a huge length":             {[]byte(le64(1<<63) + "{}"), "claims 9223372036854775808 bytes, want at most"},
		"a length past the end":     {[]byte(le64(10) + "{}"), "claims 10 bytes, but 2 follow"},
		"no JSON":                   {raw("hello", ""), "not valid JSON"},
		"a list":                    {raw("[]", ""), "where { is due"},
		"cut JSON":                  {raw(`{"a":`+f32, "0123"), "not valid JSON"},
		"text behind":               {raw(`{}{}`, ""), "after the closing brace"},
		"a tensor twice":            {raw(`{"a":`+f32+`,"a":`+f32+`}`, "0123"), `"a" is there twice`},
		"metadata twice":            {raw(`{"__metadata__":{},"__metadata__":{}}`, ""), "there twice"},
		"a metadata key twice":      {raw(`{"__metadata__":{"k":"1","k":"2"}}`, ""), `"k" is there twice`},
		"metadata of numbers":       {raw(`{"__metadata__":{"k":1}}`, ""), "string is due"},
		"a field twice":             {raw(`{"a":{"dtype":"U8","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "0123"), "there twice"},
		"an unknown field":          {raw(`{"a":{"type":"U8"}}`, ""), `unknown key "type"`},
		"an unknown type":           {raw(`{"a":`+entry("F8", "[1]", "[0,1]")+`}`, "0"), `"F8" is not supported, only F32`},
		"no shape":                  {raw(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, "0123"), "missing"},
		"one offset":                {raw(`{"a":`+entry("F32", "[1]", "[0]")+`}`, "0123"), "missing"},
		"a fractional size":         {raw(`{"a":`+entry("F32", "[1.5]", "[0,6]")+`}`, "012345"), "cannot unmarshal"},
		"a negative size":           {raw(`{"a":`+entry("F32", "[-1,-1]", "[0,4]")+`}`, "0123"), "negative size"},
		"a shape that overflows":    {raw(`{"a":`+entry("F32", "[4294967296,4294967296,4]", "[0,0]")+`}`, ""), "too many elements"},
		"a negative offset":         {raw(`{"a":`+entry("F32", "[1]", "[-4,0]")+`}`, "0123"), "do not span"},
		"offsets that overflow":     {raw(`{"a":`+entry("U8", "[1]", "[9223372036854775807,-9223372036854775808]")+`}`, "0"), "do not span"},
		"offsets in reverse":        {raw(`{"a":`+entry("F32", "[1]", "[4,0]")+`}`, "0123"), "do not span"},
		"a shape of other bytes":    {raw(`{"a":`+entry("F32", "[2]", "[0,4]")+`}`, "0123"), "do not span the 8 bytes of F32[2]"},
		"a range past the end":      {raw(`{"a":`+entry("F32", "[2]", "[0,8]")+`}`, "0123"), "ends at byte 8 of 4: the file is truncated"},
		"a terabyte claimed":        {raw(`{"a":`+entry("U8", "[1099511627776]", "[0,1099511627776]")+`}`, "0"), "truncated"},
		"an overlap":                {raw(`{"a":`+f32+`,"b":`+entry("F32", "[1]", "[2,6]")+`}`, "012345"), `"b" starts at byte 2, inside`},
		"the same bytes twice":      {raw(`{"a":`+f32+`,"b":`+f32+`}`, "0123"), `"b" starts at byte 0, inside`},
		"a hole":                    {raw(`{"a":`+entry("F32", "[1]", "[4,8]")+`}`, "01234567"), "leaves a hole from 0"},
		"bytes behind the last one": {raw(`{"a":`+f32+`}`, "01234"), "1 bytes follow the last tensor"},
	} {
		path := filepath.Join(t.TempDir(), "w")
		if err := os.WriteFile(path, tc.file, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "checkpoint: "+path) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tc.want)
		}
	}
}

func TestOpenRefusesWhatIsNoFile(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "a folder without weights") {
		t.Errorf("a folder: got %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
	if _, err := Open("/dev/null"); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a device: %v", err)
	}
}

// Whatever is accepted can be read whole, and written and opened again.
func FuzzSafetensors(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	if err := WriteSafetensors(path, sample(), map[string]string{"k": "v"}); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, "0123"))
	f.Add(raw(`{"a":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]}}`, "0123"))
	f.Add(raw(`{"a":{"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}`, "0"))
	f.Add(raw(`{"__metadata__":{"k":"1"}}`, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		first := &File{Metadata: map[string]string{}, index: map[string]int{}}
		if err := first.openSafetensors(b); err != nil {
			return
		}
		again := filepath.Join(t.TempDir(), "again")
		if err := WriteSafetensors(again, readAll(t, first), first.Metadata); err != nil {
			t.Fatalf("accepted, but cannot be written: %v", err)
		}
		if second := open(t, again); len(second.Tensors()) != len(first.Tensors()) {
			t.Fatalf("%d tensors became %d", len(first.Tensors()), len(second.Tensors()))
		}
	})
}

// readAll reads every tensor as float64.
func readAll(t *testing.T, f *File) []Tensor {
	t.Helper()
	var out []Tensor
	for _, info := range f.Tensors() {
		values, err := f.Float64s(info.Name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, Tensor{Name: info.Name, Shape: info.Shape, F64: values})
	}
	return out
}
