package checkpoint

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/clvid/clvid/internal/pickle"
)

// storageTypes are the classes of PyTorch that hold elements.
var storageTypes = map[string]DType{
	"torch.DoubleStorage":   F64,
	"torch.FloatStorage":    F32,
	"torch.HalfStorage":     F16,
	"torch.BFloat16Storage": BF16,
	"torch.LongStorage":     I64,
	"torch.IntStorage":      I32,
	"torch.ShortStorage":    I16,
	"torch.CharStorage":     I8,
	"torch.ByteStorage":     U8,
	"torch.BoolStorage":     Bool,
}

// ignoredClasses may stand in a training checkpoint, and are no weights.
var ignoredClasses = []string{
	"argparse.Namespace", // the options of a training script
	"builtins.bool", "builtins.complex", "builtins.dict", "builtins.float", "builtins.int", "builtins.list", "builtins.str", "builtins.tuple",
	"__builtin__.bool", "__builtin__.complex", "__builtin__.dict", "__builtin__.float", "__builtin__.int", "__builtin__.list", "__builtin__.str", "__builtin__.tuple",
	"_codecs.encode", // how protocol 2 writes bytes
	"numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "numpy.dtype",
	"torch.device",
}

// torchClasses is the closed list of classes and functions that a PyTorch file
// may name. None of them does more than make a value of ours.
func torchClasses() map[string]pickle.Constructor {
	out := map[string]pickle.Constructor{
		"collections.OrderedDict":         newDict,
		"collections.defaultdict":         newDict, // its factory is never called
		"collections.Counter":             newDict,
		"builtins.set":                    newList,
		"builtins.frozenset":              newList,
		"__builtin__.set":                 newList,
		"__builtin__.frozenset":           newList,
		"torch.Size":                      newList,
		"torch._utils._rebuild_tensor_v2": newView,
		"torch._utils._rebuild_tensor":    newView,
		"torch._utils._rebuild_parameter": parameter,
	}
	for _, name := range ignoredClasses {
		out[name] = pickle.Ignored(name)
	}
	for name := range storageTypes {
		out[name] = func(pickle.Tuple) (any, error) { return nil, errors.New("a storage lies outside the pickle") }
	}
	for _, dtype := range []string{"float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"} {
		out["torch."+dtype] = func(pickle.Tuple) (any, error) { return nil, errors.New("a type is no function") }
	}
	return out
}

// newDict makes a dictionary, of a list of pairs where there is one.
func newDict(args pickle.Tuple) (any, error) {
	d := &pickle.Dict{}
	for _, arg := range args {
		switch arg := arg.(type) {
		case *pickle.Dict:
			for i, key := range arg.Keys {
				d.Set(key, arg.Values[i])
			}
		case *pickle.List:
			for _, item := range arg.Items {
				pair, ok := item.(pickle.Tuple)
				if list, isList := item.(*pickle.List); isList {
					pair, ok = list.Items, true
				}
				if !ok || len(pair) != 2 {
					return nil, errors.New("a dictionary of something other than pairs")
				}
				d.Set(pair[0], pair[1])
			}
		}
	}
	return d, nil
}

func newList(args pickle.Tuple) (any, error) {
	list := &pickle.List{}
	for _, arg := range args {
		switch arg := arg.(type) {
		case *pickle.List:
			list.Items = append(list.Items, arg.Items...)
		case pickle.Tuple:
			list.Items = append(list.Items, arg...)
		}
	}
	return list, nil
}

// parameter is the tensor that it wraps.
func parameter(args pickle.Tuple) (any, error) {
	if len(args) < 1 {
		return nil, errors.New("no tensor")
	}
	v, ok := args[0].(*view)
	if !ok {
		return nil, fmt.Errorf("a %T where a tensor is due", args[0])
	}
	return v, nil
}

// storage is a record of elements.
type storage struct {
	dtype DType
	data  []byte
}

