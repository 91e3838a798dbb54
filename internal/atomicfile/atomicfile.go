// Package atomicfile replaces files whole: whoever reads one, also after a
// crash at any moment, finds the old content or the new.
package atomicfile

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
)

// Write replaces the file at path by data. Errors are those of the system and
// name the temporary file; callers say what they were writing.
func Write(path string, data []byte) error {
	return Stream(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Stream replaces the file at path by what write writes, buffered; where write
// fails, the old file stays and its error is returned.
//
// The content goes to path.tmp, is flushed to the disk and renamed, and the
// folder is flushed, without which the rename itself could be lost. That the
// temporary name is fixed lets a killed process leave at most one behind, which
// the next write replaces; so one process at a time may write a path.
func Stream(path string, write func(io.Writer) error) error {
	temporary := path + ".tmp"
	err := writeSynced(temporary, write)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func writeSynced(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer f.Close() // a second Close after a good one only returns an error
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
