package dataset

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func openText(t *testing.T, text string) (*Set, error) {
	t.Helper()
	return Open(filepath.Join(tree(t, map[string]string{"set.csv": text}), "set.csv"))
}

func TestManifest(t *testing.T) {
	for name, text := range map[string]string{
		"plain":      "path,label,split,subject\nv/b.mp4,walk,train,eli\nv/a.mp4,run,test,ido\n",
		"BOM, CRLF":  "\ufeffpath,label,split,subject\r\nv/b.mp4,walk,train,eli\r\nv/a.mp4,run,test,ido\r\n",
		"spaces":     "path, label, split, subject\n./v/b.mp4 , walk , train, eli\nv//a.mp4, run, test, ido",
		"quoted":     "\"path\",\"label\",split,subject\n\"v/b.mp4\",\"walk\",train,eli\n\"v/a.mp4\",run,test,\"ido\"\n\n",
		"other rows": "subject,split,path,label\neli,train,v/b.mp4,walk\nido,test,v/a.mp4,run\n",
	} {
		t.Run(name, func(t *testing.T) {
			set, err := openText(t, text)
			if err != nil {
				t.Fatal(err)
			}
			wantBrief(t, set, "v/a.mp4 run test", "v/b.mp4 walk train")
			if d := cmp.Diff(map[string]string{"subject": "ido"}, set.Items[0].Fields); d != "" {
				t.Error(d)
			}
			if want := filepath.Join(filepath.Dir(set.Root), "v", "a.mp4"); set.Items[0].Path != want {
				t.Errorf("path %s, want %s", set.Items[0].Path, want)
			}
		})
	}
}

func TestManifestMergesCaptions(t *testing.T) {
	set, err := openText(t, "path,caption,split,caption_source\na.mp4,\"one, two\",train,x\nb.mp4,other,train,x\na.mp4,\"said \"\"so\"\"\",train,y\n")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"one, two", `said "so"`}, set.Items[0].Captions); d != "" || len(set.Items) != 2 {
		t.Errorf("%d items, captions (-want +got):\n%s", len(set.Items), d)
	}
	if got := set.Items[0].Fields["caption_source"]; got != "x" {
		t.Errorf("caption_source %q, want that of the first row", got)
	}
}

func TestManifestErrors(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "is empty, want a header line"},
		{"only BOM", "\ufeff", "is empty"},
		{"no rows", "path,label\n", "a header and no rows"},
		{"no path", "file,label\na.mp4,x\n", "line 1: columns file, label, want one called path"},
		{"column twice", "path,label,label\na,b,c\n", "line 1: column label stands there twice"},
		{"column without name", "path,,label\na,b,c\n", "line 1: column 2 has no name"},
		{"short row", "path,label\na.mp4,x\nb.mp4\n", "record on line 3: wrong number of fields"},
		{"open quote", "path,label\n\"a.mp4,x\n", "line 2"},
		{"empty path", "path,label\na.mp4,x\n,x\n", "line 3: path is empty"},
		{"same row", "path,label\na.mp4,x\nb.mp4,x\n./a.mp4,x\n", "line 4: a.mp4 stands in line 2 already"},
		{"other label", "path,label,caption\na.mp4,x,one\na.mp4,y,two\n", `line 3: a.mp4 has label "y", but "x" in line 2`},
		{"same caption", "path,caption\na.mp4,one\na.mp4,one\n", "line 3: a.mp4 stands in line 2 already"},
		{"latin 1", "path,label\na.mp4,caf\xe9\n", "line 2: not UTF-8"},
		{"UTF-16", "\xff\xfep\x00a\x00", "is UTF-16"},
		{"binary", "path\n\x00\x01\n", "line 2: holds a zero byte"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := openText(t, tc.text)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "set.csv") {
				t.Errorf("error %v, want %q and the file's name", err, tc.want)
			}
		})
	}
}
