package dataset

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// Flickr8k (Hodosh, Young, Hockenmaier, JAIR 2013): lines `name.jpg#0<tab>caption`, or
// a CSV of image,caption; lists of names make the splits where they are there.

var (
	tokenLine   = regexp.MustCompile(`^(\S+\.(?:jpg|jpeg|png))#\d+[.\d]*\s+(.*)$`)
	imageHeader = regexp.MustCompile(`^image(_name)?\s*[,|]`)
)

func isFlickr(p place) bool { return len(p.annotations(isFlickrFile)) > 0 }

func isFlickrFile(file string) bool {
	switch filepath.Ext(file) {
	case ".txt", ".csv", ".token":
	default:
		return false
	}
	line := firstLine(head(file))
	return tokenLine.MatchString(line) || imageHeader.MatchString(line)
}

func readFlickr(p place) (*Set, error) {
	files := p.annotations(isFlickrFile)
	if len(files) == 0 {
		return nil, fmt.Errorf("dataset: %s: no captions.txt with lines image,caption and no token file", p.path)
	}
	data, err := readText(files[0])
	if err != nil {
		return nil, err
	}
	set, lib, err := p.begin()
	if err != nil {
		return nil, err
	}
	order, captions := set.flickrCaptions(files[0], data)
	splits, err := flickrSplits(filepath.Dir(files[0]))
	if err != nil {
		return nil, err
	}
	for _, name := range order {
		split := splits[name]
		if split == "" && len(splits) > 0 {
			split = unused
		}
		set.addFound(lib, name, Item{Split: split, Captions: captions[name]})
	}
	return set, nil
}

// flickrCaptions lists images in the order of the file, with their captions.
func (s *Set) flickrCaptions(file string, data []byte) (order []string, captions map[string][]string) {
	captions = map[string][]string{}
	for n, line := range lines(data) {
		name, caption, ok := flickrLine(line)
		if !ok && n == 0 {
			continue // the header
		}
		if !ok {
			s.badLine(file, n+1, line)
			continue
		}
		if captions[name] == nil {
			order = append(order, name)
		}
		captions[name] = appendCaption(captions[name], caption)
	}
	return order, captions
}

// flickrLine takes the image and its caption from a line. A caption may hold
// commas, and quotes that nothing closes.
func flickrLine(line string) (name, caption string, ok bool) {
	if m := tokenLine.FindStringSubmatch(line); m != nil {
		return m[1], m[2], m[2] != ""
	}
	for _, separator := range []string{"|", ","} {
		name, rest, found := strings.Cut(line, separator)
		if !found || !isImageName(name) {
			continue
		}
		if separator == "|" { // Flickr30k: name| number| caption
			if _, text, ok := strings.Cut(rest, "|"); ok {
				rest = text
			}
		}
		rest = strings.TrimSpace(rest)
		if len(rest) > 1 && rest[0] == '"' && rest[len(rest)-1] == '"' {
			rest = strings.ReplaceAll(rest[1:len(rest)-1], `""`, `"`)
		}
		return name, rest, rest != ""
	}
	return "", "", false
}

func isImageName(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".jpg", ".jpeg", ".png":
		return true
	}
	return false
}

// flickrSplits reads Flickr_8k.trainImages.txt and the like.
func flickrSplits(dir string) (map[string]string, error) {
	out := map[string]string{}
	files, err := filepath.Glob(filepath.Join(globEscape(dir), "*Images.txt"))
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", dir, err)
	}
	for _, file := range files {
		data, err := readText(file)
		if err != nil {
			return nil, err
		}
		for _, name := range lines(data) {
			out[name] = splitOf(file)
		}
	}
	return out, nil
}
