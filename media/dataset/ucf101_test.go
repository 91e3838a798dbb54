package dataset

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var ucfLists = map[string]string{
	"lists/classInd.txt":    "2 HandStandPushups\r\n1 ApplyEyeMakeup\r\n",
	"lists/trainlist01.txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\r\nHandstandPushups/v_HandStandPushups_g09_c01.avi 2 \r\nApplyEyeMakeup/gone_g10_c01.avi 1\r\nYoYo/v_YoYo_g08_c01.avi 3\r\n\r\n",
	"lists/testlist01.txt":  "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi\r\n",
	"lists/trainlist02.txt": "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi 1\n",
	"lists/testlist02.txt":  "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi\nHandStandPushups/v_HandStandPushups_g01_c01.avi\n",
}

var ucfVideos = []string{"UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi", "UCF-101/HandstandPushups/v_HandstandPushups_g09_c01.avi", "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi"}

func TestUCF101(t *testing.T) {
	set := openTree(t, Options{}, ucfLists, ucfVideos...)
	if set.Format != "ucf101" {
		t.Error(set.Format)
	}
	wantBrief(t, set, "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi ApplyEyeMakeup test",
		"UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi ApplyEyeMakeup train", "UCF-101/HandstandPushups/v_HandstandPushups_g09_c01.avi HandStandPushups train")
	wantNotes(t, set, "1 annotated videos are not there", "1 videos are of a class that classInd.txt does not have")
	if d := cmp.Diff([]string{"ApplyEyeMakeup", "HandStandPushups"}, set.Classes); d != "" || set.Items[2].Class != 1 {
		t.Errorf("class %d of %v: want the official order, from 0", set.Items[2].Class, set.Classes)
	}
	if g, _ := set.Items[1].Field("group"); g != "ApplyEyeMakeup g08" || set.GroupBy != "group" {
		t.Errorf("group %q by %q", g, set.GroupBy)
	}
	second := openTree(t, Options{SplitNumber: 2}, ucfLists, ucfVideos...)
	wantBrief(t, second, "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi ApplyEyeMakeup train", "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi ApplyEyeMakeup test")
	root := tree(t, ucfLists)
	if _, err := (Options{SplitNumber: 3}).Open(root); err == nil || !strings.Contains(err.Error(), "no trainlist03.txt") {
		t.Errorf("%v", err)
	}
	if _, err := (Options{}).Open(root); err == nil || !strings.Contains(err.Error(), "no video is left") || !strings.Contains(err.Error(), "--videos") {
		t.Errorf("%v", err)
	}
}

func TestUCF101VideosApart(t *testing.T) {
	lists, videos := tree(t, ucfLists), t.TempDir()
	set, err := (Options{Videos: videos}).Open(filepath.Join(lists, "lists"))
	if err == nil {
		t.Errorf("%d items of an empty folder", len(set.Items))
	}
	videos = tree(t, map[string]string{"v_ApplyEyeMakeup_g08_c01.avi": ""})
	if set, err = (Options{Videos: videos}).Open(filepath.Join(lists, "lists")); err != nil || len(set.Items) != 1 {
		t.Errorf("%v, %v", set, err)
	}
}

func TestUCF101RefusesLeaks(t *testing.T) {
	lists := maps.Clone(ucfLists)
	lists["lists/testlist01.txt"] += "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c02.avi\n"
	all := maps.Clone(lists)
	for _, v := range append(ucfVideos, "UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c02.avi") {
		all[v] = ""
	}
	_, err := Open(tree(t, all))
	if err == nil || !strings.Contains(err.Error(), "ApplyEyeMakeup g08 in test and train") {
		t.Errorf("%v", err)
	}
}

func TestClassIndErrors(t *testing.T) {
	for _, bad := range []string{"1 A\n1 B\n", "0 A\n1 B\n", "1 A\n3 B\n", "one A\n", "1\n"} {
		if got, err := parseClassInd("classInd.txt", []byte(bad)); err == nil || !strings.Contains(err.Error(), "line") {
			t.Errorf("%q: %v, %v", bad, got, err)
		}
	}
}

func TestHMDB51(t *testing.T) {
	lists := map[string]string{
		"splits/brush_hair_test_split1.txt": "April_#1_(x)&y.avi 1 \r\nb c.avi 2\r\nd.avi 0\r\ngone.avi 1\r\nwhat is this\r\n",
		"splits/brush_hair_test_split2.txt": "d.avi 1\n",
		"splits/wave_test_split1.txt":       "d.avi 1\n",
	}
	videos := []string{"brush_hair/April_#1_(x)&y.avi", "brush_hair/b c.avi", "brush_hair/d.avi", "wave/d.avi"}
	set := openTree(t, Options{}, lists, videos...)
	if set.Format != "hmdb51" {
		t.Error(set.Format)
	}
	wantBrief(t, set, "brush_hair/April_#1_(x)&y.avi brush_hair train", "brush_hair/b c.avi brush_hair test", "brush_hair/d.avi brush_hair unused", "wave/d.avi wave train")
	wantNotes(t, set, "1 annotated videos are not there", "1 lines are not understood")
	wantBrief(t, openTree(t, Options{SplitNumber: 2}, lists, videos...), "brush_hair/d.avi brush_hair train")
	if _, err := (Options{SplitNumber: 3}).Open(tree(t, lists)); err == nil || !strings.Contains(err.Error(), "split3") {
		t.Errorf("%v", err)
	}
}
