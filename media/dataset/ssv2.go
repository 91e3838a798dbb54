package dataset

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// Something-Something v2 (Goyal et al., arXiv:1706.04261): a video's class is its
// template without brackets; its label is what was shown, in words.

func isSSv2(p place) bool { return len(p.annotations(isSSv2File)) > 0 }

func isSSv2File(file string) bool {
	s := jsonShape(file)
	return s.list && s.has("id", "template") || strings.HasPrefix(filepath.Base(file), "something-something-v2-") && s.list && s.has("id")
}

// ssv2Video is one entry; test entries have an id alone.
type ssv2Video struct {
	ID           scalar   `json:"id"`
	Label        string   `json:"label"`
	Template     string   `json:"template"`
	Placeholders []string `json:"placeholders"`
}

func readSSv2(p place) (*Set, error) {
	files := p.annotations(isSSv2File)
	if len(files) == 0 {
		return nil, fmt.Errorf("dataset: %s: no JSON list of videos with id and template", p.path)
	}
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	classes, err := ssv2Classes(filepath.Dir(files[0]))
	if err != nil {
		return nil, err
	}
	set.Classes = classes
	known := map[string]bool{}
	for _, c := range classes {
		known[c] = true
	}
	for _, file := range files {
		var videos []ssv2Video
		if err := readJSON(file, &videos); err != nil {
			return nil, err
		}
		for _, v := range videos {
			set.addSSv2(lib, v, splitOf(file), known)
		}
	}
	return set, nil
}

func (s *Set) addSSv2(lib *library, v ssv2Video, split string, known map[string]bool) {
	item := Item{Split: split, Label: strings.NewReplacer("[", "", "]", "").Replace(v.Template), Fields: map[string]string{}}
	if s.Classes != nil && item.Label != "" && !known[item.Label] {
		s.note("videos have a template that the labels do not", item.Label)
		return
	}
	if v.Label != "" {
		item.Captions = []string{v.Label}
	}
	if len(v.Placeholders) > 0 {
		item.Fields["placeholders"] = strings.Join(v.Placeholders, ", ")
	}
	s.addFound(lib, string(v.ID), item)
}

// ssv2Classes reads the official order of classes, where it is there.
func ssv2Classes(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(globEscape(dir), "*labels.json"))
	if err != nil || len(files) == 0 {
		return nil, nil
	}
	var numbers map[string]scalar
	if err := readJSON(files[0], &numbers); err != nil {
		return nil, err
	}
	return orderedClasses(files[0], numbers)
}

// orderedClasses sorts names by their numbers, which run from 0 without a gap.
func orderedClasses(file string, numbers map[string]scalar) ([]string, error) {
	classes := make([]string, len(numbers))
	for name, number := range numbers {
		i, err := strconv.Atoi(string(number))
		if err != nil || name == "" || i < 0 || i >= len(classes) || classes[i] != "" {
			return nil, fmt.Errorf("dataset: %s: class %q has number %q, want 0 to %d, each once", file, name, number, len(classes)-1)
		}
		classes[i] = name
	}
	return classes, nil
}
