package cpu

import (
	"errors"
	"fmt"
	"os"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
	"github.com/clvid/clvid/nn/device/cpu/internal/onednn"
)

// libraryVariable overrides the search for oneDNN: a path, or "none".
const libraryVariable = "CLVID_ONEDNN"

// EnsureEnvironment prepares the process for oneDNN's threads; call it first
// thing in main. Where another library has loaded OpenMP already, the program
// is started again with OMP_WAIT_POLICY=passive and this call does not return.
func EnsureEnvironment() error { return onednn.EnsureEnvironment() }

// fast runs float32 operations on oneDNN and C kernels. Activations of rank 3
// and more are kept with channels innermost from the first convolution on.
type fast struct {
	library *onednn.Library
	team    ckernel.Team
}

var _ accelerator = (*fast)(nil)

// openAccelerator loads oneDNN. A named library that does not load is an
// error; where the search finds none, nil is returned: pure Go.
func openAccelerator(o Options) (accelerator, error) {
	path := o.Library
	if path == "" {
		path = os.Getenv(libraryVariable)
	}
	if path == "none" {
		return nil, nil
	}
	library, err := onednn.Open(path, o.Threads)
	if errors.Is(err, onednn.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: name another library, or %q", err, "none")
	}
	f := &fast{library: library, team: ckernel.Team{Threads: 1}}
	if parallel, ok := library.Parallel(); ok {
		f.team = ckernel.Team{Parallel: parallel, Threads: o.Threads}
	}
	return f, nil
}

// Name is the library's, as told to users.
func (f *fast) Name() string { return "oneDNN " + f.library.Version() }

// Close destroys what the library made.
func (f *fast) Close() error { return f.library.Close() }

// layout is a device.Layout of this accelerator.
type layout uint8

// channelsLast is (N,spatial…,C), for values of rank 3 and more.
const channelsLast layout = 1

func (l layout) String() string { return "channels last" }

// Bytes is that of the plain layout: channels last pads nothing.
func (f *fast) Bytes(v device.Value) int64 { return v.Type.Bytes() }

// Convert turns axes round, for elements of 4 bytes.
func (f *fast) Convert(from device.Value, to device.Layout) (device.Lowered, error) {
	t := from.Type
	if len(t.Shape) < 3 || t.DType.Size() != 4 {
		return device.Lowered{}, fmt.Errorf("convert: a value of shape %v and %d-byte elements has the plain layout only", t.Shape, t.DType.Size())
	}
	p := planesOf(t)
	turn := f.team.ToPlain
	if to == device.Layout(channelsLast) {
		turn = f.team.ToChannelsLast
	}
	return device.Lowered{In: []device.Layout{from.Layout}, Out: to, Reuse: -1, Kernel: func(a *device.Args) error {
		turn(p.n, p.c, p.size, a.In[0].Ptr, a.Out.Ptr)
		return nil
	}}, nil
}

// lowering chooses the kernel of one kind of operation; ok is false where the
// pure-Go one serves.
type lowering func(f *fast, op device.OpDesc, in, reads []device.Value) (device.Lowered, bool, error)

var lowerings = map[device.Kind]lowering{
	device.Add:              lowerElements(ckernel.Add),
	device.AddBias:          lowerAddBias,
	device.BatchNorm:        lowerBatchNorm,
	device.BatchNormGrad:    lowerBatchNormGrad,
	device.Conv:             lowerConv,
	device.ConvGradInput:    lowerConvGradInput,
	device.ConvGradWeight:   lowerConvGradWeight,
	device.GlobalMean:       lowerGlobalMean,
	device.GlobalMeanGrad:   lowerGlobalMeanGrad,
	device.Linear:           lowerLinear,
	device.LinearGradInput:  lowerLinearGradInput,
	device.LinearGradWeight: lowerLinearGradWeight,
	device.MatMul:           lowerMatMul,
	device.MaxPool:          lowerMaxPool,
	device.MaxPoolGrad:      lowerMaxPoolGrad,
	device.Mul:              lowerElements(ckernel.Mul),
	device.ReLU:             lowerElements(ckernel.ReLU),
	device.ReLUGrad:         lowerElements(ckernel.ReLUGrad),
	device.Reduce:           lowerReduce,
	device.Scale:            lowerElements(ckernel.Scale),
	device.Identity:         lowerCopy,
	device.Sub:              lowerElements(ckernel.Sub),
	device.SumToChannel:     lowerSumToChannel,
}

// Lower chooses a kernel for float32 operations.
func (f *fast) Lower(op device.OpDesc, in, reads []device.Value) (l device.Lowered, ok bool, err error) {
	lower, known := lowerings[op.Kind]
	if !known || op.Out.DType != device.Float32 || empty(op) {
		return l, false, nil
	}
	for _, t := range op.In {
		if t.DType != device.Float32 {
			return l, false, nil
		}
	}
	return lower(f, op, in, reads)
}

// empty tells whether an operand has no elements: pure Go handles those.
func empty(op device.OpDesc) bool {
	for _, t := range op.In {
		if t.Elements() == 0 {
			return true
		}
	}
	return op.Out.Elements() == 0
}

// activationLayout is the layout in which kernels with channels innermost
// want a value of shape (N,C,…): (N,C) has it anyway.
func activationLayout(t device.Type) device.Layout {
	if len(t.Shape) < 3 {
		return nil
	}
	return channelsLast
}

func rowsOf(t device.Type) ckernel.Rows {
	p := planesOf(t)
	return ckernel.Rows{Rows: p.n * p.size, Channels: p.c}
}
