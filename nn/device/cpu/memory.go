package cpu

import (
	"fmt"
	"sync"
	"syscall"
	"unsafe"

	"github.com/clvid/clvid/nn/device"
)

// memory hands out pages of the operating system: zeroed, page-aligned,
// outside Go's heap, so that C code may keep addresses.
type memory struct {
	mu     sync.Mutex
	blocks map[uintptr][]byte
}

// Alloc returns zeroed memory, aligned to a page, until Free or Close.
func (b *backend) Alloc(bytes int64) (device.Mem, error) { return b.memory.alloc(bytes) }

// Free gives memory of Alloc back; other addresses are ignored.
func (b *backend) Free(m device.Mem) { b.memory.free(m.Ptr) }

func (m *memory) alloc(bytes int64) (device.Mem, error) {
	if bytes < 0 {
		return device.Mem{}, fmt.Errorf("cpu: alloc %d bytes: the sizes multiply to more than 64 bits hold: lower the batch size, clip size or queue", bytes)
	}
	block, err := syscall.Mmap(-1, 0, int(max(bytes, 1)), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return device.Mem{}, fmt.Errorf("cpu: alloc %d bytes: %w: lower the batch size or clip size", bytes, err)
	}
	ptr := uintptr(unsafe.Pointer(&block[0]))
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.blocks == nil {
		m.blocks = map[uintptr][]byte{}
	}
	m.blocks[ptr] = block
	return device.Mem{Ptr: ptr, Bytes: bytes}, nil
}

func (m *memory) free(ptr uintptr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if block, ok := m.blocks[ptr]; ok {
		delete(m.blocks, ptr)
		_ = syscall.Munmap(block) // fails only for addresses that Mmap did not give
	}
}

func (m *memory) freeAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ptr, block := range m.blocks {
		delete(m.blocks, ptr)
		_ = syscall.Munmap(block)
	}
}

// element is what tensors hold.
type element interface{ float32 | float64 | int32 }

// float is what kernels compute with.
type float interface{ float32 | float64 }

// slice views memory as elements. Mem holds addresses outside the reach of
// Go's collector or kept alive by their owner, hence the detour by pointer.
func slice[T element](m device.Mem) []T {
	var zero T
	if m.Bytes == 0 {
		return nil
	}
	p := *(*unsafe.Pointer)(unsafe.Pointer(&m.Ptr))
	return unsafe.Slice((*T)(p), m.Bytes/int64(unsafe.Sizeof(zero)))
}

func bytesOf(m device.Mem) []byte {
	p := *(*unsafe.Pointer)(unsafe.Pointer(&m.Ptr))
	return unsafe.Slice((*byte)(p), m.Bytes)
}

// Upload copies plain host data of v's type into memory in v's layout.
func (b *backend) Upload(dst device.Mem, v device.Value, src []byte) error {
	if int64(len(src)) != v.Type.Bytes() {
		return fmt.Errorf("cpu: upload: %d bytes for a value of %d", len(src), v.Type.Bytes())
	}
	if v.Layout == nil {
		copy(bytesOf(dst), src)
		return nil
	}
	return b.relayout(dst, v, func(plain device.Mem) { copy(bytesOf(plain), src) })
}

// Download copies a value to plain host data.
func (b *backend) Download(dst []byte, v device.Value, src device.Mem) error {
	if int64(len(dst)) != v.Type.Bytes() {
		return fmt.Errorf("cpu: download: a value of %d bytes into %d", v.Type.Bytes(), len(dst))
	}
	if v.Layout == nil {
		copy(dst, bytesOf(src))
		return nil
	}
	plain, err := b.Alloc(v.Type.Bytes())
	if err != nil {
		return err
	}
	defer b.Free(plain)
	if err := b.convertNow(plain, nil, src, v); err != nil {
		return err
	}
	copy(dst, bytesOf(plain))
	return nil
}

func (b *backend) relayout(dst device.Mem, v device.Value, fill func(plain device.Mem)) error {
	plain, err := b.Alloc(v.Type.Bytes())
	if err != nil {
		return err
	}
	defer b.Free(plain)
	fill(plain)
	return b.convertNow(dst, v.Layout, plain, device.Value{Type: v.Type})
}

// convertNow copies src, a value from, to dst in another layout.
func (b *backend) convertNow(dst device.Mem, to device.Layout, src device.Mem, from device.Value) error {
	l, err := b.Convert(from, to)
	if err != nil {
		return err
	}
	scratch, err := b.Alloc(l.Scratch)
	if err != nil {
		return err
	}
	defer b.Free(scratch)
	step := device.Step{Name: "convert", Kernel: l.Kernel,
		Args: device.Args{In: []device.Mem{src}, Out: dst, Scratch: scratch}}
	return b.Run(&device.Program{Steps: []device.Step{step}})
}

// HostView is the memory itself.
func (b *backend) HostView(m device.Mem) []byte { return bytesOf(m) }

var _ device.HostViewer = (*backend)(nil)
