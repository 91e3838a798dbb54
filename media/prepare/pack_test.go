package prepare

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clvid/clvid/internal/tarindex"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/media/mediatest"
)

// seven are videos of 600 kB each, two to a shard of a megabyte.
func seven(t *testing.T) *bench {
	movies, items := map[string]mediatest.Movie{}, []dataset.Item{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		movies["x/"+name+".avi"] = mediatest.Movie{Frames: 3}
		items = append(items, dataset.Item{Name: "x/" + name + ".avi", Label: "L" + name, Split: "train", Captions: []string{name + " one", name + " two"}, Fields: map[string]string{"person": name}})
	}
	b := newBench(t, movies, items...)
	b.config.Format, b.config.ShardMB, b.pad = FormatTar, 1, strings.Repeat("x", 600_000)
	return b
}

var shardNames = []string{"shard-000.tar", "shard-001.tar", "shard-002.tar", "shard-003.tar"}

func TestShardsAreTheSameSet(t *testing.T) {
	b := seven(t)
	b.mustRun()
	if d := cmp.Diff(append([]string{"clips.csv", "prepared.jsonl"}, append(shardNames, "shards.json")...), b.names()); d != "" {
		t.Fatalf("files (-want +got):\n%s", d)
	}
	byManifest, err := dataset.Open(b.out)
	if err != nil {
		t.Fatal(err)
	}
	alone := t.TempDir() // as others read them: without the manifest
	for _, name := range shardNames {
		if err := os.Symlink(filepath.Join(b.out, name), filepath.Join(alone, name)); err != nil {
			t.Fatal(err)
		}
	}
	byShards, err := dataset.Open(alone)
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range []*dataset.Set{byManifest, byShards} {
		if len(set.Items) != 7 {
			t.Fatalf("%s: %d items", set.Format, len(set.Items))
		}
		for _, it := range set.Items {
			key := it.Fields["person"]
			if it.Label != "L"+key || it.Split != "train" || !slices.Equal(it.Captions, []string{key + " one", key + " two"}) || !strings.HasSuffix(it.Name, "#x/"+key+".mp4") {
				t.Errorf("%s: %+v", set.Format, it)
			}
			if _, _, ok := tarindex.Split(it.Path); !ok {
				t.Errorf("%s is no path of a member", it.Path)
			}
		}
	}
}

// Shards follow from the videos alone: not from what was there before, nor from
// the form it had.
func TestShardsAreMadeAgainWhereNeeded(t *testing.T) {
	b := seven(t)
	b.mustRun()
	first := b.files()
	again := func(what string, kept int, same bool) {
		t.Helper()
		if r := b.mustRun(); r.Kept != kept {
			t.Errorf("%s: %d of %d kept, want %d", what, r.Kept, r.Videos, kept)
		}
		now := b.files()
		if maps.Equal(first, now) != same {
			t.Errorf("%s: equal files %t, want %t: %v", what, !same, same, b.names())
		}
	}
	before := modified(t, b.out)
	again("nothing changed", 7, true)
	if d := cmp.Diff(before, modified(t, b.out)); d != "" {
		t.Errorf("shards were written again:\n%s", d)
	}
	b.config.Format = FormatFolder
	again("to files", 7, false)
	b.config.Format = FormatTar
	again("to shards", 7, true)
	items := b.set.Items
	b.set.Items = items[:5]
	again("two gone", 5, false)
	if slices.Contains(b.names(), "shard-003.tar") {
		t.Error("a shard that is not needed stays")
	}
	b.set.Items = items
	again("two are back", 5, true)
	b.set.Items[2].Label = "other"
	again("a label", 7, false)
	b.set.Items[2].Label = "Lc"
	again("the label is back", 7, true)
}

func modified(t *testing.T, dir string) (out []time.Time) {
	t.Helper()
	for _, name := range shardNames {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, info.ModTime())
	}
	return out
}

// A kill between two shards leaves no list; the files are still there. Shards
// that are not as listed do not count.
func TestShardsAfterAKill(t *testing.T) {
	b := seven(t)
	b.config.Format = FormatFolder
	b.mustRun()
	b.config.Format = FormatTar
	if err := os.WriteFile(filepath.Join(b.out, "shard-001.tar"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := b.mustRun(); r.Kept != 7 {
		t.Errorf("%d kept, want 7", r.Kept)
	}
	want := b.files()
	if err := os.Truncate(filepath.Join(b.out, "shard-002.tar"), 1000); err != nil {
		t.Fatal(err)
	}
	if r := b.mustRun(); r.Kept != 5 {
		t.Errorf("%d kept though a shard of two videos is cut off", r.Kept)
	}
	if d := cmp.Diff(want, b.files()); d != "" {
		t.Error("files differ")
	}
}

// Of several stretches of one video the manifest alone tells.
func TestStretchesOfOneVideo(t *testing.T) {
	b := newBench(t, map[string]mediatest.Movie{"v.mp4": {Frames: 100}},
		dataset.Item{Name: "v.mp4", Label: "a", End: time.Second, Fields: map[string]string{}},
		dataset.Item{Name: "v.mp4", Label: "b", Start: 2 * time.Second, Fields: map[string]string{}})
	b.config.Format = FormatTar
	if r := b.mustRun(); r.Videos != 1 {
		t.Errorf("%d videos, want 1", r.Videos)
	}
	set, err := dataset.Open(b.out)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Items) != 2 || set.Items[0].Label != "a" || set.Items[0].End != time.Second || set.Items[1].Start != 2*time.Second {
		t.Errorf("%+v", set.Items)
	}
	members, err := tarindex.Read(filepath.Join(b.out, "shard-000.tar"))
	if err != nil || len(members) != 1 {
		t.Errorf("members %v, %v; want the video alone", members, err)
	}
}
