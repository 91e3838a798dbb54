// Package tarindex tells where the members of a tar file lie, so that they can
// be read in place. It holds no content and trusts no header: members that are
// not plain bytes of the file are left out, and their number and names are
// bounded.
package tarindex

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Member is a regular file in a tar file.
type Member struct {
	Name   string
	Offset int64 // of its first byte in the tar file
	Size   int64 // in bytes
}

const (
	mostMembers   = 1 << 21
	mostNameBytes = 256 << 20
	blockSize     = 512
)

// separator stands between the path of a tar file and the name of a member.
const separator = "#"

// Join makes the path of a member: dir/shard.tar#clip.mp4.
func Join(file, member string) string { return file + separator + member }

// Split takes the path of a member apart, at the first # that comes right
// behind .tar.
func Split(path string) (file, member string, ok bool) {
	const mark = ".tar" + separator
	at := strings.Index(path, mark)
	if at < 0 || at+len(mark) == len(path) {
		return "", "", false
	}
	at += len(mark)
	return path[:at-len(separator)], path[at:], true
}

// ErrCut says that a tar file ends in the middle.
var ErrCut = errors.New("tarindex: the file ends in the middle")

// Walk calls visit with every member in the order of the file, and a reader of
// its bytes that is good until visit returns. Joined tar files are read as one.
// Where the file is damaged or cut off, the members before that spot were
// visited and the error tells; errors of visit end the walk.
func Walk(r io.ReadSeeker, visit func(m Member, data io.Reader) error) error {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("tarindex: %w", err)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("tarindex: %w", err)
	}
	w := walker{r: r, size: size, visit: visit}
	for {
		if err := w.archive(); err != nil {
			return err
		}
		if more, err := w.nextArchive(); err != nil || !more {
			return err
		}
	}
}

// walker is a walk under way.
type walker struct {
	r              io.ReadSeeker
	size           int64
	visit          func(Member, io.Reader) error
	members, names int
}

// archive reads up to an end mark or the end of the file.
func (w *walker) archive() error {
	for tr := tar.NewReader(w.r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return ErrCut
		}
		if err != nil {
			return fmt.Errorf("tarindex: %w", err)
		}
		if h.Typeflag != tar.TypeReg || sparse(h) {
			continue
		}
		if err := w.member(h, tr); err != nil {
			return err
		}
	}
}

// sparse members are not bytes as they lie in the file.
func sparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func (w *walker) member(h *tar.Header, data io.Reader) error {
	// The reader takes header blocks one by one and nothing ahead.
	offset, err := w.r.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("tarindex: %w", err)
	}
	if h.Size > w.size-offset {
		return ErrCut
	}
	w.members++
	w.names += len(h.Name)
	if w.members > mostMembers || w.names > mostNameBytes {
		return fmt.Errorf("tarindex: more than %d members, or %d MB of names: split the file", mostMembers, mostNameBytes>>20)
	}
	return w.visit(Member{Name: strings.TrimPrefix(h.Name, "./"), Offset: offset, Size: h.Size}, data)
}

// nextArchive passes over the zero blocks behind an archive. It reports whether
// another one follows.
func (w *walker) nextArchive() (bool, error) {
	block := make([]byte, blockSize)
	for {
		_, err := io.ReadFull(w.r, block)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("tarindex: %w", err)
		}
		if strings.Trim(string(block), "\x00") == "" {
			continue
		}
		_, err = w.r.Seek(-blockSize, io.SeekCurrent)
		return err == nil, err
	}
}

// Read lists the members of the tar file at path.
func Read(path string) ([]Member, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []Member
	err = Walk(f, func(m Member, _ io.Reader) error {
		out = append(out, m)
		return nil
	})
	return out, err
}
