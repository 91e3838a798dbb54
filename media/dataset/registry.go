package dataset

import "io/fs"

// Format is one way in which a set can be laid out.
type Format struct {
	Name   string
	Doc    string
	Detect func(path string, info fs.FileInfo) bool
	Read   func(path string) (*Set, error)
}

// formats are tried in this order.
var formats = [...]Format{
	{Name: "manifest", Doc: "a .csv file, or a folder that holds clips.csv", Detect: isManifest, Read: readManifest},
	{Name: "folder", Doc: "a folder of videos, or a folder for each class", Detect: isFolder, Read: readFolder},
}

// Formats lists the known layouts in the order in which they are tried.
func Formats() []Format { return formats[:] }
