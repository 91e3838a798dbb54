// Package cpu runs programs on the processor. Every operation has a pure-Go
// kernel for float32 and float64 (files go_*.go); where an accelerator is
// found at run time, float32 operations that it knows run there instead.
package cpu

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/clvid/clvid/nn/device"
)

// Options says how programs run.
type Options struct {
	// Threads is the number of cores used by one kernel; 0 means all. Results
	// do not depend on it in the pure-Go kernels.
	Threads int
	// Library is the path of a oneDNN library; "" searches for one at run
	// time, "none" keeps to pure Go.
	Library string
}

// accelerator supplies faster kernels than the pure-Go ones where it has
// them. All calls but Bytes come from one locked OS thread.
type accelerator interface {
	// Name is told to users, such as "oneDNN 2.6.3".
	Name() string
	// Lower chooses a kernel; ok is false where it has none for op, and the
	// pure-Go kernel is used. in and reads carry the layouts that earlier
	// operations gave. Once a saved value has a layout of its own, the
	// operations that read it must be lowered here too.
	Lower(op device.OpDesc, in, reads []device.Value) (l device.Lowered, ok bool, err error)
	// Fuses tells whether Lower takes an operation that the planner joined.
	Fuses(op device.OpDesc) bool
	// Convert returns a kernel from one layout to another, at least one of
	// which is not plain.
	Convert(from device.Value, to device.Layout) (device.Lowered, error)
	// Bytes is the size of v, whose layout is not plain.
	Bytes(v device.Value) int64
	Close() error
}

var errClosed = errors.New("cpu: back end is closed")

type backend struct {
	options Options
	fast    accelerator // nil: pure Go
	thread  *thread
	memory  memory
	closed  bool
}

var _ device.Backend = (*backend)(nil)

// Open returns a back end. Close it to give its memory back.
func Open(o Options) (device.Backend, error) {
	if o.Threads < 0 {
		return nil, fmt.Errorf("cpu: threads is %d, want at least 0 (0: all cores)", o.Threads)
	}
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	b := &backend{options: o, thread: newThread()}
	if o.Library == "none" {
		return b, nil
	}
	var err error
	b.thread.do(func() { b.fast, err = openAccelerator(o) })
	if err != nil {
		b.thread.stop()
		return nil, fmt.Errorf("cpu: open accelerator: %w", err)
	}
	return b, nil
}

// Name tells which kernels run and on how many threads.
func (b *backend) Name() string {
	kernels := "pure Go"
	if b.fast != nil {
		kernels = b.fast.Name()
	}
	unit := "threads"
	if b.options.Threads == 1 {
		unit = "thread"
	}
	return fmt.Sprintf("cpu (%s, %d %s)", kernels, b.options.Threads, unit)
}

// Lower asks the accelerator first and falls back to pure Go.
func (b *backend) Lower(op device.OpDesc, in, reads []device.Value) (device.Lowered, error) {
	if b.closed {
		return device.Lowered{}, errClosed
	}
	if b.fast != nil {
		var l device.Lowered
		var ok bool
		var err error
		b.thread.do(func() { l, ok, err = b.fast.Lower(op, in, reads) })
		if err != nil {
			return device.Lowered{}, fmt.Errorf("cpu: lower %s: %w", op.Kind, err)
		}
		if ok {
			return l, nil
		}
	}
	return lowerGo(op, reads, b.options.Threads)
}

// Fuses tells whether the accelerator has a kernel for a joined operation.
func (b *backend) Fuses(op device.OpDesc) bool {
	return b.fast != nil && !b.closed && b.fast.Fuses(op)
}

var _ device.Fuser = (*backend)(nil)

// Convert returns a kernel that copies a value to another layout.
func (b *backend) Convert(from device.Value, to device.Layout) (l device.Lowered, err error) {
	if b.closed {
		return l, errClosed
	}
	if from.Layout == to {
		return copyLowered(from), nil
	}
	if b.fast == nil {
		return l, fmt.Errorf("cpu: convert: layout %v to %v without an accelerator", from.Layout, to)
	}
	b.thread.do(func() { l, err = b.fast.Convert(from, to) })
	return l, err
}

// Bytes is the size of v in its layout.
func (b *backend) Bytes(v device.Value) int64 {
	if v.Layout == nil {
		return v.Type.Bytes()
	}
	return b.fast.Bytes(v)
}

// Run executes the steps on one OS thread, as OpenMP keeps a team of threads
// for each thread that calls it.
func (b *backend) Run(p *device.Program) (err error) {
	if b.closed {
		return errClosed
	}
	b.thread.do(func() { err = runSteps(p) })
	return err
}

func runSteps(p *device.Program) error {
	for i := range p.Steps {
		if err := runStep(p, i); err != nil {
			return fmt.Errorf("cpu: step %d of %d, %s: %w", i+1, len(p.Steps), p.Steps[i].Name, err)
		}
	}
	return nil
}

func runStep(p *device.Program, i int) error {
	s := &p.Steps[i]
	if p.Observe == nil {
		return s.Kernel(&s.Args)
	}
	start := time.Now()
	err := s.Kernel(&s.Args)
	p.Observe(i, start, time.Since(start))
	return err
}

// Close frees all memory and the thread. A second Close does nothing.
func (b *backend) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	var err error
	if b.fast != nil {
		b.thread.do(func() { err = b.fast.Close() })
	}
	b.thread.stop()
	b.memory.freeAll()
	return err
}
