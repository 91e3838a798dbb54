package dataset

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// extensions of files that a folder is searched for.
var extensions = []string{
	".264", ".265", ".3gp", ".avi", ".avif", ".bmp", ".flv", ".gif", ".h264", ".h265", ".heic", ".hevc", ".ivf",
	".jpeg", ".jpg", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".png", ".tif",
	".tiff", ".ts", ".vob", ".webm", ".webp", ".wmv",
}

// splitNames are folders that split a set, not classes.
var splitNames = []string{"test", "train", "unlabelled", "val", "validation"}

func isFolder(p place) bool { return p.isDir() }

// readFolder takes all videos and images below a folder; hidden files and other
// kinds are counted as ignored, linked folders are not entered. Where none lies
// in the folder itself, its folders are the classes, or the splits, with a
// folder for each class in them, where all have names such as train and test.
func readFolder(p place) (*Set, error) {
	set := &Set{Root: p.path}
	ignored, err := walkMedia(p.path, func(rel string) bool {
		set.Items = append(set.Items, Item{Path: filepath.Join(p.path, filepath.FromSlash(rel)), Name: rel})
		return true
	})
	if err != nil {
		return nil, err
	}
	set.Ignored = ignored
	labelByFolder(set.Items)
	return set, nil
}

// walkMedia calls visit with every video and image below a folder, relative and
// with slashes, in order of names, until it wants no more; it counts the other
// files.
func walkMedia(root string, visit func(rel string) (more bool)) (ignored int, err error) {
	base, err := filepath.EvalSymlinks(root) // WalkDir does not enter a linked root
	if err != nil {
		return 0, fmt.Errorf("dataset: %w", err)
	}
	err = filepath.WalkDir(base, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || file == base {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".")
		switch {
		case entry.IsDir() && hidden:
			return filepath.SkipDir
		case entry.IsDir():
		case hidden || !isMedia(file, entry):
			ignored++
		default:
			rel, err := filepath.Rel(base, file)
			if err != nil {
				return err
			}
			if !visit(filepath.ToSlash(rel)) {
				return filepath.SkipAll
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("dataset: %s: %w", root, err)
	}
	return ignored, nil
}

// isMedia reports whether a file, or the file that a link leads to, is one to decode.
func isMedia(file string, entry fs.DirEntry) bool {
	if !slices.Contains(extensions, strings.ToLower(filepath.Ext(file))) {
		return false
	}
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type().IsRegular()
	}
	info, err := os.Stat(file)
	// A dangling link is kept: it is a bad file, to be named as one.
	return err != nil || info.Mode().IsRegular()
}

// labelByFolder takes split and label from the first folders of the names.
func labelByFolder(items []Item) {
	splits := true
	for _, it := range items {
		top, _, nested := strings.Cut(it.Name, "/")
		if !nested {
			return // videos in the folder itself: no classes
		}
		splits = splits && slices.Contains(splitNames, top)
	}
	for i, it := range items {
		dirs := strings.Split(path.Dir(it.Name), "/")
		if splits {
			items[i].Split, dirs = dirs[0], dirs[1:]
		}
		if len(dirs) > 0 {
			items[i].Label = dirs[0]
		}
	}
}
