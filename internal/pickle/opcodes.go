package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

const opSTOP = '.'

// opcode is one instruction; those without run are refused by their name.
type opcode struct {
	name string
	run  func(*machine) error
}

// opcodes lists the instructions of protocols 0 to 5 by their code, as Python's
// pickletools documents them.
var opcodes = [256]opcode{
	'(':  {"MARK", func(m *machine) error { m.marks = append(m.marks, len(m.stack)); return nil }},
	'.':  {"STOP", nil}, // handled by Read
	'0':  {"POP", pop},
	'1':  {"POP_MARK", func(m *machine) error { _, err := m.popMark(); return err }},
	'2':  {"DUP", func(m *machine) error { return m.pushTop() }},
	'F':  {"FLOAT", nil},
	'I':  {"INT", nil},
	'J':  {"BININT", integer(4)},
	'K':  {"BININT1", integer(1)},
	'L':  {"LONG", nil},
	'M':  {"BININT2", integer(2)},
	'N':  {"NONE", constant(nil)},
	'P':  {"PERSID", nil},
	'Q':  {"BINPERSID", persistent},
	'R':  {"REDUCE", (*machine).call},
	'S':  {"STRING", nil},
	'T':  {"BINSTRING", text(4)},
	'U':  {"SHORT_BINSTRING", text(1)},
	'V':  {"UNICODE", nil},
	'X':  {"BINUNICODE", text(4)},
	'a':  {"APPEND", func(m *machine) error { v, err := m.pop(); return m.extend([]any{v}, err) }},
	'b':  {"BUILD", build},
	'c':  {"GLOBAL", global},
	'd':  {"DICT", nil},
	'}':  {"EMPTY_DICT", func(m *machine) error { return m.push(&Dict{}) }},
	'e':  {"APPENDS", func(m *machine) error { return m.extend(m.popMark()) }},
	'g':  {"GET", nil},
	'h':  {"BINGET", get(1)},
	'i':  {"INST", nil},
	'j':  {"LONG_BINGET", get(4)},
	'l':  {"LIST", nil},
	']':  {"EMPTY_LIST", func(m *machine) error { return m.push(&List{}) }},
	'o':  {"OBJ", nil},
	'p':  {"PUT", nil},
	'q':  {"BINPUT", put(1)},
	'r':  {"LONG_BINPUT", put(4)},
	's':  {"SETITEM", setItem},
	't':  {"TUPLE", func(m *machine) error { v, err := m.popMark(); return m.pushTuple(slices.Clone(v), err) }},
	')':  {"EMPTY_TUPLE", func(m *machine) error { return m.push(Tuple{}) }},
	'u':  {"SETITEMS", func(m *machine) error { return m.setItems(m.popMark()) }},
	'G':  {"BINFLOAT", float},
	'B':  {"BINBYTES", byteString(4)},
	'C':  {"SHORT_BINBYTES", byteString(1)},
	0x80: {"PROTO", func(m *machine) error { _, err := m.take(1); return err }},
	0x81: {"NEWOBJ", (*machine).call}, // calls the class without __init__
	0x82: {"EXT1", nil},
	0x83: {"EXT2", nil},
	0x84: {"EXT4", nil},
	0x85: {"TUPLE1", tuple(1)},
	0x86: {"TUPLE2", tuple(2)},
	0x87: {"TUPLE3", tuple(3)},
	0x88: {"NEWTRUE", constant(true)},
	0x89: {"NEWFALSE", constant(false)},
	0x8a: {"LONG1", long(1)},
	0x8b: {"LONG4", long(4)},
	0x8c: {"SHORT_BINUNICODE", text(1)},
	0x8d: {"BINUNICODE8", text(8)},
	0x8e: {"BINBYTES8", byteString(8)},
	0x8f: {"EMPTY_SET", func(m *machine) error { return m.push(&List{}) }},
	0x90: {"ADDITEMS", func(m *machine) error { return m.extend(m.popMark()) }},
	0x91: {"FROZENSET", frozenSet},
	0x92: {"NEWOBJ_EX", nil},
	0x93: {"STACK_GLOBAL", stackGlobal},
	0x94: {"MEMOIZE", func(m *machine) error { return m.remember(uint64(len(m.memo))) }},
	0x95: {"FRAME", func(m *machine) error { _, err := m.take(8); return err }},
	0x96: {"BYTEARRAY8", byteString(8)},
	0x97: {"NEXT_BUFFER", nil},
	0x98: {"READONLY_BUFFER", nil},
}

func constant(v any) func(*machine) error {
	return func(m *machine) error { return m.push(v) }
}

func pop(m *machine) error {
	_, err := m.pop()
	return err
}

func (m *machine) pushTop() error {
	v, err := m.top()
	if err != nil {
		return err
	}
	return m.push(v)
}