// storage resolves a persistent id: ("storage", class, key, device, elements).
func (r records) storage(id any) (any, error) {
	t, ok := id.(pickle.Tuple)
	if !ok || len(t) != 5 || t[0] != "storage" {
		return nil, fmt.Errorf("a %T is no storage", id)
	}
	class, isClass := t[1].(pickle.Class)
	key, isKey := t[2].(string)
	n, isNumber := t[4].(int64)
	if !isClass || !isKey || !isNumber {
		return nil, errors.New("class, key or size of a storage is missing")
	}
	dtype, known := storageTypes[class.Name]
	if !known {
		return nil, fmt.Errorf("elements of class %s are not read: convert them to float32", class.Name)
	}
	data, ok := r["data/"+key]
	if !ok {
		return nil, fmt.Errorf("there is no %s: the file is damaged", quoted("data/"+key))
	}
	if n < 0 || n > int64(len(data)/dtype.Size()) {
		return nil, fmt.Errorf("%s has %d bytes, too few for %d elements of %s", quoted("data/"+key), len(data), n, dtype)
	}
	return &storage{dtype, data[:int(n)*dtype.Size()]}, nil
}

// view is a tensor: a window on a storage, which others may share.
type view struct {
	storage        *storage
	offset         int
	shape, strides []int
}

// newView takes (storage, offset, shape, strides, …).
func newView(args pickle.Tuple) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("%d arguments, want at least 4", len(args))
	}
	s, isStorage := args[0].(*storage)
	offset, isNumber := args[1].(int64)
	shape, shaped := numbers(args[2])
	strides, strided := numbers(args[3])
	if !isStorage || !isNumber || !shaped || !strided || len(shape) != len(strides) || len(shape) > maxAxes {
		return nil, errors.New("storage, offset, shape or strides are missing or do not fit together")
	}
	if offset < 0 || offset > math.MaxInt32*math.MaxInt16 {
		return nil, fmt.Errorf("offset %d is out of range", offset)
	}
	return &view{s, int(offset), shape, strides}, nil
}

// maxAxes is past any tensor of a network.
const maxAxes = 16

// numbers are the sizes of a tuple or torch.Size.
func numbers(v any) ([]int, bool) {
	items, ok := v.(pickle.Tuple)
	if list, isList := v.(*pickle.List); isList {
		items, ok = list.Items, true
	}
	out := make([]int, len(items))
	for i, item := range items {
		n, isNumber := item.(int64)
		if !isNumber {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, ok
}

// maxExpanded is the most elements of a tensor that names some of its storage
// more than once, which costs nothing in the file and everything in memory.
const maxExpanded = 1 << 20

// stored checks that a view lies within its storage.
func (v *view) stored(name string) (stored, error) {
	d, size := v.storage.dtype, v.storage.dtype.Size()
	have := len(v.storage.data) / size
	n, ok := elements(v.shape)
	if !ok || v.offset > have {
		return stored{}, fmt.Errorf("shape %v at offset %d does not fit %d elements", v.shape, v.offset, have)
	}
	out := stored{Info: Info{name, d, append([]int{}, v.shape...)}, data: v.storage.data[v.offset*size:]}
	if n == 0 || slices.Equal(v.strides, rowMajor(v.shape)) {
		if n > have-v.offset {
			return stored{}, fmt.Errorf("shape %v at offset %d does not fit %d elements", v.shape, v.offset, have)
		}
		out.data = out.data[:n*size]
		return out, nil
	}
	last := 0
	for i, stride := range v.strides {
		steps := v.shape[i] - 1
		if stride < 0 || steps > 0 && stride > (have-v.offset-1-last)/steps {
			return stored{}, fmt.Errorf("shape %v with strides %v at offset %d does not fit %d elements", v.shape, v.strides, v.offset, have)
		}
		last += steps * stride
	}
	if v.offset+last >= have {
		return stored{}, fmt.Errorf("shape %v with strides %v at offset %d does not fit %d elements", v.shape, v.strides, v.offset, have)
	}
	if n > have && n > maxExpanded {
		return stored{}, fmt.Errorf("%d elements are expanded from %d: save it as x.contiguous()", n, have)
	}
	out.strides = v.strides
	return out, nil
}

// rowMajor are the strides of a contiguous tensor. PyTorch's may differ on axes
// of size 1, where they do not matter.
func rowMajor(shape []int) []int {
	out, n := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		out[i] = n
		n *= shape[i]
	}
	return out
}
