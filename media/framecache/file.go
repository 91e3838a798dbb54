package framecache

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/clvid/clvid/media"
)

// Note [Kept file]
//
// The frames of a video, one behind the other, equally large; then the table
// below as JSON; then a footer of 16 bytes: the length of the table (8, little
// endian), its CRC-32C (4) and "clvf". Every frame has a CRC-32C of its own in
// the table, so that only what is read is summed up.

const (
	fileFormat = "clvid frames 1" // changes with whatever would make an old file wrong
	footerMark = "clvf"
	footerSize = 16
	maxTable   = 64 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged says that a file is not what was written.
var errDamaged = errors.New("framecache: damaged file")

// table describes the frames of a file.
type table struct {
	Format     string      `json:"format"`
	Video      identity    `json:"video"`
	FrameBytes int         `json:"frame_bytes"`
	Kind       media.Image `json:"kind"` // without samples; planes that exist are empty, others nil
	Sums       []uint32    `json:"crc32c"`
	Keys       []bool      `json:"keys"`
}

// readTable checks all of a file but its frames.
func readTable(f *os.File, id identity, frames int) (*table, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var footer [footerSize]byte
	if _, err := f.ReadAt(footer[:], st.Size()-footerSize); err != nil {
		return nil, errDamaged
	}
	length := binary.LittleEndian.Uint64(footer[:])
	if string(footer[12:]) != footerMark || length > maxTable || int64(length)+footerSize > st.Size() {
		return nil, errDamaged
	}
	data := make([]byte, length)
	body := st.Size() - footerSize - int64(length)
	if _, err := f.ReadAt(data, body); err != nil || crc32.Checksum(data, castagnoli) != binary.LittleEndian.Uint32(footer[8:]) {
		return nil, errDamaged
	}
	t := new(table)
	if json.Unmarshal(data, t) != nil || t.Format != fileFormat || t.Video != id || len(t.Sums) != frames || len(t.Keys) != frames ||
		t.FrameBytes != imageBytes(&t.Kind) || int64(t.FrameBytes)*int64(frames) != body {
		return nil, errDamaged
	}
	return t, nil
}

// frame reads frame i into block, which its planes then lie in.
func (t *table) frame(f *os.File, i int, block []byte) (media.Image, error) {
	if _, err := f.ReadAt(block, int64(i)*int64(t.FrameBytes)); err != nil {
		return media.Image{}, errDamaged
	}
	if crc32.Checksum(block, castagnoli) != t.Sums[i] {
		return media.Image{}, errDamaged
	}
	im := t.Kind
	place(&im, block, nil)
	return im, nil
}

// writer writes a file under a name for the time being.
type writer struct {
	file  *os.File
	out   *bufio.Writer
	table table
	block []byte
}

func newWriter(f *os.File, id identity) *writer {
	return &writer{file: f, out: bufio.NewWriterSize(f, 1<<20), table: table{Format: fileFormat, Video: id}}
}

func (w *writer) add(f *media.Frame) error {
	t := &w.table
	if len(t.Sums) == 0 {
		t.Kind = f.Image
		t.Kind.Strides = [3]int{}
		for p, plane := range f.Planes {
			if plane != nil {
				t.Kind.Planes[p] = []byte{}
			}
		}
		t.FrameBytes = imageBytes(&f.Image)
		w.block = make([]byte, t.FrameBytes)
	} else if !f.SameKind(&t.Kind) {
		return errKinds
	}
	im := f.Image
	place(&im, w.block, &f.Image)
	t.Sums, t.Keys = append(t.Sums, crc32.Checksum(w.block, castagnoli)), append(t.Keys, f.Key)
	_, err := w.out.Write(w.block)
	return err
}

// finish writes the table and gives the file its name. It flushes nothing to
// the disk: what a crash cuts is refused by its sums.
func (w *writer) finish(path string) (size int64, err error) {
	if size, err = w.end(); err == nil {
		err = os.Rename(w.file.Name(), path)
	}
	if err != nil {
		os.Remove(w.file.Name())
		return 0, fmt.Errorf("framecache: %w", err)
	}
	return size, nil
}

func (w *writer) end() (size int64, err error) {
	data, err := json.Marshal(&w.table)
	if err != nil {
		return 0, errors.Join(err, w.file.Close())
	}
	footer := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	footer = binary.LittleEndian.AppendUint32(footer, crc32.Checksum(data, castagnoli))
	for _, part := range [][]byte{data, append(footer, footerMark...)} {
		if _, err = w.out.Write(part); err != nil {
			return 0, errors.Join(err, w.file.Close())
		}
	}
	err = w.out.Flush()
	size = int64(len(w.table.Sums))*int64(w.table.FrameBytes) + int64(len(data)) + footerSize
	return size, errors.Join(err, w.file.Close())
}

func (w *writer) drop() {
	w.file.Close()
	os.Remove(w.file.Name())
}
