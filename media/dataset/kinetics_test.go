package dataset

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// openTree opens a set of annotation files as text and of videos without content.
func openTree(t *testing.T, o Options, files map[string]string, videos ...string) *Set {
	t.Helper()
	all := map[string]string{}
	for name, text := range files {
		all[name] = text
	}
	for _, v := range videos {
		all[v] = "video"
	}
	set, err := o.Open(tree(t, all))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// wantNotes compares what was passed over, without the examples.
func wantNotes(t *testing.T, s *Set, want ...string) {
	t.Helper()
	var got []string
	for _, n := range s.Notes {
		got = append(got, fmt.Sprintf("%d %s", n.Count, n.What))
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("notes %q, want %q (%v)", got, want, s.Notes)
	}
}

func TestKinetics(t *testing.T) {
	set := openTree(t, Options{}, map[string]string{
		"train.csv":    "\ufefflabel,youtube_id,time_start,time_end,split,is_cc\r\n\"riding a bike\",-abc_DEF012,1,11,train,0\r\nabseiling,wxyz,20.0,30.0,train,0\r\nabseiling,gone,1,2,train,0\r\nabseiling,wxyz,20,30,train,0\r\nabseiling,odd,9,4,train,0\r\nabseiling,whole,3,13,train,0\r\n",
		"validate.csv": "label,youtube_id,time_start,time_end,split\nriding a bike,ABSEIL,5,15,validate\n\"broken,x\n",
		"test.csv":     "youtube_id,time_start,time_end,split\nABseil,5,15,test\n",
	}, "riding a bike/-abc_DEF012_000001_000011.mp4", "wxyz_000020_000030.mkv", "ABSEIL_000005_000015.mp4", "ABseil_000005_000015.mp4", "deep/er/whole.webm")
	if set.Format != "kinetics" || set.GroupBy != "youtube_id" {
		t.Error(set.Format, set.GroupBy)
	}
	wantBrief(t, set, "ABSEIL_000005_000015.mp4 riding a bike val", "ABseil_000005_000015.mp4  test", "deep/er/whole.webm abseiling train",
		"riding a bike/-abc_DEF012_000001_000011.mp4 riding a bike train", "wxyz_000020_000030.mkv abseiling train")
	wantNotes(t, set, "1 annotated videos are not there", "1 clips are listed twice", "2 lines are not understood")
	if it := set.Items[2]; it.Start != 3*time.Second || it.End != 13*time.Second {
		t.Errorf("%+v: want the stretch of the untrimmed video", it)
	}
	if it := set.Items[3]; it.Start != 0 || it.End != 0 || it.Fields["youtube_id"] != "-abc_DEF012" {
		t.Errorf("%+v", it)
	}
}

func TestPathLabel(t *testing.T) {
	set := openTree(t, Options{}, map[string]string{
		"train.csv": "a b.mp4 10\r\nsub/c.mp4,2\r\ngone.mp4 1\r\n\r\nno label.mp4\r\n",
		"val.csv":   "d.avi\t0\n",
	}, "a b.mp4", "sub/c.mp4", "elsewhere/d.avi")
	if set.Format != "path-label" || len(set.Classes) != 11 {
		t.Error(set.Format, set.Classes)
	}
	wantBrief(t, set, "a b.mp4 10 train", "elsewhere/d.avi 0 val", "sub/c.mp4 2 train")
	wantNotes(t, set, "1 annotated videos are not there", "1 lines are not understood")
	if set.Items[0].Class != 10 || set.Items[2].Class != 2 {
		t.Errorf("classes %d and %d, want those of the list", set.Items[0].Class, set.Items[2].Class)
	}
	// Lists of frame folders count their frames.
	set = openTree(t, Options{}, map[string]string{"train.txt": "v/v_X_g08_c01 3 120\n"}, "v/v_X_g08_c01/frame000001.jpg", "v/v_X_g08_c01/frame000002.jpg")
	wantBrief(t, set, "v/v_X_g08_c01 3 train")
	if set.Items[0].Fields["frames"] != "120" {
		t.Errorf("%+v", set.Items[0])
	}
}

// A manifest with a header is no list, and a list with a header is no manifest.
func TestPathLabelIsNoManifest(t *testing.T) {
	for text, want := range map[string]string{
		"path,label\na.mp4,3\n": "manifest", "a.mp4 3\n": "path-label", "a.mp4,3\n": "path-label", "name,number\nx,3\n": "manifest",
		"label,youtube_id,time_start,time_end,split\n": "kinetics", "key,vid_key,video_id,sentence\n": "jsfusion",
	} {
		root := tree(t, map[string]string{"list.csv": text})
		if got := (Options{}).Detect(root + "/list.csv"); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
