package dataset

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// MSR-VTT (Xu et al., CVPR 2016): videos and sentences in one JSON. The lists
// of split 1k-A (Yu, Kim, Kim, ECCV 2018: JSFusion) are used where they lie beside it: the
// test list gives each of its videos one sentence.

func isMSRVTT(p place) bool { return len(p.annotations(isMSRVTTFile)) > 0 }

func isMSRVTTFile(file string) bool {
	s := jsonShape(file)
	return !s.list && s.has("videos") && s.has("sentences")
}

type msrvttData struct {
	Videos []struct {
		ID       string `json:"video_id"`
		Split    string `json:"split"`
		Category scalar `json:"category"`
	} `json:"videos"`
	Sentences []struct {
		ID      string `json:"video_id"`
		Caption string `json:"caption"`
	} `json:"sentences"`
}

func readMSRVTT(p place) (*Set, error) {
	files := p.annotations(isMSRVTTFile)
	if len(files) == 0 {
		return nil, fmt.Errorf("dataset: %s: no JSON file with videos and sentences", p.path)
	}
	var all msrvttData
	for _, file := range files {
		var d msrvttData
		if err := readJSON(file, &d); err != nil {
			return nil, err
		}
		all.Videos, all.Sentences = append(all.Videos, d.Videos...), append(all.Sentences, d.Sentences...)
	}
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	lists, err := readLists1kA(filepath.Dir(files[0]))
	if err != nil {
		return nil, err
	}
	set.addMSRVTT(lib, all, lists)
	return set, nil
}

func (s *Set) addMSRVTT(lib *library, d msrvttData, lists *lists1kA) {
	captions := map[string][]string{}
	for _, sentence := range d.Sentences {
		captions[sentence.ID] = appendCaption(captions[sentence.ID], sentence.Caption)
	}
	seen := map[string]bool{}
	for _, v := range d.Videos {
		if seen[v.ID] {
			s.note("videos are listed twice", v.ID)
			continue
		}
		seen[v.ID] = true
		item := Item{Split: officialSplit(v.Split), Captions: captions[v.ID], Fields: map[string]string{"category": string(v.Category)}}
		lists.assign(v.ID, &item)
		s.addFound(lib, v.ID, item)
	}
	for _, id := range slices.Sorted(maps.Keys(captions)) {
		if !seen[id] {
			s.note("sentences are about videos that are not listed", id)
		}
	}
}

// appendCaption adds a caption in the order of the file; equal ones of a video
// count once.
func appendCaption(captions []string, caption string) []string {
	caption = strings.Join(strings.Fields(caption), " ")
	if caption == "" || slices.Contains(captions, caption) {
		return captions
	}
	return append(captions, caption)
}

// lists1kA are the lists of split 1k-A; nil is no lists.
type lists1kA struct {
	train map[string]bool   // nil: all that is not test
	test  map[string]string // video to its sentence
}

// assign gives an item its split of 1k-A, and a test video its one sentence.
func (l *lists1kA) assign(id string, item *Item) {
	if l == nil {
		return
	}
	sentence, test := l.test[id]
	switch {
	case test:
		item.Split = "test"
		if sentence != "" {
			item.Captions = []string{sentence}
		}
	case l.train == nil || l.train[id]:
		item.Split = "train"
	default:
		item.Split = unused
	}
}

// readLists1kA reads MSRVTT_JSFUSION_test.csv and, where it is there, the
// larger of MSRVTT_train.9k.csv and MSRVTT_train.7k.csv.
func readLists1kA(dir string) (*lists1kA, error) {
	test := filepath.Join(dir, "MSRVTT_JSFUSION_test.csv")
	if !isJSFusionFile(test) {
		return nil, nil
	}
	lists := &lists1kA{test: map[string]string{}}
	rows, err := readColumns(test, "video_id", "sentence")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		lists.test[row[0]] = row[1]
	}
	for _, name := range []string{"MSRVTT_train.9k.csv", "MSRVTT_train.7k.csv"} {
		file := filepath.Join(dir, name)
		if !slices.Contains(csvColumns(file), "video_id") {
			continue
		}
		if rows, err = readColumns(file, "video_id"); err != nil {
			return nil, err
		}
		lists.train = map[string]bool{}
		for _, row := range rows {
			lists.train[row[0]] = true
		}
		break
	}
	return lists, nil
}

// readColumns reads some columns of a CSV with a header.
func readColumns(file string, columns ...string) ([][]string, error) {
	data, err := readText(file)
	if err != nil {
		return nil, err
	}
	return parseColumns(file, data, columns)
}

func parseColumns(file string, data []byte, columns []string) ([][]string, error) {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.LazyQuotes, reader.FieldsPerRecord = true, -1
	rows, err := reader.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("dataset: %s: want a header with %s: %w", file, strings.Join(columns, ", "), err)
	}
	var out [][]string
	for _, cells := range rows[1:] {
		row := make([]string, len(columns))
		for i, column := range columns {
			if at := slices.Index(rows[0], column); at >= 0 && at < len(cells) {
				row[i] = strings.TrimSpace(cells[at])
			}
		}
		out = append(out, row)
	}
	return out, nil
}

func isJSFusion(p place) bool { return p.isFile() && isJSFusionFile(p.path) }

func isJSFusionFile(file string) bool {
	columns := csvColumns(file)
	return slices.Contains(columns, "video_id") && slices.Contains(columns, "sentence")
}

// readJSFusion reads the test list alone.
func readJSFusion(p place) (*Set, error) {
	if !isJSFusion(p) {
		return nil, fmt.Errorf("dataset: %s: want a CSV file with columns video_id and sentence", p.path)
	}
	rows, err := readColumns(p.path, "video_id", "sentence")
	if err != nil {
		return nil, err
	}
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		set.addFound(lib, row[0], Item{Split: "test", Captions: appendCaption(nil, row[1])})
	}
	return set, nil
}
