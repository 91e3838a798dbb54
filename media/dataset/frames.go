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

// pictureExtensions are those of frames in a folder.
var pictureExtensions = []string{".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}

var (
	numberedName = regexp.MustCompile(`(\d+)$`)
	frameName    = regexp.MustCompile(`(?i)^(frame|img|image)[-_ ]?\d+$`)
)

// frameNumber returns the number at the end of a picture's name.
func frameNumber(file string) (int, bool) {
	ext := path.Ext(file)
	if !slices.Contains(pictureExtensions, strings.ToLower(ext)) {
		return 0, false
	}
	digits := numberedName.FindString(strings.TrimSuffix(path.Base(file), ext))
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

// frameFolders lists the folders below root that hold numbered pictures.
func frameFolders(root string) (folders []string, err error) {
	seen := map[string]bool{}
	_, err = walkMedia(root, func(rel string) bool {
		dir := path.Dir(rel)
		if _, numbered := frameNumber(rel); numbered && !seen[dir] {
			seen[dir] = true
			folders = append(folders, dir)
		}
		return true
	})
	slices.Sort(folders)
	return folders, err
}

// isFrames knows frames by their names alone: folders of pictures that are
// merely numbered can as well be classes.
func isFrames(p place) bool {
	if !p.isDir() {
		return false
	}
	n, ok := 0, true
	_, err := walkMedia(p.path, func(rel string) bool {
		n++
		_, numbered := frameNumber(rel)
		ok = numbered && frameName.MatchString(strings.TrimSuffix(path.Base(rel), path.Ext(rel)))
		return ok
	})
	return err == nil && ok && n > 0
}

// readFrames takes every folder that holds numbered pictures as a video. The
// folders above it are classes and splits as those of videos are.
func readFrames(p place) (*Set, error) {
	if !p.isDir() {
		return nil, fmt.Errorf("dataset: %s: want a folder that holds folders of numbered pictures", p.path)
	}
	folders, err := frameFolders(p.path)
	if err != nil {
		return nil, err
	}
	set := &Set{}
	for _, dir := range folders {
		set.Items = append(set.Items, Item{Path: filepath.Join(p.path, filepath.FromSlash(dir)), Name: dir})
	}
	if len(folders) == 1 && folders[0] == "." {
		set.Items[0].Name = filepath.Base(p.path)
	}
	labelByFolder(set.Items)
	return set, nil
}
