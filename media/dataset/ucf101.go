package dataset

import (
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// UCF101 (Soomro, Zamir, Shah, arXiv:1212.0402): classInd.txt numbers the
// classes from 1, trainlist0N.txt and testlist0N.txt name the videos of split N.

func isUCF101(p place) bool {
	return p.isDir() && len(p.annotations(func(file string) bool { return filepath.Base(file) == "classInd.txt" })) > 0
}

func readUCF101(p place) (*Set, error) {
	files := p.annotations(isUCF101File)
	byName := map[string]string{}
	for _, file := range files {
		byName[filepath.Base(file)] = file
	}
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	if set.Classes, err = readClassInd(byName["classInd.txt"]); err != nil {
		return nil, err
	}
	for _, split := range []string{"train", "test"} {
		name := fmt.Sprintf("%slist%02d.txt", split, p.split())
		if byName[name] == "" {
			return nil, fmt.Errorf("dataset: %s: no %s beside classInd.txt: choose another --split-number", p.path, name)
		}
		data, err := readText(byName[name])
		if err != nil {
			return nil, err
		}
		set.addUCF101(lib, byName[name], data, split)
	}
	set.GroupBy = "group"
	return set, set.refuseLeak()
}

var listName = regexp.MustCompile(`^(classInd|(train|test)list0[1-3])\.txt$`)

func isUCF101File(file string) bool { return listName.MatchString(filepath.Base(file)) }

func readClassInd(file string) ([]string, error) {
	if file == "" {
		return nil, fmt.Errorf("dataset: ucf101: no classInd.txt: the lists need it beside them")
	}
	data, err := readText(file)
	if err != nil {
		return nil, err
	}
	return parseClassInd(file, data)
}

// parseClassInd reads lines `1 ApplyEyeMakeup`, numbered from 1 without a gap,
// in any order. This is where 1-based numbers become places in a list.
func parseClassInd(file string, data []byte) ([]string, error) {
	texts := lines(data)
	classes := make([]string, len(texts))
	for n, text := range texts {
		number, name, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
		i, err := strconv.Atoi(number)
		name = strings.TrimSpace(name)
		if err != nil || name == "" || i < 1 || i > len(classes) || classes[i-1] != "" {
			return nil, fmt.Errorf("dataset: %s line %d: %q, want a number from 1 to %d, each once, and a class", file, n+1, shorten(text), len(classes))
		}
		classes[i-1] = name
	}
	return classes, nil
}

var groupToken = regexp.MustCompile(`_g(\d+)_c\d+`)

// addUCF101 adds the lines of a list: a path, and in lists of training videos
// its class from 1, which must be the one that the folder names.
func (s *Set) addUCF101(lib *library, file string, data []byte, split string) {
	for n, text := range lines(data) {
		name := strings.ReplaceAll(text, `\`, "/")
		if at := strings.LastIndexAny(name, " \t"); at >= 0 {
			name = strings.TrimSpace(name[:at])
		}
		folder := path.Base(path.Dir(name))
		class := slices.IndexFunc(s.Classes, func(c string) bool { return strings.EqualFold(c, folder) })
		if class < 0 {
			s.note("videos are of a class that classInd.txt does not have", fmt.Sprintf("%s line %d: %s", filepath.Base(file), n+1, name))
			continue
		}
		item := Item{Label: s.Classes[class], Split: split, Fields: map[string]string{}}
		if m := groupToken.FindStringSubmatch(name); m != nil {
			item.Fields["group"] = s.Classes[class] + " g" + m[1]
		}
		s.addFound(lib, name, item)
	}
}

// refuseLeak fails where a group stands in two splits: its videos are cuts of
// one, and a test would find what training has seen.
func (s *Set) refuseLeak() error {
	leaks := s.SharedGroups(s.GroupBy)
	if len(leaks) == 0 {
		return nil
	}
	return fmt.Errorf("dataset: %d groups stand in two splits, such as %s in %s: take the official lists, which keep groups apart",
		len(leaks), leaks[0].Value, strings.Join(leaks[0].Splits, " and "))
}
