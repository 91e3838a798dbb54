package pickle

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// reader knows one class, and storages by a persistent id.
var reader = Reader{
	Classes: map[string]Constructor{
		"collections.OrderedDict": func(Tuple) (any, error) { return &Dict{}, nil },
		"argparse.Namespace":      Ignored("argparse.Namespace"),
		"fails.Always":            func(Tuple) (any, error) { return nil, errors.New("no") },
	},
	Persistent: func(id any) (any, error) { return fmt.Sprint("storage ", id), nil },
}

func dict(items ...any) *Dict {
	d := &Dict{}
	for i := 0; i < len(items); i += 2 {
		d.Set(items[i], items[i+1])
	}
	return d
}

// The bytes are what CPython writes for the value in the name, or, where it
// writes no such thing, the opcodes by hand.
func TestRead(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		want any
	}{
		"None":                    {"\x80\x02N.", nil},
		"True":                    {"\x80\x02\x88.", true},
		"-3":                      {"\x80\x02J\xfd\xff\xff\xff.", int64(-3)},
		"300":                     {"\x80\x02M\x2c\x01.", int64(300)},
		"2**40":                   {"\x80\x02\x8a\x06\x00\x00\x00\x00\x00\x01.", int64(1 << 40)},
		"-2**40":                  {"\x80\x02\x8a\x06\x00\x00\x00\x00\x00\xff.", int64(-1 << 40)},
		"0 as a long":             {"\x80\x02\x8a\x00.", int64(0)},
		"2**64":                   {"\x80\x02\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.", &Opaque{"int"}},
		"1.5":                     {"\x80\x02G?\xf8\x00\x00\x00\x00\x00\x00.", 1.5},
		"'é'":                     {"\x80\x02X\x02\x00\x00\x00\xc3\xa9q\x00.", "é"},
		"'é' of protocol 4":       {"\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00\x8c\x02\xc3\xa9\x94.", "é"},
		"b'ab'":                   {"\x80\x04C\x02ab\x94.", []byte("ab")},
		"(1, (2, 3))":             {"\x80\x02K\x01K\x02K\x03\x86q\x00\x86q\x01.", Tuple{int64(1), Tuple{int64(2), int64(3)}}},
		"(1, 2, 3, 4)":            {"\x80\x02(K\x01K\x02K\x03K\x04tq\x00.", Tuple{int64(1), int64(2), int64(3), int64(4)}},
		"[1, [2]]":                {"\x80\x02]q\x00(K\x01]q\x01K\x02ae.", &List{Items: []any{int64(1), &List{Items: []any{int64(2)}}}}},
		"{1} of protocol 4":       {"\x80\x04\x8f\x94(K\x01\x90.", &List{Items: []any{int64(1)}}},
		"{'a': 1, 'b': 2}":        {"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01K\x01X\x01\x00\x00\x00bq\x02K\x02u.", dict("a", int64(1), "b", int64(2))},
		"{'a': 1} then 'a': 2":    {"}(U\x01aK\x01uU\x01aK\x02s.", dict("a", int64(2))},
		"{(1, 2): 3}":             {"\x80\x02}q\x00K\x01K\x02\x86q\x01K\x03s.", dict()},
		"OrderedDict":             {"ccollections\nOrderedDict\n)RU\x01aK\x01s}U\x09_metadataNsb.", dict("a", int64(1))},
		"a class by the stack":    {"\x80\x04\x8c\x0bcollections\x8c\x0bOrderedDict\x93.", Class{"collections.OrderedDict"}},
		"Namespace":               {"cargparse\nNamespace\n)\x81}U\x02lrK\x01sb.", &Opaque{"argparse.Namespace"}},
		"a storage":               {"U\x01aQ.", "storage a"},
		"a value used twice":      {"U\x01aq\x05h\x05\x86.", Tuple{"a", "a"}},
		"what follows STOP":       {"N.\xff\xff", nil},
		"a value thrown away":     {"NK\x010.", nil},
		"a marked one":            {"N(K\x01K\x021.", nil},
		"one doubled":             {"K\x012\x86.", Tuple{int64(1), int64(1)}},
		"a number for a name":     {"}K\x07K\x01s.", dict(int64(7), int64(1))},
		"frozenset of protocol 4": {"(K\x01\x91.", &List{Items: []any{int64(1)}}},
	} {
		got, err := reader.Read([]byte(tc.in))
		if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreUnexported(Dict{})); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"os.system":                     {"cposix\nsystem\n(X\x02\x00\x00\x00idtR.", "class posix.system is not"},
		"eval":                          {"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.", "class builtins.eval is not"},
		"an attribute of a known class": {"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93.", "class collections.OrderedDict.fromkeys is not"},
		"INST":                          {"(S'id'\nios\nsystem\n.", "opcode STRING at byte 1 is not"},
		"an instance":                   {"(ios\nsystem\n.", "opcode INST at byte 1 is not"},
		"OBJ":                           {"(co\nos\n.", "class o.os"},
		"an extension":                  {"\x82\x01.", "opcode EXT1 at byte 0 is not"},
		"no opcode":                     {"\xff.", "0xff at byte 0 is no opcode"},
		"nothing":                       {"", "truncated"},
		"no STOP":                       {"N", "truncated"},
		"half a text":                   {"X\xff\xff\xff\xffab.", "truncated"},
		"a text of 2^63 bytes":          {"\x8d\xff\xff\xff\xff\xff\xff\xff\x7fab.", "truncated"},
		"half a name":                   {"cposix", "truncated"},
		"STOP on nothing":               {".", "nothing on the stack"},
		"a tuple of too little":         {"K\x01\x86.", "nothing on the stack"},
		"below a mark":                  {"N(0.", "nothing on the stack"},
		"no mark":                       {"Nt.", "no mark"},
		"a memo that is not there":      {"h\x07.", "value 7 is used before"},
		"a call of text":                {"U\x01a)R.", "a string is called"},
		"a call with text":              {"ccollections\nOrderedDict\nU\x01aR.", "called with a string"},
		"a class that fails":            {"cfails\nAlways\n)R.", "fails.Always: no"},
		"items for a number":            {"K\x01K\x02a.", "appended to a int64"},
		"keys for a list":               {"]K\x01K\x02s.", "set in a *pickle.List"},
		"three keys and values":         {"}(K\x01K\x02K\x03u.", "3 keys and values"},
		"attributes of a class":         {"ccollections\nOrderedDict\n}b.", "attributes are set on a pickle.Class"},
		"a class named by numbers":      {"\x80\x04K\x01K\x02\x93.", "named by int64"},
		"an endless name":               {"c" + strings.Repeat("a", 1000) + "\nb\n.", "more than 256 bytes"},
		"a million million values":      {strings.Repeat("]", maxValues+1), "more than 8388608 values"},
	} {
		if _, err := reader.Read([]byte(tc.in)); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, tc.want)
		}
	}
	if _, err := (Reader{}).Read([]byte("U\x01aQ.")); err == nil || !strings.Contains(err.Error(), "persistent") {
		t.Errorf("a persistent value without a reader of them: %v", err)
	}
}

