package pickle

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Reader holds what a pickle may name.
type Reader struct {
	Classes map[string]Constructor // by module and name: collections.OrderedDict
	// Persistent resolves what lies outside the pickle, such as the data of
	// tensors; nil refuses it.
	Persistent func(id any) (any, error)
}

// ClassError refuses a class that is not in Reader.Classes.
type ClassError struct{ Name string }

func (e *ClassError) Error() string {
	return fmt.Sprintf("pickle: class %s is not among those that are read", e.Name)
}

// OpcodeError refuses an opcode.
type OpcodeError struct {
	Code byte
	Name string // "" for a byte that is no opcode
	At   int    // byte of the pickle
}

func (e *OpcodeError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("pickle: 0x%02x at byte %d is no opcode", e.Code, e.At)
	}
	return fmt.Sprintf("pickle: opcode %s at byte %d is not among those that are read", e.Name, e.At)
}

// maxValues bounds the values that a pickle makes. An encoder of a thousand
// tensors takes some ten thousand.
const maxValues = 1 << 23

// valuesPerItem is what an item counts that a call copies out of a list or
// dictionary: an entry of a new dictionary takes the memory of some eight values.
const valuesPerItem = 8

var errTruncated = errors.New("pickle: it ends in the middle: the file is truncated")

// Read returns the value of a pickle. What follows its STOP is not looked at.
func (r Reader) Read(data []byte) (any, error) {
	m := &machine{Reader: r, in: data, memo: map[uint32]any{}}
	for {
		start := m.at
		code, err := m.take(1)
		if err != nil {
			return nil, err
		}
		if code[0] == opSTOP {
			return m.pop()
		}
		op := opcodes[code[0]]
		if op.run == nil {
			return nil, &OpcodeError{Code: code[0], Name: op.name, At: start}
		}
		if err := op.run(m); err != nil {
			return nil, err
		}
	}
}

// machine is the state of a pickle under way.
type machine struct {
	Reader
	in     []byte
	at     int
	stack  []any
	marks  []int // heights of the stack, each at least the one before it
	memo   map[uint32]any
	values int
}

// take consumes n bytes.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.in)-m.at) {
		return nil, errTruncated
	}
	b := m.in[m.at : m.at+int(n)]
	m.at += int(n)
	return b, nil
}

// number consumes a little-endian unsigned number of size bytes.
func (m *machine) number(size int) (uint64, error) {
	b, err := m.take(uint64(size))
	if err != nil {
		return 0, err
	}
	var full [8]byte
	copy(full[:], b)
	return binary.LittleEndian.Uint64(full[:]), nil
}

// sized consumes bytes behind their number, which has size bytes.
func (m *machine) sized(size int) ([]byte, error) {
	n, err := m.number(size)
	if err != nil {
		return nil, err
	}
	return m.take(n)
}

// maxName bounds the names of classes and of their modules.
const maxName = 256

// line consumes a name up to the end of its line.
func (m *machine) line() (string, error) {
	n := bytes.IndexByte(m.in[m.at:], '\n')
	if n < 0 {
		return "", errTruncated
	}
	text := string(m.in[m.at : m.at+n])
	m.at += n + 1
	return text, nil
}

func (m *machine) push(v any) error {
	m.stack = append(m.stack, v)
	return m.count()
}

// count holds values and places in the memo to their bound.
func (m *machine) count() error { return m.countMany(1) }

func (m *machine) countMany(n int) error {
	if m.values += n; m.values > maxValues {
		return fmt.Errorf("pickle: more than %d values: this is no checkpoint", maxValues)
	}
	return nil
}

// floor is the height below which the opcodes under way must not reach.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (any, error) {
	v, err := m.top()
	if err == nil {
		m.stack = m.stack[:len(m.stack)-1]
	}
	return v, err
}

func (m *machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, fmt.Errorf("pickle: nothing on the stack at byte %d: the file is damaged", m.at)
	}
	return m.stack[len(m.stack)-1], nil
}

// popMark returns what lies above the last mark, and takes both away. The
// result is overwritten by the next push.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, fmt.Errorf("pickle: no mark on the stack at byte %d: the file is damaged", m.at)
	}
	floor := m.floor()
	items := m.stack[floor:]
	m.marks, m.stack = m.marks[:len(m.marks)-1], m.stack[:floor]
	return items, nil
}

// class pushes a class of the list.
func (m *machine) class(module, name string) error {
	if len(module) > maxName || len(name) > maxName {
		return fmt.Errorf("pickle: the name of a class has more than %d bytes at byte %d: the file is damaged", maxName, m.at)
	}
	full := module + "." + name
	if _, ok := m.Classes[full]; !ok {
		return &ClassError{full}
	}
	return m.push(Class{full})
}

// call replaces a class and its arguments by what its Constructor makes.
func (m *machine) call() error {
	args, err := m.pop()
	if err != nil {
		return err
	}
	callee, err := m.pop()
	if err != nil {
		return err
	}
	class, isClass := callee.(Class)
	tuple, isTuple := args.(Tuple)
	if !isClass || !isTuple {
		return fmt.Errorf("pickle: a %T is called with a %T at byte %d: the file is damaged", callee, args, m.at)
	}
	if err := m.countItems(tuple); err != nil {
		return err
	}
	v, err := m.Classes[class.Name](tuple)
	if err != nil {
		return fmt.Errorf("pickle: %s: %w", class.Name, err)
	}
	return m.push(v)
}

// countItems counts what a Constructor may copy out of its arguments. Two bytes of
// the pickle can call for another copy of a list of any length.
func (m *machine) countItems(args Tuple) error {
	for _, arg := range args {
		n := 0
		switch arg := arg.(type) {
		case Tuple:
			n = len(arg)
		case *List:
			n = valuesPerItem * len(arg.Items)
		case *Dict:
			n = valuesPerItem * len(arg.Keys)
		}
		if err := m.countMany(n); err != nil {
			return err
		}
	}
	return nil
}
