package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Is tells whether Open would take a path for a checkpoint, by its content; it
// says nothing on whether the file is whole. Files that Open knows and refuses,
// such as the old format of torch.save, are checkpoints here.
func Is(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	if info.IsDir() {
		_, err := weightsOf(path)
		return err == nil
	}
	if strings.HasSuffix(path, indexSuffix) {
		return true
	}
	m, err := mapFile(path)
	if err != nil {
		return false
	}
	defer m.Close()
	found := false
	err = guarded(func() error {
		found = isSafetensors(m.data) || isZip(m.data) || refused(m.data) != nil
		return nil
	})
	return err == nil && found
}

func (f *File) open(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return errors.Unwrap(err) // the path is named already
	case info.IsDir():
		return f.openFolder(path)
	case strings.HasSuffix(path, indexSuffix):
		return f.openShards(filepath.Dir(path), filepath.Base(path))
	}
	return f.openFile(path)
}

// openFile takes in the tensors of one file.
func (f *File) openFile(path string) error {
	m, err := mapFile(path)
	if err != nil {
		return err
	}
	f.mappings = append(f.mappings, m)
	if err := refused(m.data); err != nil {
		return err
	}
	if isZip(m.data) {
		f.Format = Torch
		return f.openTorch(m.data)
	}
	f.Format = Safetensors
	if err := f.openSafetensors(m.data); err != nil && !isSafetensors(m.data) && filepath.Ext(path) != ".safetensors" {
		return fmt.Errorf("neither safetensors nor a zip of torch.save; as safetensors: %w", err)
	} else if err != nil {
		return err
	}
	return nil
}

func isZip(data []byte) bool { return bytes.HasPrefix(data, []byte("PK\x03\x04")) }

// refused is the error for formats that are known and not read.
func refused(data []byte) error {
	const resave = `torch.save(torch.load("IN", map_location="cpu", weights_only=True), "OUT.pth")`
	switch {
	case len(data) >= 2 && data[0] == 0x80 && data[1] <= 5:
		return errors.New("a bare pickle, the format of torch.save before PyTorch 1.6, is not read: in Python, " + resave)
	case len(data) > 262 && string(data[257:262]) == "ustar":
		return errors.New("a tar archive, the format of torch.save before PyTorch 0.2, is not read: in Python, " + resave)
	case bytes.HasPrefix(data, []byte("\x89HDF\r\n\x1a\n")):
		return errors.New("HDF5 is not read: write the weights as safetensors in the program they come from")
	case bytes.HasPrefix(data, []byte("version https://git-lfs")):
		return errors.New("a pointer of Git LFS stands for the file: fetch the file itself, with git lfs pull")
	}
	return nil
}
