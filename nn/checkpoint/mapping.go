package checkpoint

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"syscall"
)

// mapping is a file in the address space: bytes are read from the disk when
// they are looked at, and not before.
type mapping struct{ data []byte }

// mapFile maps a regular file.
func mapFile(path string) (*mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // the mapping stays
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", path)
	case info.Size() == 0:
		return &mapping{}, nil // nothing can be mapped
	case info.Size() > math.MaxInt/2:
		return nil, fmt.Errorf("%s has %d bytes, more than can be mapped", path, info.Size())
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return &mapping{data}, nil
}

func (m *mapping) Close() error {
	if m.data == nil {
		return nil
	}
	data := m.data
	m.data = nil
	return syscall.Munmap(data)
}

var errShrunk = errors.New("the file was cut short while it was read: write it anew, whole")

// guarded runs f, which reads mappings. Reading past the end of a file that has
// been cut since it was mapped is a fault; it becomes an error here instead of
// the end of the program.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch p := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }: // the runtime's error for a fault
			err = errShrunk
		default:
			panic(p)
		}
	}()
	return f()
}
