// Package device is the seam between programs and the machines that run them.
// The planner (nn/plan) lowers graph nodes to OpDesc values, which name an
// operation without knowing any graph library; a Backend turns each into a
// kernel over memory that the planner laid out. Adding a device means
// implementing Backend and nothing else.
package device

import "time"

// DType is an element type.
type DType uint8

// The element types of programs.
const (
	Float32 DType = iota
	Float64
	Int32
)

// Size returns the bytes of one element.
func (t DType) Size() int64 {
	if t == Float64 {
		return 8
	}
	return 4
}

// Type is an element type and a logical row-major shape; () is a scalar.
type Type struct {
	DType DType
	Shape []int
}

// Elements returns the number of elements.
func (t Type) Elements() int64 {
	n := int64(1)
	for _, d := range t.Shape {
		n *= int64(d)
	}
	return n
}

// Bytes returns the size in the plain layout.
func (t Type) Bytes() int64 { return t.Elements() * t.DType.Size() }

// Layout is how a back end keeps a value in memory, opaque to everybody else.
// Nil is the plain one: dense, row-major. Layouts are compared with ==.
type Layout any

// Value is an operand before memory is known.
type Value struct {
	Type   Type
	Layout Layout
}

// OpDesc is one operation: kind, attributes (one of the *Attrs structs of
// this package, by value, or nil) and types. Saved are extra results that later
// operations read; Reads are the saved results of earlier operations that
// this one uses, in their order.
type OpDesc struct {
	Kind  Kind
	Attrs any
	In    []Type
	Out   Type
	Saved []Type
	Reads []Type
	Train bool // false in evaluation plans: BatchNorm uses running statistics, Dropout drops nothing
	// Precision is what heavy products may be computed in.
	Precision Precision
}

// Lowered is an operation chosen for a device.
type Lowered struct {
	In      []Layout // layouts the kernel wants; the planner converts where they differ
	Out     Layout
	Saved   []Value // as OpDesc.Saved, with layouts
	Scratch int64   // bytes of working memory
	// Reuse is the index of the input whose memory the output may overwrite
	// when that input dies here, or -1.
	Reuse  int
	Kernel Kernel
}

// Kernel runs one step. It must not keep the arguments.
type Kernel func(a *Args) error

// Args are the operands of one step. Inputs that are ShapeOnly have no memory.
// Out, Saved and Scratch hold anything on entry: kernels write them whole.
type Args struct {
	In, Saved, Reads []Mem
	Out              Mem
	Scratch          Mem
}

// Mem is device memory: an address and its size in bytes. On the CPU it is
// ordinary memory, aligned to 64 bytes.
type Mem struct {
	Ptr   uintptr
	Bytes int64
}

// Backend runs programs on one device. One goroutine at a time may use it.
type Backend interface {
	Name() string
	// Lower chooses a kernel for op. in and reads carry the layouts that
	// earlier operations produced; the kernel may ask for others of in.
	Lower(op OpDesc, in, reads []Value) (Lowered, error)
	// Convert returns a kernel that copies In[0] to Out in another layout.
	Convert(from Value, to Layout) (Lowered, error)
	// Bytes is the size of v in its layout.
	Bytes(v Value) int64
	// Alloc returns zeroed memory that lives until Free or Close.
	Alloc(bytes int64) (Mem, error)
	Free(Mem)
	// Upload and Download copy plain host data, of v's type, to and from
	// memory in v's layout.
	Upload(dst Mem, v Value, src []byte) error
	Download(dst []byte, v Value, src Mem) error
	// Run executes the steps in order: a loop on the CPU, one graph launch
	// on a GPU.
	Run(p *Program) error
	Close() error
}

// Step is one kernel with its operands.
type Step struct {
	Name   string // node name, for profiles and errors
	Kernel Kernel
	Args   Args
}

// Program is an ordered list of steps.
type Program struct {
	Steps []Step
	// Observe, where set, is told when each step began and how long it took, on
	// the goroutine that runs it; back ends that launch programs whole then run
	// steps one by one.
	Observe func(step int, start time.Time, took time.Duration)
}

// HostViewer is a Backend whose memory the host can address.
type HostViewer interface {
	// HostView is the memory itself, not a copy.
	HostView(Mem) []byte
}

// Fuser is a Backend with kernels for joined operations, which save passes over
// memory: those of BatchNormAttrs.
type Fuser interface {
	// Fuses tells whether Lower takes such an operation.
	Fuses(op OpDesc) bool
}
