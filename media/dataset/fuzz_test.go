package dataset

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// sane fails where a reader gives neither items nor an error, or an item
// without a name.
func sane(t *testing.T, set *Set, err error) {
	t.Helper()
	if err != nil {
		return
	}
	if set == nil {
		t.Fatal("no set and no error")
	}
	for _, item := range set.Items {
		if item.Name == "" {
			t.Errorf("an item without a name: %+v", item)
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("path,label,split,caption,start,end\na.mp4,left,train,\"a \"\"red\"\" bar\",0.5,2\nb.mp4,right,test,,,\n"))
	f.Add([]byte("\xef\xbb\xbfpath\r\na.mp4\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := parseCSV("m.csv", data)
		sane(t, set, err)
	})
}

func FuzzJSONL(f *testing.F) {
	f.Add([]byte(`{"path":"a.mp4","label":"left","captions":["one","two"],"start":1.5,"n":[1,{"a":true}]}` + "\n\n" + `{"path":"b.mp4"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := parseJSONL("m.jsonl", data)
		sane(t, set, err)
	})
}

// FuzzParquet relies on a library that panics on some damaged files.
func FuzzParquet(f *testing.F) {
	type row struct {
		Path     string   `parquet:"path"`
		Label    string   `parquet:"label,dict"`
		Captions []string `parquet:"captions,list"`
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, []row{{"a.mp4", "left", []string{"one", "two"}}, {"b.mp4", "right", nil}}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := parseParquet("m.parquet", bytes.NewReader(data), int64(len(data)))
		sane(t, set, err)
	})
}

func FuzzShard(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range [][2]string{{"x/a.mp4", "video"}, {"x/a.json", `{"label":"left","caption":"one"}`}, {"x/b.jpg", "picture"}, {"x/b.cls", "3"}, {"x/b.txt", "two"}} {
		if err := w.WriteHeader(&tar.Header{Name: m[0], Mode: 0o644, Size: int64(len(m[1]))}); err != nil {
			f.Fatal(err)
		}
		if _, err := w.Write([]byte(m[1])); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		samples, _ := new(Set).readShard(bytes.NewReader(data), "s.tar")
		for _, one := range samples {
			if one.item.Name == "" {
				t.Error("a sample without a name")
			}
		}
	})
}

// official are the annotation files of formats, each with what is the least
// that its reader takes.
var official = []struct{ format, file, text string }{
	{"kinetics", "train.csv", "label,youtube_id,time_start,time_end,split\nleft,a,0,10,train\n"},
	{"jsfusion", "test.csv", "key,vid_key,video_id,sentence\nret0,msr0,a,one\n"},
	{"path-label", "train.csv", "x/a.mp4 0\nx/b.mp4,1,30\n"},
	{"ucf101", "trainlist01.txt", "left/v_left_g01_c01.avi 1\n"},
	{"ucf101", "classInd.txt", "1 left\n2 right\n"},
	{"hmdb51", "left_test_split1.txt", "a.avi 1\nb.avi 2\nc.avi 0\n"},
	{"ssv2", "something-something-v2-train.json", `[{"id":"a","label":"pushing cup","template":"Pushing [something]","placeholders":["cup"]}]`},
	{"msrvtt", "MSRVTT_data.json", `{"videos":[{"video_id":"a","split":"train"}],"sentences":[{"video_id":"a","caption":"one"}]}`},
	{"msvd", "raw-captions.json", `{"a":[["one","two"]],"b":["three"]}`},
	{"msvd", "raw-captions.pkl", "(dp0\nVa\np1\n(lp2\n(lp3\nVone\np4\naas."},
	{"didemo", "train_data.json", `[{"video":"a.mp4","description":"one","times":[[0,1],[0,1]]}]`},
	{"didemo-paragraphs", "train_data.json", `[{"video":"a.mp4","description":"one","times":[[0,1]]}]`},
	{"flickr8k", "captions.txt", "image,caption\na.jpg,one\n"},
	{"flickr8k", "Flickr8k.token.txt", "a.jpg#0\tone\n"},
	{"coco", "captions_train2017.json", `{"images":[{"id":1,"file_name":"a.jpg"}],"annotations":[{"image_id":1,"caption":"one"}]}`},
}

// FuzzOfficial reads annotation files by their format, and lets the format be
// found out.
func FuzzOfficial(f *testing.F) {
	for i, o := range official {
		f.Add(byte(i), []byte(o.text))
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		o := official[int(which)%len(official)]
		dir := t.TempDir()
		for name, text := range map[string]string{
			"a.mp4": "", "b.mp4": "", "a.jpg": "", "train_list.txt": "a\nb\n", // for MSVD
			"testlist01.txt": "left/v_left_g02_c01.avi\n", "trainlist01.txt": "left/v_left_g01_c01.avi 1\n", "classInd.txt": "1 left\n", // for UCF101
			o.file: string(data),
		} {
			if o.format != "ucf101" && filepath.Ext(name) == ".txt" && o.format != "msvd" && name != o.file {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, format := range []string{o.format, ""} {
			set, err := Options{Format: format}.Open(dir)
			sane(t, set, err)
		}
	})
}
