package dataset

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const people = "path,label,split,subject,view\na.mp4,x,train,eli,1\nb.mp4,y,train,ido,1\nc.mp4,x,test,eli,2\nd.mp4,y,val,ido,1\n"

func TestSelect(t *testing.T) {
	set, err := openText(t, people)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		query Query
		want  string
	}{
		{Query{}, "a.mp4 b.mp4 c.mp4 d.mp4"},
		{Query{Split: []string{"train"}}, "a.mp4 b.mp4"},
		{Query{Split: []string{"test", "val"}}, "c.mp4 d.mp4"},
		{Query{Where: map[string]string{"subject": "ido", "view": "1"}}, "b.mp4 d.mp4"},
		{Query{Split: []string{"train"}, Where: map[string]string{"label": "x"}}, "a.mp4"},
	} {
		part, err := set.Select(tc.query)
		if err != nil {
			t.Errorf("%s: %v", tc.query, err)
			continue
		}
		var names []string
		for _, it := range part.Items {
			names = append(names, it.Name)
		}
		if got := strings.Join(names, " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.query, got, tc.want)
		}
	}
}

func TestSelectErrors(t *testing.T) {
	set, err := openText(t, people)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		query Query
		want  string
	}{
		{Query{Split: []string{"trian"}}, `no split "trian", but test, train, val: change --split`},
		{Query{Where: map[string]string{"sub": "eli"}}, `no column "sub", but label, split, subject, view: change --where`},
		{Query{Where: map[string]string{"subject": "lena"}}, `no subject "lena", but eli, ido: change --where`},
		{Query{Split: []string{"val"}, Where: map[string]string{"subject": "eli"}}, "no video matches split val and subject=eli"},
	} {
		if _, err := set.Select(tc.query); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("error %v, want %q", err, tc.want)
		}
	}
}

func TestPretrainSplit(t *testing.T) {
	for text, want := range map[string]string{
		"path,split\na.mp4,train\nb.mp4,unlabelled\n": "b.mp4",
		"path,split\na.mp4,train\nb.mp4,test\n":       "a.mp4",
		"path\na.mp4\n":                               "a.mp4",
	} {
		set, err := openText(t, text)
		if err != nil {
			t.Fatal(err)
		}
		if part := set.PretrainSplit(); len(part.Items) != 1 || part.Items[0].Name != want {
			t.Errorf("%q: %v, want %s", text, brief(part), want)
		}
	}
}

func TestParseWhere(t *testing.T) {
	got, err := ParseWhere([]string{"subject=lena", "note=a=b", "empty="})
	if d := cmp.Diff(map[string]string{"subject": "lena", "note": "a=b", "empty": ""}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	for condition, want := range map[string]string{"subject": "want column=value", "=x": "want column=value"} {
		if _, err := ParseWhere([]string{condition}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseWhere(%s) = %v, want %q", condition, err, want)
		}
	}
	if _, err := ParseWhere([]string{"a=1", "a=2"}); err == nil {
		t.Error("a condition that contradicts another was taken")
	}
}
