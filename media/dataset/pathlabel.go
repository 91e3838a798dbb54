package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mostClasses bounds the numbers of classes in lists.
const mostClasses = 1 << 16

// isPathLabel knows a list by its first line. A folder needs one called after a
// split, as SlowFast's data sets have it.
func isPathLabel(p place) bool { return len(p.annotations(p.isPathLabelFile)) > 0 }

func (p place) isPathLabelFile(file string) bool {
	if p.isDir() && !slices.Contains([]string{"train", "val", "test"}, stemOf(file)) {
		return false
	}
	switch strings.ToLower(filepath.Ext(file)) {
	case ".csv", ".txt", ".list":
	default:
		return false
	}
	line, ok := parsePathLabel(firstLine(head(file)))
	return ok && (strings.ContainsAny(line.path, `/\`) || slices.Contains(extensions, strings.ToLower(filepath.Ext(line.path))))
}

// pathLabel is one line of a list.
type pathLabel struct {
	path   string
	label  int // from 0
	frames int // 0 where the list does not say
}

// parsePathLabel reads `path label` or `path label frames`; blanks, tabs and
// commas separate, and the path may hold them.
func parsePathLabel(text string) (line pathLabel, ok bool) {
	rest, last, ok := cutNumber(text)
	if !ok {
		return line, false
	}
	line = pathLabel{path: rest, label: last}
	if path, label, ok := cutNumber(rest); ok {
		line = pathLabel{path: path, label: label, frames: last}
	}
	line.path = strings.Trim(line.path, `"`)
	return line, line.path != "" && line.label < mostClasses
}

// cutNumber takes the last number off a line.
func cutNumber(text string) (rest string, n int, ok bool) {
	text = strings.TrimRight(text, " \t,\r")
	at := strings.LastIndexAny(text, " \t,")
	if at < 0 {
		return "", 0, false
	}
	n, err := strconv.Atoi(text[at+1:])
	return strings.TrimRight(text[:at], " \t,"), n, err == nil && n >= 0
}

func readPathLabel(p place) (*Set, error) {
	files := p.annotations(p.isPathLabelFile)
	if len(files) == 0 {
		return nil, fmt.Errorf("dataset: %s: no list of lines `path label`", p.path)
	}
	set, most := &Set{}, 0
	var lib *library
	for _, file := range files {
		data, err := readText(file)
		if err != nil {
			return nil, err
		}
		for n, text := range lines(data) {
			line, ok := parsePathLabel(text)
			if !ok {
				set.badLine(file, n+1, text)
				continue
			}
			most = max(most, line.label)
			if lib, err = p.addPathLabel(set, lib, line, splitOf(file)); err != nil {
				return nil, err
			}
		}
	}
	set.Classes = numberedClasses(most + 1)
	return set, nil
}

// addPathLabel adds one line. The folder is searched only once a path as it
// stands leads nowhere.
func (p place) addPathLabel(set *Set, lib *library, line pathLabel, split string) (*library, error) {
	item := Item{Label: strconv.Itoa(line.label), Split: split, Fields: map[string]string{}}
	if line.frames > 0 {
		item.Fields["frames"] = strconv.Itoa(line.frames)
	}
	item.Name = filepath.ToSlash(filepath.Clean(line.path))
	item.Path = filepath.FromSlash(item.Name)
	if !filepath.IsAbs(item.Path) {
		item.Path = filepath.Join(p.videoRoot(), item.Path)
	}
	if _, err := os.Stat(item.Path); err == nil {
		set.Items = append(set.Items, item)
		return lib, nil
	}
	if lib == nil {
		var err error
		if lib, err = newLibrary(p.videoRoot()); err != nil {
			return nil, err
		}
	}
	set.addFound(lib, line.path, item)
	return lib, nil
}

// numberedClasses are classes that have numbers for names.
func numberedClasses(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = strconv.Itoa(i)
	}
	return out
}
