// Package pickle reads Python's pickles as data. A pickle is a program for a
// small machine that may import and call anything; this reader knows the
// opcodes that plain data needs, and of classes only those that its caller
// lists. It runs no code, and its work and memory are bounded: by the length of the
// input, and by the values that calls copy out of their arguments.
package pickle

// What a pickle holds becomes nil, bool, int64, float64, string, []byte, Tuple,
// *List, *Dict, Class, *Opaque, or whatever a Constructor or Persistent returns.

// Tuple is a Python tuple.
type Tuple []any

// List is a Python list or set. It may hold itself.
type List struct{ Items []any }

// Dict is a Python dict in the order of insertion. It may hold itself.
type Dict struct {
	Keys   []any
	Values []any
	at     map[any]int
}

// Set stores a value. A key other than a string, number or nil is left out,
// with its value: names are looked for here, and nothing else.
func (d *Dict) Set(key, value any) {
	switch key.(type) {
	case nil, bool, int64, float64, string:
	default:
		return
	}
	if i, ok := d.at[key]; ok {
		d.Values[i] = value
		return
	}
	if d.at == nil {
		d.at = map[any]int{}
	}
	d.at[key] = len(d.Keys)
	d.Keys, d.Values = append(d.Keys, key), append(d.Values, value)
}

// Get returns the value of a key.
func (d *Dict) Get(key string) (any, bool) {
	i, ok := d.at[key]
	if !ok {
		return nil, false
	}
	return d.Values[i], true
}

// Class is a class or function of the caller's list.
type Class struct{ Name string } // with its module: collections.OrderedDict

// Opaque stands for a harmless value whose content is not kept.
type Opaque struct{ Class string }

// Constructor makes the value that a class gives for the arguments of a call.
type Constructor func(args Tuple) (any, error)

// Ignored is the Constructor of a class that may be there and is not needed.
func Ignored(class string) Constructor {
	return func(Tuple) (any, error) { return &Opaque{class}, nil }
}