// integer reads numbers of 1 and 2 bytes without, of 4 with a sign.
func integer(size int) func(*machine) error {
	return func(m *machine) error {
		n, err := m.number(size)
		if err != nil {
			return err
		}
		if size == 4 {
			return m.push(int64(int32(n)))
		}
		return m.push(int64(n))
	}
}

// long reads a number of any length in two's complement. Past 8 bytes it is no
// size or count of anything here.
func long(size int) func(*machine) error {
	return func(m *machine) error {
		b, err := m.sized(size)
		if err != nil {
			return err
		}
		if len(b) > 8 {
			return m.push(&Opaque{"int"})
		}
		var full [8]byte
		if len(b) > 0 && b[len(b)-1]&0x80 != 0 {
			full = [8]byte{255, 255, 255, 255, 255, 255, 255, 255}
		}
		copy(full[:], b)
		return m.push(int64(binary.LittleEndian.Uint64(full[:])))
	}
}

func float(m *machine) error {
	b, err := m.take(8)
	if err != nil {
		return err
	}
	return m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
}

func text(size int) func(*machine) error {
	return func(m *machine) error {
		b, err := m.sized(size)
		if err != nil {
			return err
		}
		return m.push(string(b))
	}
}

func byteString(size int) func(*machine) error {
	return func(m *machine) error {
		b, err := m.sized(size)
		if err != nil {
			return err
		}
		return m.push(slices.Clone(b))
	}
}

func tuple(n int) func(*machine) error {
	return func(m *machine) error {
		t := make(Tuple, n)
		for i := n - 1; i >= 0; i-- {
			v, err := m.pop()
			if err != nil {
				return err
			}
			t[i] = v
		}
		return m.push(t)
	}
}

func (m *machine) pushTuple(items []any, err error) error {
	if err != nil {
		return err
	}
	return m.push(Tuple(items))
}

func frozenSet(m *machine) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	return m.push(&List{Items: slices.Clone(items)})
}

// extend appends items to the list on top.
func (m *machine) extend(items []any, err error) error {
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	list, ok := v.(*List)
	if !ok {
		return fmt.Errorf("pickle: items are appended to a %T at byte %d: the file is damaged", v, m.at)
	}
	list.Items = append(list.Items, items...)
	return nil
}

func setItem(m *machine) error {
	value, err := m.pop()
	if err != nil {
		return err
	}
	key, err := m.pop()
	return m.setItems([]any{key, value}, err)
}

// setItems stores keys and values, which alternate, in the dictionary on top.
func (m *machine) setItems(items []any, err error) error {
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	dict, ok := v.(*Dict)
	if !ok || len(items)%2 != 0 {
		return fmt.Errorf("pickle: %d keys and values are set in a %T at byte %d: the file is damaged", len(items), v, m.at)
	}
	for i := 0; i < len(items); i += 2 {
		dict.Set(items[i], items[i+1])
	}
	return nil
}

// remember keeps the value on top for get.
func (m *machine) remember(key uint64) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	m.memo[uint32(key)] = v
	return m.count()
}

func put(size int) func(*machine) error {
	return func(m *machine) error {
		key, err := m.number(size)
		if err != nil {
			return err
		}
		return m.remember(key)
	}
}

func get(size int) func(*machine) error {
	return func(m *machine) error {
		key, err := m.number(size)
		if err != nil {
			return err
		}
		v, ok := m.memo[uint32(key)]
		if !ok {
			return fmt.Errorf("pickle: value %d is used before it is there, at byte %d: the file is damaged", key, m.at)
		}
		return m.push(v)
	}
}

func global(m *machine) error {
	module, err := m.line()
	if err != nil {
		return err
	}
	name, err := m.line()
	if err != nil {
		return err
	}
	return m.class(module, name)
}

func stackGlobal(m *machine) error {
	n, err := m.pop()
	if err != nil {
		return err
	}
	mod, err := m.pop()
	if err != nil {
		return err
	}
	name, ok := n.(string)
	module, too := mod.(string)
	if !ok || !too {
		return fmt.Errorf("pickle: a class is named by %T and %T at byte %d: the file is damaged", mod, n, m.at)
	}
	return m.class(module, name)
}

func persistent(m *machine) error {
	id, err := m.pop()
	if err != nil {
		return err
	}
	if m.Persistent == nil {
		return fmt.Errorf("pickle: a persistent value at byte %d, where none may be", m.at)
	}
	v, err := m.Persistent(id)
	if err != nil {
		return fmt.Errorf("pickle: persistent value at byte %d: %w", m.at, err)
	}
	return m.push(v)
}

// build drops the attributes of dictionaries (_metadata of a state dict) and of
// what is ignored; nothing else may have any.
func build(m *machine) error {
	if _, err := m.pop(); err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	switch v.(type) {
	case *Dict, *Opaque:
		return nil
	}
	return fmt.Errorf("pickle: attributes are set on a %T at byte %d, where none may be", v, m.at)
}
