package dataset

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clvid/clvid/media/mediatest"
)

// surveyed looks at a set whose files are the movies.
func surveyed(t *testing.T, set *Set, movies map[string]mediatest.Movie, full bool, workers int) *Survey {
	t.Helper()
	byPath := map[string]mediatest.Movie{}
	for _, it := range set.Items {
		if m, ok := movies[it.Name]; ok {
			byPath[it.Path] = m
		}
	}
	s, err := Look(context.Background(), set, SurveyOptions{Decoder: &mediatest.Decoder{Movies: byPath}, Workers: workers, Full: full})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSurvey(t *testing.T) {
	root := tree(t, map[string]string{
		"clips.csv": "path,label,split,subject,start,end\na.mp4,x,train,ann,,\nb.mp4,x,test,ann,,\nc.mp4,y,train,bob,0.5,1\na.mp4,y,train,bob,0.1,0.25\na.mp4,x,train,bob,5,6\nc.mp4,y,train,bob,1,2\nd.mp4,y,test,eve,,\ne.mp4,y,test,eve,,\n",
		"a.mp4":     "same", "b.mp4": "same", "c.mp4": "other", "d.mp4": "third", "e.mp4": "fourth",
	})
	set, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	movie := mediatest.Movie{Frames: 10, W: 4, H: 4}
	short, panics := movie, movie
	short.Lost, panics.Panic = 2, true
	movies := map[string]mediatest.Movie{"a.mp4": movie, "b.mp4": movie, "c.mp4": short, "e.mp4": panics}
	var want *Report
	for _, workers := range []int{1, 4} {
		r, err := surveyed(t, set, movies, true, workers).Report("subject")
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = r
		}
		if d := cmp.Diff(want, r); d != "" {
			t.Errorf("%d workers (-1 worker): %s", workers, d)
		}
	}
	if want.Items != 8 || want.Files != 5 || want.Sound() {
		t.Errorf("%+v", want)
	}
	var broken []string
	for _, b := range want.Broken {
		broken = append(broken, filepath.Base(b.Path))
	}
	if d := cmp.Diff([]string{"a.mp4", "c.mp4", "d.mp4", "e.mp4"}, broken); d != "" {
		t.Error(d)
	}
	// 10 frames of a.mp4, 10 of b.mp4, and those at 120, 160, 200 and 240 ms.
	if train, test := want.Splits[1], want.Splits[0]; train.Frames != 14 || test.Frames != 10 || train.Items != 5 {
		t.Errorf("%+v", want.Splits)
	}
	if len(want.Duplicates) != 1 || len(want.Duplicates[0].Paths) != 2 {
		t.Errorf("%+v", want.Duplicates)
	}
	if len(want.Leaks) != 2 || want.Leaks[0].Kind != "content" || want.Leaks[1].Value != "ann" || want.Leaks[1].Videos != 2 {
		t.Errorf("%+v", want.Leaks)
	}
	if _, err := surveyed(t, set, movies, false, 1).Report("colour"); !errors.As(err, new(*QueryError)) {
		t.Errorf("%v", err)
	}
}

// A manifest of a survey reads back as the set, with what was measured.
func TestSurveyManifest(t *testing.T) {
	root := tree(t, map[string]string{
		"clips.csv": "path,label,caption,start,end,note\na.mp4,x,\"one, two\",,,n\na.mp4,x,three,,,n\nsub/b.mp4,y,four,0.25,1.5,\nc.mp4,y,,,,\n",
		"a.mp4":     "a", "sub/b.mp4": "b", "c.mp4": "c",
	})
	set, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	movie := mediatest.Movie{Frames: 10, W: 4, H: 6}
	s := surveyed(t, set, map[string]mediatest.Movie{"a.mp4": movie, "sub/b.mp4": movie}, false, 2)
	for _, ext := range ManifestExtensions() {
		path := filepath.Join(root, "out"+ext)
		items, err := s.Manifest(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteManifest(path, items); err != nil {
			t.Fatal(err)
		}
		again, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Items) != 2 {
			t.Fatalf("%s: %d items, want the 2 whole ones", ext, len(again.Items))
		}
		a, b := again.Items[0], again.Items[1]
		if !cmp.Equal(a.Captions, []string{"one, two", "three"}) || a.Fields["frames"] != "10" || a.Fields["width"] != "4" || a.Fields["height"] != "6" || a.Fields["bytes"] != "1" || len(a.Fields["sha256"]) != 64 {
			t.Errorf("%s: %+v", ext, a)
		}
		if b.Name != "sub/b.mp4" || b.Path != filepath.Join(root, "sub", "b.mp4") || b.Start != 250*time.Millisecond || b.End != 1500*time.Millisecond || b.Label != "y" {
			t.Errorf("%s: %+v", ext, b)
		}
	}
}

func TestSurveyStops(t *testing.T) {
	root := tree(t, map[string]string{"a.mp4": "a"})
	set, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Look(ctx, set, SurveyOptions{Decoder: &mediatest.Decoder{}, Workers: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The bytes of a member of a shard and of a folder of pictures hash as theirs.
func TestContents(t *testing.T) {
	root := tree(t, map[string]string{"v/1.jpg": "ab", "v/2.jpg": "c", "v/cover.jpg": "x", "abc.mp4": "abc"})
	shard := filepath.Join(root, "s.tar")
	writeShard(t, shard, "k.mp4", "abc")
	c := newContents()
	_, want, err := c.hash(filepath.Join(root, "abc.mp4"))
	if err != nil || !strings.HasPrefix(want, "ba7816bf") {
		t.Fatalf("%s, %v", want, err)
	}
	for _, path := range []string{shard + "#k.mp4", filepath.Join(root, "v")} {
		if n, sum, err := c.hash(path); n != 3 || sum != want || err != nil {
			t.Errorf("%s: %d bytes, %s, %v", path, n, sum, err)
		}
	}
	if _, _, err := c.hash(shard + "#gone.mp4"); err == nil {
		t.Error("a member that is not there has a hash")
	}
}
