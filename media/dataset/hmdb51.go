package dataset

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// HMDB51 (Kuehne et al., ICCV 2011): one list a class and split; behind each
// name stands 1 for train, 2 for test or 0 for neither. Names hold #, & and
// brackets, and are taken as they are.

var splitList = regexp.MustCompile(`^(.+)_test_split([1-3])\.txt$`)

// unused is the split of videos that a list keeps out of train and test.
const unused = "unused"

func isHMDB51(p place) bool { return p.isDir() && len(p.annotations(isHMDB51File)) > 0 }

func isHMDB51File(file string) bool { return splitList.MatchString(filepath.Base(file)) }

func readHMDB51(p place) (*Set, error) {
	wanted := fmt.Sprint(p.split())
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	found := false
	for _, file := range p.annotations(isHMDB51File) {
		m := splitList.FindStringSubmatch(filepath.Base(file))
		if m[2] != wanted {
			continue
		}
		found = true
		data, err := readText(file)
		if err != nil {
			return nil, err
		}
		set.addHMDB51(lib, file, data, m[1])
	}
	if !found {
		return nil, fmt.Errorf("dataset: %s: no list of split %s, such as brush_hair_test_split%s.txt: choose another --split-number", p.path, wanted, wanted)
	}
	return set, nil
}

func (s *Set) addHMDB51(lib *library, file string, data []byte, label string) {
	splits := map[string]string{"0": unused, "1": "train", "2": "test"}
	for n, text := range lines(data) {
		at := strings.LastIndexAny(text, " \t")
		split, ok := "", at >= 0
		if ok {
			split, ok = splits[text[at+1:]]
		}
		if !ok {
			s.badLine(file, n+1, text)
			continue
		}
		s.addFound(lib, label+"/"+strings.TrimSpace(text[:at]), Item{Label: label, Split: split})
	}
}
