package checkpoint

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
)

// records are the parts of a zip of torch.save, by their names without the
// folder that all of them lie in: data.pkl, byteorder, data/0.
type records map[string][]byte

// maxRecords bounds the entries of an archive: a record for each tensor.
const maxRecords = 1 << 20

// openZip finds the records. torch.save stores them as they are, which lets
// them be mapped; a compressed one is an error. Their checksums are not looked
// at: PyTorch does neither, and all of the file would have to be read.
func openZip(data []byte) (records, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("a damaged or truncated zip: %w", err)
	}
	if len(archive.File) > maxRecords {
		return nil, fmt.Errorf("%d entries, want at most %d: this is no checkpoint", len(archive.File), maxRecords)
	}
	root, err := rootOf(archive)
	if err != nil {
		return nil, err
	}
	out := records{}
	for _, entry := range archive.File {
		name, inside := strings.CutPrefix(entry.Name, root)
		if !inside || name == "" || strings.HasSuffix(name, "/") {
			continue
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("the zip holds %s twice", entry.Name)
		}
		if out[name], err = record(data, entry); err != nil {
			return nil, fmt.Errorf("zip entry %s: %w", entry.Name, err)
		}
	}
	return out, nil
}

// rootOf is the folder of the one data.pkl, with a slash.
func rootOf(archive *zip.Reader) (string, error) {
	root, found := "", 0
	for _, entry := range archive.File {
		dir, base := path.Split(entry.Name)
		switch {
		case base == "constants.pkl" || strings.Contains("/"+entry.Name, "/code/"):
			return "", errors.New(`a TorchScript archive holds code, which is never run: in Python, torch.save(torch.jit.load("IN", map_location="cpu").state_dict(), "OUT.pth")`)
		case base == "data.pkl":
			root, found = dir, found+1
		}
	}
	if found != 1 {
		return "", fmt.Errorf("a zip with %d data.pkl, want one: this is nothing that torch.save wrote", found)
	}
	return root, nil
}

// record is the part of the file that an entry stands for.
func record(data []byte, entry *zip.File) ([]byte, error) {
	const encrypted = 1
	if entry.Method != zip.Store || entry.Flags&encrypted != 0 || entry.CompressedSize64 != entry.UncompressedSize64 {
		return nil, errors.New("compressed or encrypted entries are not read: write the file by torch.save, and do not pack it anew")
	}
	offset, err := entry.DataOffset()
	if err != nil {
		return nil, err
	}
	if offset < 0 || offset > int64(len(data)) || entry.UncompressedSize64 > uint64(int64(len(data))-offset) {
		return nil, fmt.Errorf("%d bytes from byte %d on, of a file of %d: the file is truncated", entry.UncompressedSize64, offset, len(data))
	}
	return data[offset : offset+int64(entry.UncompressedSize64)], nil
}