func TestErrorsTellWhatWasRefused(t *testing.T) {
	_, err := reader.Read([]byte("cposix\nsystem\n."))
	if class := new(ClassError); !errors.As(err, &class) || class.Name != "posix.system" {
		t.Errorf("got %v", err)
	}
	_, err = reader.Read([]byte("N\x82\x01."))
	if op := new(OpcodeError); !errors.As(err, &op) || op.Name != "EXT1" || op.At != 1 {
		t.Errorf("got %v", err)
	}
}

// A list may hold itself; reading it must end.
func TestCycle(t *testing.T) {
	v, err := reader.Read([]byte("]q\x00h\x00a."))
	list, ok := v.(*List)
	if err != nil || !ok || len(list.Items) != 1 || list.Items[0] != v {
		t.Errorf("got %v, %v", v, err)
	}
}

// Whatever the bytes, reading ends without a panic, in a value or an error.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01K\x01X\x01\x00\x00\x00bq\x02K\x02u.",
		"ccollections\nOrderedDict\n)RU\x01aK\x01s}U\x09_metadataNsb.",
		"\x80\x04\x95\x06\x00\x00\x00\x00\x00\x00\x00\x8c\x02\xc3\xa9\x94.",
		"\x80\x02]q\x00(K\x01]q\x01K\x02ae.", "(K\x01\x91.", "U\x01aQ.", "K\x012\x86.", "]q\x00h\x00a.",
		"\x80\x02\x8a\x06\x00\x00\x00\x00\x00\xff.", "cargparse\nNamespace\n)\x81}U\x02lrK\x01sb.",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if v, err := reader.Read(in); err != nil && v != nil {
			t.Errorf("both %v and %v", v, err)
		}
	})
}
