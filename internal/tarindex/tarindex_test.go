package tarindex

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// archive writes members of a name and a text.
func archive(t testing.TB, members ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for i := 0; i < len(members); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: members[i], Mode: 0o644, Size: int64(len(members[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// walk lists what Walk visits: "name=bytes at the offset".
func walk(data []byte) (out []string, err error) {
	err = Walk(bytes.NewReader(data), func(m Member, r io.Reader) error {
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if there := data[m.Offset : m.Offset+m.Size]; !bytes.Equal(text, there) {
			return fmt.Errorf("%s: %q, but %q at its offset", m.Name, text, there)
		}
		out = append(out, m.Name+"="+string(text))
		return nil
	})
	return out, err
}

func TestWalk(t *testing.T) {
	long := strings.Repeat("long/", 60) + "name.mp4" // needs a header of its own
	for name, test := range map[string]struct {
		data []byte
		want []string
		err  error
	}{
		"members":  {data: archive(t, "a.mp4", "video", long, "x", "./b.txt", ""), want: []string{"a.mp4=video", long + "=x", "b.txt="}},
		"joined":   {data: append(archive(t, "a", "1"), archive(t, "b", "2")...), want: []string{"a=1", "b=2"}},
		"empty":    {data: archive(t)},
		"no bytes": {},
		"cut":      {data: archive(t, "a", "1", "b", strings.Repeat("2", 2000))[:3*blockSize+700], want: []string{"a=1"}, err: ErrCut},
	} {
		got, err := walk(test.data)
		if fmt.Sprint(got) != fmt.Sprint(test.want) || !errors.Is(err, test.err) {
			t.Errorf("%s: %q, %v, want %q, %v", name, got, err, test.want, test.err)
		}
	}
	if _, err := walk(bytes.Repeat([]byte("no tar "), 1000)); err == nil {
		t.Error("what is no tar file was read as one")
	}
}

func TestSplit(t *testing.T) {
	for path, want := range map[string]string{
		"d/s.tar#m.mp4":    "d/s.tar|m.mp4",
		"s.tar#x/y.tar#z":  "s.tar|x/y.tar#z",
		"a#b.tar#brush#c":  "a#b.tar|brush#c",
		"video#1.mp4":      "",
		"s.tar#":           "",
		"s.tar.gz#clip.ts": "",
	} {
		file, member, ok := Split(path)
		if got := file + "|" + member; ok != (want != "") || ok && (got != want || Join(file, member) != path) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// Whatever the bytes, walking ends, and every member lies inside them.
func FuzzWalk(f *testing.F) {
	f.Add(archive(f, "a.mp4", "video", "b.txt", "text"))
	f.Add(archive(f, strings.Repeat("n", 200), "x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = Walk(bytes.NewReader(data), func(m Member, _ io.Reader) error {
			if m.Offset < 0 || m.Size < 0 || m.Offset+m.Size > int64(len(data)) {
				t.Errorf("%q lies at %d, %d bytes, of %d", m.Name, m.Offset, m.Size, len(data))
			}
			return nil
		})
	})
}
