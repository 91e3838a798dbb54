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
// and more are kept with channels innermost from the first convolution on, in
// blocks where they fill them, and in bfloat16 where the plan allows.
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

// Bytes is the size of v in its layout.
func (f *fast) Bytes(v device.Value) int64 { return layoutOf(v).bytes(v.Type) }

// elem is what a heavy product is computed in: bfloat16 where the plan asks for
// it and the processor multiplies it.
func (f *fast) elem(op device.OpDesc) ckernel.Elem {
	if op.Precision == device.PrecisionBF16 && ckernel.MultipliesBFloat16() {
		return ckernel.BFloat16
	}
	return ckernel.Float32
}

// lowering chooses the kernel of one kind of operation; ok is false where the
// pure-Go one serves.
type lowering func(f *fast, op device.OpDesc, in, reads []device.Value) (device.Lowered, bool, error)

var lowerings = map[device.Kind]lowering{
	device.Add:              lowerArithmetic(ckernel.Add),
	device.AddBias:          lowerAddBias,
	device.Attention:        lowerAttention,
	device.AttentionGrad:    lowerAttentionGrad,
	device.AvgPool:          lowerAvgPool,
	device.AvgPoolGrad:      lowerAvgPoolGrad,
	device.BatchNorm:        lowerBatchNorm,
	device.BatchNormGrad:    lowerBatchNormGrad,
	device.Broadcast:        lowerBroadcast,
	device.Concat:           lowerConcat,
	device.Conv:             lowerConv,
	device.ConvGradInput:    lowerConvGradInput,
	device.ConvGradWeight:   lowerConvGradWeight,
	device.ConvTranspose:    lowerConvTranspose,
	device.CrossEntropy:     lowerCrossEntropy,
	device.CrossEntropyGrad: lowerCrossEntropyGrad,
	device.Dot:              lowerDot,
	device.Dropout:          lowerDropout,
	device.GlobalMean:       lowerGlobalMean,
	device.GlobalMeanGrad:   lowerGlobalMeanGrad,
	device.Identity:         lowerCopy,
	device.LayerNorm:        lowerLayerNorm,
	device.LayerNormGrad:    lowerLayerNormGrad,
	device.GroupNorm:        lowerGroupNorm,
	device.GroupNormGrad:    lowerGroupNormGrad,
	device.Linear:           lowerLinear,
	device.LinearGradInput:  lowerLinearGradInput,
	device.LinearGradWeight: lowerLinearGradWeight,
	device.MatMul:           lowerMatMul,
	device.MaxPool:          lowerMaxPool,
	device.MaxPoolGrad:      lowerMaxPoolGrad,
	device.Mul:              lowerArithmetic(ckernel.Mul),
	device.Pad:              lowerPad,
	device.Permute:          lowerPermute,
	device.Reduce:           lowerReduce,
	device.ReLU:             lowerElements(ckernel.ReLU),
	device.ReLUGrad:         lowerElements(ckernel.ReLUGrad),
	device.Reshape:          lowerReshape,
	device.Scale:            lowerElements(ckernel.Scale),
	device.Slice:            lowerSlice,
	device.SliceGrad:        lowerSliceGrad,
	device.Softmax:          lowerSoftmax,
	device.SoftmaxGrad:      lowerSoftmaxGrad,
	device.Sub:              lowerElements(ckernel.Sub),
	device.SumToChannel:     lowerSumToChannel,
	device.Unary:            lowerUnary,
	device.UnaryGrad:        lowerUnaryGrad,

	device.SimilarityCrossEntropy:     lowerSimilarity,
	device.SimilarityCrossEntropyGrad: lowerSimilarityGrad,
}

// Lower chooses a kernel for float32 operations.
func (f *fast) Lower(op device.OpDesc, in, reads []device.Value) (l device.Lowered, ok bool, err error) {
	lower, known := lowerings[op.Kind]
	if !known || !single(op) || empty(op) {
		return l, false, nil
	}
	return lower(f, op, in, reads)
}

// single tells whether all numbers are float32; indices are none.
func single(op device.OpDesc) bool {
	for _, t := range op.In {
		if t.DType == device.Float64 {
			return false
		}
	}
	return op.Out.DType == device.Float32
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
