package checkpoint

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	ct "github.com/clvid/clvid/nn/checkpoint/checkpointtest"
)

func torchFile(t *testing.T, data []byte) (*File, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.pth")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err == nil {
		t.Cleanup(func() { f.Close() })
	}
	return f, err
}

func mustTorch(t *testing.T, value any) *File {
	t.Helper()
	f, err := torchFile(t, ct.File(value))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTorchViews(t *testing.T) {
	shared := ct.Floats(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	f := mustTorch(t, ct.Dict{
		"plain", ct.Tensor{Storage: shared, Shape: []int{3, 4}},
		"transposed", ct.Tensor{Storage: shared, Shape: []int{4, 3}, Strides: []int{1, 4}},
		"row", ct.Tensor{Storage: shared, Offset: 4, Shape: []int{4}},
		"column", ct.Tensor{Storage: shared, Offset: 1, Shape: []int{3}, Strides: []int{4}},
		"box", ct.Tensor{Storage: shared, Offset: 1, Shape: []int{2, 2, 1}, Strides: []int{4, 2, 99}},
		"expanded", ct.Tensor{Storage: shared, Offset: 3, Shape: []int{2, 2}, Strides: []int{0, 1}},
		"scalar", ct.Tensor{Storage: shared, Offset: 11},
		"empty", ct.Tensor{Storage: shared, Offset: 12, Shape: []int{0, 3}},
		"parameter", ct.Parameter{Tensor: ct.Tensor{Storage: shared, Shape: []int{1}}},
		"half", ct.Tensor{Storage: ct.Halves("Half", 0x3e00), Shape: []int{1}},
		"bfloat16", ct.Tensor{Storage: ct.Halves("BFloat16", 0x3fc0), Shape: []int{1}},
		"long", ct.Tensor{Storage: ct.Longs(-7, 1<<40), Shape: []int{2}},
		"bool", ct.Tensor{Storage: &ct.Storage{Class: "Bool", Data: []byte{1}, Size: 1}, Shape: []int{}},
	})
	for name, want := range map[string][]float64{
		"plain":      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
		"transposed": {0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11},
		"row":        {4, 5, 6, 7},
		"column":     {1, 5, 9},
		"box":        {1, 3, 5, 7},
		"expanded":   {3, 4, 3, 4},
		"scalar":     {11},
		"empty":      {},
		"parameter":  {0},
		"half":       {1.5},
		"bfloat16":   {1.5},
		"long":       {-7, 1 << 40},
		"bool":       {1},
	} {
		got, err := f.Float64s(name)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if info, _ := f.Lookup("box"); info.DType != F32 || !cmp.Equal(info.Shape, []int{2, 2, 1}) {
		t.Errorf("got %+v", info)
	}
}

// A training checkpoint holds more than weights.
func TestTorchTrainingCheckpoint(t *testing.T) {
	w := ct.Tensor{Storage: ct.Floats(1), Shape: []int{1}}
	f := mustTorch(t, ct.Dict{
		"epoch", 7, "arch", "resnet50", "best", .5, "done", true, "none", nil,
		"state_dict", ct.Dict{"module.conv1.weight", w},
		"args", ct.Call{Module: "argparse", Name: "Namespace"},
		"optimizer", ct.Dict{"state", ct.Dict{0, ct.Dict{"momentum_buffer", w}}, "param_groups", []any{ct.Dict{"params", []any{0, 1}}}},
		"shapes", ct.Tuple{ct.Call{Module: "torch", Name: "Size", Args: []any{ct.Tuple{1, 2}}}},
		"device", ct.Call{Module: "torch", Name: "device", Args: []any{"cpu"}},
		"queue", []any{w, w},
	})
	var names []string
	for _, info := range f.Tensors() {
		names = append(names, info.Name)
	}
	if diff := cmp.Diff([]string{"state_dict.module.conv1.weight", "optimizer.state.0.momentum_buffer", "queue.0", "queue.1"}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"epoch": "7", "arch": "resnet50", "best": "0.5", "done": "true"}, f.Metadata); diff != "" || f.Format != Torch {
		t.Error(f.Format, diff)
	}
	if alone := mustTorch(t, w); len(alone.Tensors()) != 1 {
		t.Errorf("a tensor that was saved by itself: %v", alone.Tensors())
	}
}

func TestTorchRefuses(t *testing.T) {
	one := ct.Floats(1)
	dict := func(t ct.Tensor) []byte { return ct.File(ct.Dict{"a", t}) }
	deep := any(ct.Tensor{Storage: one, Shape: []int{1}})
	for range 40 {
		deep = ct.Dict{"a", deep}
	}
	for name, tc := range map[string]struct {
		data []byte
		want string
	}{
		"code":                {ct.File(ct.Dict{"a", ct.Call{Module: "posix", Name: "system", Args: []any{"id"}}}), "it holds a posix.system; reading runs no code"},
		"eval":                {ct.File(ct.Call{Module: "builtins", Name: "eval", Args: []any{"1"}}), "it holds a builtins.eval"},
		"getattr":             {ct.File(ct.Call{Module: "__builtin__", Name: "getattr", Args: []any{1, "a"}}), "it holds a __builtin__.getattr"},
		"a whole model":       {ct.File(ct.Call{Module: "torchvision.models.resnet", Name: "ResNet"}), "torchvision.models.resnet.ResNet; reading runs no code and knows tensors"},
		"a call of a storage": {ct.File(ct.Call{Module: "torch", Name: "FloatStorage", Args: []any{3}}), "lies outside the pickle"},
		"an opcode":           {ct.Zip([]ct.Entry{{Name: "a/data.pkl", Data: []byte("\x80\x02(ios\nsystem\n.")}}), "opcode INST at byte 3"},
		"no tensor":           {ct.File(ct.Dict{"a", 1}), "holds no tensors"},
		"complex numbers":     {dict(ct.Tensor{Storage: &ct.Storage{Class: "ComplexFloat"}, Shape: []int{0}}), "torch.ComplexFloatStorage"},
		"past the storage":    {dict(ct.Tensor{Storage: one, Shape: []int{2}}), "does not fit 1 elements"},
		"strides past it":     {dict(ct.Tensor{Storage: ct.Floats(1, 2, 3), Shape: []int{2, 2}, Strides: []int{2, 2}}), "does not fit 3 elements"},
		"strides that overflow": {dict(ct.Tensor{Storage: ct.Floats(1, 2, 3), Shape: []int{5, 5}, Strides: []int{1 << 62, 1 << 62}}),
			"does not fit 3 elements"},
		"a negative stride":   {dict(ct.Tensor{Storage: one, Shape: []int{2}, Strides: []int{-1}}), "does not fit"},
		"a negative size":     {dict(ct.Tensor{Storage: one, Shape: []int{-1}}), "does not fit"},
		"a negative offset":   {dict(ct.Tensor{Storage: one, Offset: -1, Shape: []int{1}}), "offset -1"},
		"an offset past it":   {dict(ct.Tensor{Storage: one, Offset: 2, Shape: []int{0}}), "does not fit"},
		"a shape of a TB":     {dict(ct.Tensor{Storage: one, Shape: []int{1 << 40}, Strides: []int{0}}), "expanded from 1"},
		"a shape of 2^80":     {dict(ct.Tensor{Storage: one, Shape: []int{1 << 40, 1 << 40}, Strides: []int{0, 0}}), "does not fit"},
		"a missing stride":    {dict(ct.Tensor{Storage: one, Shape: []int{1, 1}, Strides: []int{1}}), "do not fit together"},
		"a short storage":     {dict(ct.Tensor{Storage: &ct.Storage{Class: "Float", Data: []byte{0, 0, 0}, Size: 1}, Shape: []int{1}}), "too few for 1 elements"},
		"a negative storage":  {dict(ct.Tensor{Storage: &ct.Storage{Class: "Float", Size: -1}, Shape: []int{1}}), "too few"},
		"a number as storage": {ct.File(ct.Call{Module: "torch._utils", Name: "_rebuild_tensor_v2", Args: []any{1, 0, ct.Tuple{}, ct.Tuple{}}}), "missing or do not fit"},
		"a tensor of nothing": {ct.File(ct.Call{Module: "torch._utils", Name: "_rebuild_tensor_v2"}), "0 arguments"},
		"a parameter of text": {ct.File(ct.Call{Module: "torch._utils", Name: "_rebuild_parameter", Args: []any{"a"}}), "where a tensor is due"},
		"a dict of numbers":   {ct.File(ct.Call{Module: "collections", Name: "OrderedDict", Args: []any{[]any{1}}}), "other than pairs"},
		"names that clash": {ct.File(ct.Dict{"a.b", ct.Tensor{Storage: one, Shape: []int{1}},
			"a", ct.Dict{"b", ct.Tensor{Storage: one, Shape: []int{1}}}}), `two tensors are called "a.b"`},
		"forty levels":      {ct.File(deep), "nested more than 32 deep"},
		"TorchScript":       {ct.Zip([]ct.Entry{{Name: "m/data.pkl"}, {Name: "m/code/__torch__.py"}}), "torch.jit.load"},
		"another zip":       {ct.Zip([]ct.Entry{{Name: "a.npy"}}), "0 data.pkl, want one"},
		"two of them":       {ct.Zip([]ct.Entry{{Name: "a/data.pkl"}, {Name: "b/data.pkl"}}), "2 data.pkl, want one"},
		"an entry twice":    {ct.Zip([]ct.Entry{{Name: "a/data.pkl"}, {Name: "a/data/0"}, {Name: "a/data/0"}}), "holds a/data/0 twice"},
		"half a zip":        {ct.File(ct.Dict{"a", ct.Tensor{Storage: one, Shape: []int{1}}})[:200], "damaged or truncated zip"},
		"big-endian":        {ct.Zip([]ct.Entry{{Name: "a/data.pkl"}, {Name: "a/byteorder", Data: []byte("big")}}), "byte order"},
		"the legacy format": {[]byte("\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."), "before PyTorch 1.6, is not read: in Python, torch.save(torch.load("},
		"a tar":             {append(make([]byte, 257), "ustar\x0000"...), "before PyTorch 0.2"},
		"HDF5":              {[]byte("\x89HDF\r\n\x1a\n...."), "HDF5 is not read"},
		"a pointer":         {[]byte("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"},
		"something else":    {[]byte("hello, this is text"), "neither safetensors nor a zip of torch.save"},
	} {
		if _, err := torchFile(t, tc.data); err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "checkpoint: ") {
			t.Errorf("%s: got %v, want an error with %q", name, err, tc.want)
		}
	}
}

// Small files that name a value many times, each in another way, are refused
// before they take much memory.
func TestTorchManyTimesTheSame(t *testing.T) {
	lists := "\x80\x02]q\x00"
	for i := byte(1); i < 30; i++ { // each holds the one before it twice
		lists += "](" + string([]byte{'h', i - 1, 'h', i - 1}) + "eq" + string(rune(i))
	}
	tensor := "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x01tQK\x00))\x89}tRq\x00"
	many := func(item string, n int) string { return "](" + strings.Repeat(item, n) + "e" }
	nones := "\x80\x02" + many("N", 20_000) + "q\x00"
	dict := "\x80\x02}("
	for i := range 5_000 {
		dict += "M" + string([]byte{byte(i), byte(i >> 8)}) + "N"
	}
	for name, tc := range map[string]struct{ program, want string }{
		"values":        {nones + many("h\x00", 200), "more than 2097152 values"},
		"deep values":   {lists, "names of more than 67108864 bytes"},
		"names":         {tensor + "}X\xa0\x0f\x00\x00" + strings.Repeat("a", 4000) + many("h\x00", 100_000) + "s", "names of more than 67108864 bytes"},
		"tensors":       {tensor + many("h\x00", 70_000), "more than 65536 tensors"},
		"sets":          {nones + many("cbuiltins\nset\nh\x00\x85R", 2000), "more than 8388608 values"},
		"one large set": {nones + "cbuiltins\nset\n(" + strings.Repeat("h\x00", 2000) + "tR", "more than 8388608 values"},
		"dictionaries":  {dict + "uq\x00" + many("ccollections\nOrderedDict\nh\x00\x85R", 2000), "more than 8388608 values"},
	} {
		t.Run(name, func(t *testing.T) {
			data := ct.Zip([]ct.Entry{{Name: "a/data.pkl", Data: []byte(tc.program + ".")}, {Name: "a/data/0", Data: make([]byte, 4)}})
			f, err := &File{Metadata: map[string]string{}, index: map[string]int{}}, error(nil)
			if taken := allocated(func() { err = f.openTorch(data) }); taken > 256<<20 {
				t.Errorf("a file of %d bytes takes %d", len(data), taken)
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

// Many keys with one long text share it.
func TestTorchSharesTexts(t *testing.T) {
	const texts = 2000
	b := append([]byte("\x80\x02}X\x00\x00\x10\x00"), make([]byte, 1<<20)...)
	b = append(b, "q\x000("...)
	for i := range texts {
		b = append(b, 'M', byte(i), byte(i>>8), 'h', 0)
	}
	b = append(b, "u."...)
	f := &File{Metadata: map[string]string{}, index: map[string]int{}}
	taken := allocated(func() {
		if err := f.openTorch(ct.Zip([]ct.Entry{{Name: "a/data.pkl", Data: b}})); err == nil || !strings.Contains(err.Error(), "no tensors") {
			t.Errorf("got %v", err)
		}
	})
	if len(f.Metadata) != texts || taken > 64<<20 {
		t.Errorf("%d texts of %d bytes take %d", len(f.Metadata), 1<<20, taken)
	}
}

// allocated is how many bytes a call allocates, freed since or not.
func allocated(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// FuzzTorchPickle is FuzzTorch on the description alone, which a zip would keep
// from being changed much. It may name storages of 6 floats and 1 long.
func FuzzTorchPickle(f *testing.F) {
	six, one := ct.Floats(0, 1, 2, 3, 4, 5), ct.Longs(1)
	parts, err := openZip(ct.File(ct.Dict{
		"state_dict", ct.Dict{
			"a", ct.Tensor{Storage: six, Shape: []int{2, 3}}, "b", ct.Tensor{Storage: six, Offset: 1, Shape: []int{2, 2}, Strides: []int{1, 2}},
			"n", ct.Parameter{Tensor: ct.Tensor{Storage: one, Shape: []int{}}},
		},
		"epoch", 1, "args", ct.Call{Module: "argparse", Name: "Namespace"}, "sizes", []any{ct.Call{Module: "torch", Name: "Size", Args: []any{ct.Tuple{1}}}},
	}))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(parts["data.pkl"])
	f.Add([]byte("\x80\x02]q\x00h\x00a."))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := &File{Metadata: map[string]string{}, index: map[string]int{}}
		data := ct.Zip([]ct.Entry{{Name: "a/data.pkl", Data: b}, {Name: "a/data/0", Data: six.Data}, {Name: "a/data/1", Data: one.Data}})
		if err := file.openTorch(data); err == nil {
			readAll(t, file)
		}
	})
}

// Whatever the bytes, opening ends without a panic, and what is accepted can be
// read whole.
func FuzzTorch(f *testing.F) {
	shared := ct.Floats(0, 1, 2, 3, 4, 5)
	whole := ct.File(ct.Dict{
		"state_dict", ct.Dict{
			"a", ct.Tensor{Storage: shared, Shape: []int{2, 3}}, "b", ct.Tensor{Storage: shared, Offset: 1, Shape: []int{2, 2}, Strides: []int{1, 2}},
			"n", ct.Parameter{Tensor: ct.Tensor{Storage: ct.Longs(1), Shape: []int{}}},
		},
		"epoch", 1, "args", ct.Call{Module: "argparse", Name: "Namespace"},
	})
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(ct.File(ct.Tensor{Storage: ct.Halves("Half", 1, 2), Shape: []int{1, 2}}))
	f.Add(ct.Zip([]ct.Entry{{Name: "a/data.pkl", Data: []byte("\x80\x02]q\x00h\x00a.")}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		file := &File{Metadata: map[string]string{}, index: map[string]int{}}
		if err := file.openTorch(b); err == nil {
			readAll(t, file)
		}
	})
}
