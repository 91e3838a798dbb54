package dataset

import (
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// captions lists the items' captions in the order of the items.
func captions(s *Set) (out [][]string) {
	for _, it := range s.Items {
		out = append(out, it.Captions)
	}
	return out
}

func wantCaptions(t *testing.T, s *Set, want ...[]string) {
	t.Helper()
	if d := cmp.Diff(want, captions(s)); d != "" {
		t.Errorf("captions (-want +got):\n%s", d)
	}
}

const msrvttJSON = `{"info":{"year":"2016"},"videos":[
{"video_id":"video0","split":"train","category":9,"url":"u","start time":1.5,"end time":3,"id":0},
{"video_id":"video1","split":"validate","category":3},{"video_id":"video2","split":"test"},{"video_id":"video3","split":"test"},{"video_id":"video2","split":"test"}],
"sentences":[{"sen_id":0,"video_id":"video0","caption":"a car  is shown"},{"sen_id":1,"video_id":"video2","caption":"b"},
{"sen_id":2,"video_id":"video0","caption":"a man"},{"sen_id":3,"video_id":"video0","caption":"a car is shown"},{"sen_id":4,"video_id":"video9","caption":"c"}]}`

func TestMSRVTT(t *testing.T) {
	files := map[string]string{"MSRVTT_data.json": msrvttJSON}
	videos := []string{"videos/video0.mp4", "videos/video1.mp4", "videos/video2.mp4"}
	set := openTree(t, Options{}, files, videos...)
	if set.Format != "msrvtt" {
		t.Error(set.Format)
	}
	wantBrief(t, set, "videos/video0.mp4  train", "videos/video1.mp4  val", "videos/video2.mp4  test")
	wantCaptions(t, set, []string{"a car is shown", "a man"}, nil, []string{"b"})
	wantNotes(t, set, "1 annotated videos are not there", "1 videos are listed twice", "1 sentences are about videos that are not listed")
	if set.Items[0].Fields["category"] != "9" {
		t.Errorf("%+v", set.Items[0])
	}
	files["MSRVTT_train.9k.csv"] = "video_id\r\nvideo0\r\n"
	files["MSRVTT_JSFUSION_test.csv"] = "key,vid_key,video_id,sentence\r\nret0,msr2,video2,\"one, and only\"\r\n"
	set = openTree(t, Options{}, files, videos...)
	wantBrief(t, set, "videos/video0.mp4  train", "videos/video1.mp4  unused", "videos/video2.mp4  test")
	wantCaptions(t, set, []string{"a car is shown", "a man"}, nil, []string{"one, and only"})
	delete(files, "MSRVTT_data.json")
	wantBrief(t, openTree(t, Options{Format: "folder"}, files, videos...), "videos/video0.mp4 videos", "videos/video1.mp4 videos", "videos/video2.mp4 videos")
}

func TestMSVD(t *testing.T) {
	files := map[string]string{
		"train_list.txt": "aB_1_5\r\n", "val_list.txt": "cD_2_6\r\n", "test_list.txt": "eF_3_7\ngone_1_2\n",
		"raw-captions.json": `{"aB_1_5":[["a","man","runs"],"a dog"],"cD_2_6":[["x"]],"other":["y"]}`,
	}
	videos := []string{"YouTubeClips/aB_1_5.avi", "YouTubeClips/cD_2_6.avi", "YouTubeClips/eF_3_7.avi"}
	set := openTree(t, Options{}, files, videos...)
	if set.Format != "msvd" {
		t.Error(set.Format)
	}
	wantBrief(t, set, "YouTubeClips/aB_1_5.avi  train", "YouTubeClips/cD_2_6.avi  val", "YouTubeClips/eF_3_7.avi  test")
	wantCaptions(t, set, []string{"a man runs", "a dog"}, []string{"x"}, nil)
	wantNotes(t, set, "2 listed videos have no caption", "1 annotated videos are not there")

	// pickle.dumps({"aB_1_5": [["a", "man"], ["dogs"]]}, protocol 2) as CPython writes it.
	data, err := hex.DecodeString("80027d7100580600000061425f315f357101" + "5d7102" + "28" + "5d7103" + "285801000000617104" + "58030000006d616e7105" + "65" + "5d7106" + "5804000000646f67737107" + "61" + "65" + "732e")
	if err != nil {
		t.Fatal(err)
	}
	delete(files, "raw-captions.json")
	files["raw-captions.pkl"] = string(data)
	wantCaptions(t, openTree(t, Options{}, files, videos...), []string{"a man", "dogs"}, nil, nil)
	for _, bad := range []string{"", "\x80\x02]q\x00.", "cos\nsystem\n(S'x'\ntR.", "no pickle"} {
		if got, err := parseRawPickle([]byte(bad)); err == nil {
			t.Errorf("%q: %v, want an error", bad, got)
		}
	}
}

func TestDiDeMo(t *testing.T) {
	files := map[string]string{
		"train_data.json": `[{"video":"1@N0_a.b.mov","description":"the cat  sits","times":[[0,0],[0,0],[1,1],[0,1]],"annotation_id":1},
			{"video":"2.mov","description":"left out","times":[[0,0]]},
			{"video":"1@N0_a.b.mov","description":"it leaves","times":[[5,5],[5,5]]},{"video":"1@N0_a.b.mov","description":"odd","times":[[3,1]]},{"video":"1@N0_a.b.mov","description":"none","times":[]}]`,
		"train_list.txt": "1@N0_a.b.mov\n",
		"test_data.json": `[{"video":"3.avi","description":"a","times":[[2,3]]},{"video":"4.avi","description":"gone","times":[[0,0]]}]`,
	}
	videos := []string{"v/1@N0_a.b.mp4", "v/3.avi", "v/2.mov"}
	set := openTree(t, Options{}, files, videos...)
	if set.Format != "didemo" {
		t.Error(set.Format)
	}
	wantBrief(t, set, "v/1@N0_a.b.mp4  train", "v/1@N0_a.b.mp4  train", "v/3.avi  test")
	wantCaptions(t, set, []string{"the cat sits"}, []string{"it leaves"}, []string{"a"})
	for i, want := range [][2]time.Duration{{1250 * time.Millisecond, 7500 * time.Millisecond}, {25 * time.Second, 30 * time.Second}, {10 * time.Second, 20 * time.Second}} {
		if it := set.Items[i]; it.Start != want[0] || it.End != want[1] {
			t.Errorf("moment %d: %v to %v, want %v", i, it.Start, it.End, want)
		}
	}
	wantNotes(t, set, "1 annotated videos are not there", "1 moments are of videos that train_list.txt leaves out", "2 moments have no times, or impossible ones")
	set = openTree(t, Options{Format: "didemo-paragraphs"}, files, videos...)
	wantBrief(t, set, "v/1@N0_a.b.mp4  train", "v/3.avi  test")
	wantCaptions(t, set, []string{"the cat sits it leaves odd none"}, []string{"a"})
	if it := set.Items[0]; it.Start != 0 || it.End != 31*time.Second {
		t.Errorf("%v to %v", it.Start, it.End)
	}
}

func TestFlickr(t *testing.T) {
	images := []string{"Images/1.jpg", "Images/2.jpg", "Images/3_a.jpg"}
	for name, text := range map[string]string{
		"captions.txt":         "image,caption\r\n2.jpg,\"A dog , running .\"\r\n1.jpg,\"A \"\"big\"\" cat\"\r\n2.jpg,Another \"one\r\n3_a.jpg,C\r\n4.jpg,gone\r\nwhat\r\n",
		"Flickr8k.token.txt":   "2.jpg#0\tA dog , running .\n1.jpg#0\tA \"big\" cat\n2.jpg#1\tAnother \"one\n3_a.jpg#0\tC\n4.jpg#0\tgone\nwhat\n",
		"results/results.csv":  "image_name| comment_number| comment\n2.jpg| 0| A dog , running .\n1.jpg| 0| A \"big\" cat\n2.jpg| 1| Another \"one\n3_a.jpg| 0| C\n4.jpg| 0| gone\nwhat\n",
		"text/captions_f8.txt": "image,caption\n2.jpg,A dog , running .\n1.jpg,A \"big\" cat\n2.jpg,Another \"one\n3_a.jpg,C\n4.jpg,gone\nwhat\n",
	} {
		set := openTree(t, Options{}, map[string]string{name: text}, images...)
		if set.Format != "flickr8k" {
			t.Errorf("%s: %s", name, set.Format)
		}
		wantBrief(t, set, "Images/1.jpg", "Images/2.jpg", "Images/3_a.jpg")
		wantCaptions(t, set, []string{`A "big" cat`}, []string{"A dog , running .", `Another "one`}, []string{"C"})
		wantNotes(t, set, "1 lines are not understood", "1 annotated videos are not there")
	}
	set := openTree(t, Options{}, map[string]string{"Flickr8k.token.txt": "1.jpg#0 a\n2.jpg#0 b\n3_a.jpg#0 c\n",
		"Flickr_8k.trainImages.txt": "1.jpg\r\n", "Flickr_8k.devImages.txt": "2.jpg\r\n"}, images...)
	wantBrief(t, set, "Images/1.jpg  train", "Images/2.jpg  val", "Images/3_a.jpg  unused")
}

func TestCOCO(t *testing.T) {
	files := map[string]string{
		"annotations/captions_train2017.json":  `{"info":{"year":2017},"licenses":[],"images":[{"id":9,"file_name":"000000000009.jpg","height":4},{"id":10,"file_name":"gone.jpg"}],"annotations":[{"image_id":9,"id":1,"caption":"A plate.\n"},{"image_id":9,"id":2,"caption":"Food"},{"image_id":77,"caption":"x"}]}`,
		"annotations/captions_val2017.json":    `{"images":[{"id":11,"file_name":"000000000011.jpg"}],"annotations":[{"image_id":11,"caption":"A bus"}]}`,
		"annotations/instances_train2017.json": `{"images":[{"id":9,"file_name":"000000000009.jpg"}],"annotations":[{"image_id":9,"bbox":[1,2,3,4]}]}`,
	}
	set := openTree(t, Options{}, files, "train2017/000000000009.jpg", "val2017/000000000011.jpg")
	if set.Format != "coco" {
		t.Error(set.Format)
	}
	wantBrief(t, set, "train2017/000000000009.jpg  train", "val2017/000000000011.jpg  val")
	wantCaptions(t, set, []string{"A plate.", "Food"}, []string{"A bus"})
	wantNotes(t, set, "1 annotated videos are not there", "1 captions are about images that are not listed")
}
