package isolate

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media"
)

// TestAllOfAVideoTravels fails when media.Video or what it hands out gains
// something that a worker does not send.
func TestAllOfAVideoTravels(t *testing.T) {
	for _, tc := range []struct {
		of   reflect.Type
		want string
	}{
		{reflect.TypeFor[media.Decoder](), "Open"},
		{reflect.TypeFor[media.Video](), "Clips Close Frames Info Len Times"},
		{reflect.TypeFor[media.Clip](), "Video Span Frames"},
		{reflect.TypeFor[media.Span](), "Start N Stride Picks"},
		{reflect.TypeFor[media.Stats](), "Opens Seeks Frames"},
		{reflect.TypeFor[media.Error](), "Path Op Detail Err"},
	} {
		if got := strings.Join(members(tc.of), " "); got != tc.want {
			t.Errorf("%s has %s, of which %s travel: let the protocol carry the rest", tc.of, got, tc.want)
		}
	}
}

func members(of reflect.Type) []string {
	var out []string
	if of.Kind() == reflect.Interface {
		for i := range of.NumMethod() {
			out = append(out, of.Method(i).Name)
		}
		return out
	}
	for i := range of.NumField() {
		if f := of.Field(i); f.IsExported() { // how a clip's memory is kept stays with its process
			out = append(out, f.Name)
		}
	}
	return out
}

// fill sets every field below v to something that is not zero.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1. / 4)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("words")
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(t, v.Index(0))
			fill(t, v.Index(1))
			return
		}
		v.SetBytes([]byte("a plane of nine or more"))
	default:
		t.Fatalf("a field of kind %s: teach this test", v.Kind())
	}
}

func TestAllOfAFrameTravels(t *testing.T) {
	want := new(media.Frame)
	fill(t, reflect.ValueOf(want).Elem())
	got, block, at, err := parseFrame(appendFrame(nil, want, place{at: 5, taken: 80}), 100)
	if err != nil {
		t.Fatal(err)
	}
	offset := 0
	for _, p := range want.Planes {
		offset += copy(block[offset:], p)
	}
	if at != (place{at: 5, taken: 80}) || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v at %+v, want %+v", got, at, want)
	}
}

// TestSpansTravel sends spans that list frames, none and no list.
func TestSpansTravel(t *testing.T) {
	want := []media.Span{{Start: 1, N: 2, Stride: 3}, {N: 3, Picks: []int{5, 0, -7}}, {Picks: []int{}}}
	in := fields{rest: appendSpans(nil, want)}
	if got := in.spans(); in.end() != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// described is a decoder of one video with a description.
type described struct {
	media.Video
	info media.Info
}

func (d described) Open(context.Context, string) (media.Video, error) { return d, nil }
func (d described) Info() media.Info                                  { return d.info }
func (d described) Times() []time.Duration                            { return []time.Duration{0, 40, 75} }
func (d described) Close() error                                      { return nil }

// TestAllOfADescriptionTravels relies on JSON: a field that it leaves out fails
// here.
func TestAllOfADescriptionTravels(t *testing.T) {
	var want media.Info
	fill(t, reflect.ValueOf(&want).Elem())
	out := converse(t, described{info: want}, message{callOpen, 1, []byte(want.Path)})
	v := &video{path: want.Path}
	if err := v.learn(out[1].body); err != nil || v.Info() != want || !slices.Equal(v.Times(), described{}.Times()) {
		t.Errorf("%+v, %v, want %+v", v.Info(), err, want)
	}
}

// TestAllKindsTravel reads the errors that media declares.
func TestAllKindsTravel(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(sharedtest.Root(), "media", "errors.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, d := range file.Decls {
		if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.VAR {
			declared += len(d.Specs)
		}
	}
	listed := slices.Index(kinds, context.Canceled)
	if declared != listed {
		t.Errorf("media declares %d kinds of errors, %d travel: complete the list", declared, listed)
	}
	for _, kind := range kinds {
		in := fields{rest: appendError(nil, &media.Error{Path: "a", Err: kind})}
		got := in.error()
		if in.end() != nil || !reflect.DeepEqual(got, &media.Error{Path: "a", Err: kind}) {
			t.Errorf("%v became %v", kind, got)
		}
	}
	damage := new(media.Damage)
	fill(t, reflect.ValueOf(damage).Elem())
	for _, err := range []error{nil, &media.Error{Op: "x"}, &media.Error{Op: "frames", Err: damage}} {
		in := fields{rest: appendError(nil, err)}
		if got := in.error(); in.end() != nil || !reflect.DeepEqual(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}
