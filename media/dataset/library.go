package dataset

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// library finds the videos and images below a folder by what annotations call
// them: a path, a file name, or a name without extension, in whatever case.
type library struct {
	root   string
	files  []string         // relative, with slashes
	byStem map[string][]int // indices of files
	folded map[string][]int // the same in lower case, made at the first miss
}

func newLibrary(root string) (*library, error) {
	lib := &library{root: root, byStem: map[string][]int{}}
	dirs := map[string]int{} // pictures in a folder that may be frames
	if _, err := walkMedia(root, func(rel string) bool {
		lib.add(rel)
		if _, numbered := frameNumber(rel); numbered {
			dirs[path.Dir(rel)]++
		}
		return true
	}); err != nil {
		return nil, err
	}
	for dir, n := range dirs {
		if n > 1 && dir != "." {
			lib.add(dir)
		}
	}
	return lib, nil
}

func (l *library) add(rel string) {
	l.byStem[stemOfMedia(rel)] = append(l.byStem[stemOfMedia(rel)], len(l.files))
	l.files = append(l.files, rel)
}

// stemOfMedia is a file's name without folders and without the extension of a
// video or image, if it has one: names may hold dots.
func stemOfMedia(name string) string {
	base := path.Base(name)
	if ext := path.Ext(base); slices.Contains(extensions, strings.ToLower(ext)) {
		return strings.TrimSuffix(base, ext)
	}
	return base
}

// find returns the file that is called name. Of several, the one whose path
// agrees most is taken, and of equal ones the first in order.
func (l *library) find(name string) (rel string, ok bool) {
	name = path.Clean(strings.ReplaceAll(name, `\`, "/"))
	stem := stemOfMedia(name)
	if i, ok := l.best(l.byStem[stem], name, false); ok {
		return l.files[i], true
	}
	if l.folded == nil {
		l.folded = make(map[string][]int, len(l.byStem))
		for s, at := range l.byStem {
			l.folded[strings.ToLower(s)] = append(l.folded[strings.ToLower(s)], at...)
		}
	}
	i, ok := l.best(l.folded[strings.ToLower(stem)], strings.ToLower(name), true)
	if !ok {
		return "", false
	}
	return l.files[i], true
}

// best picks among candidates by the parts that their paths share with name,
// from the right.
func (l *library) best(candidates []int, name string, fold bool) (best int, ok bool) {
	most := -1
	for _, i := range candidates {
		file := l.files[i]
		if fold {
			file = strings.ToLower(file)
		}
		shared := sharedParts(file, name)
		if shared > most || shared == most && l.files[i] < l.files[best] {
			best, most = i, shared
		}
	}
	return best, most >= 0
}

// sharedParts counts 2 for each folder that two paths share from the right, and
// 1 for equal extensions.
func sharedParts(a, b string) int {
	n := 0
	if path.Ext(a) == path.Ext(b) {
		n++
	}
	a, b = path.Dir(a), path.Dir(b)
	for a != "." && b != "." && a != "/" && b != "/" && path.Base(a) == path.Base(b) {
		n += 2
		a, b = path.Dir(a), path.Dir(b)
	}
	return n
}

// notThere is the note of videos that annotations name and nothing holds.
const notThere = "annotated videos are not there"

// addFound adds an item whose video is called name, or counts it as missing.
func (s *Set) addFound(lib *library, name string, item Item) {
	rel, ok := lib.find(name)
	if !ok {
		s.note(notThere, name)
		return
	}
	item.Path, item.Name = filepath.Join(lib.root, filepath.FromSlash(rel)), rel
	s.Items = append(s.Items, item)
}

// badLine is the note of lines that make no sense.
func (s *Set) badLine(file string, n int, line string) {
	s.note("lines are not understood", fmt.Sprintf("%s line %d: %q", filepath.Base(file), n, shorten(line)))
}
