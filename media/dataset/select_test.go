package dataset

import (
	"slices"
	"strings"
	"testing"
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
		if part, err := set.PretrainSplit(); err != nil || len(part.Items) != 1 || part.Items[0].Name != want {
			t.Errorf("%q: %v, %v, want %s", text, part, err, want)
		}
	}
	set, err := openText(t, "path,split\na.mp4,test\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.PretrainSplit(); err == nil || !strings.Contains(err.Error(), "name one with --split") {
		t.Errorf("a set of test rows alone: error %v", err)
	}
}

func TestHoldOut(t *testing.T) {
	set, err := openText(t, "path,label\na1.mp4,a\na2.mp4,a\na3.mp4,a\na4.mp4,a\na5.mp4,a\na6.mp4,a\nb1.mp4,b\nb2.mp4,b\n")
	if err != nil {
		t.Fatal(err)
	}
	split, err := set.HoldOut(4)
	if err != nil {
		t.Fatal(err)
	}
	var test []string
	for _, it := range split.Items {
		if it.Split == "test" {
			test = append(test, it.Name)
		}
	}
	if want := []string{"a2.mp4", "a6.mp4", "b2.mp4"}; !slices.Equal(test, want) {
		t.Errorf("held out %v, want %v", test, want)
	}
	if set.Items[1].Split != "" {
		t.Error("HoldOut changed the set it was called on")
	}
	one, err := openText(t, "path,label\na1.mp4,a\nb1.mp4,b\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.HoldOut(4); err == nil || !strings.Contains(err.Error(), "has one video") {
		t.Errorf("a class of one video: error %v", err)
	}
}
