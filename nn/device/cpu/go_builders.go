package cpu

import (
	"fmt"

	"github.com/clvid/clvid/nn/device"
)

// builder makes the kernel of one kind of operation.
type builder func(op device.OpDesc, threads int) (goKernel, error)

// The pure-Go kernels by element type.
var float32Builders, float64Builders = goBuilders[float32](), goBuilders[float64]()

// buildGo makes the kernel of an operation on its elements.
func buildGo(op device.OpDesc, threads int) (goKernel, error) {
	builders := float32Builders
	if usesFloat64(op) {
		builders = float64Builders
	}
	build, ok := builders[op.Kind]
	if !ok {
		return goKernel{}, fmt.Errorf("no kernel for operation %q", op.Kind)
	}
	return build(op, threads)
}

func goBuilders[T float]() map[device.Kind]builder {
	return map[device.Kind]builder{

		device.AdaptiveAvgPool:     goAdaptiveAvgPool[T],
		device.AdaptiveAvgPoolGrad: goAdaptiveAvgPoolGrad[T],
		device.AdaptiveMaxPool:     goAdaptiveMaxPool[T],
		device.AdaptiveMaxPoolGrad: goMaxPoolGrad[T],
		device.Add:                 goBinary(arithmetic[T]{addSlices[T], addScalar[T], addScalar[T]}),
		device.AddBias:             goAddBias[T],
		device.Attention:           goAttention[T],
		device.AttentionGrad:       goAttentionGrad[T],
		device.AvgPool:             goAvgPool[T],
		device.AvgPoolGrad:         goAvgPoolGrad[T],
		device.BatchMatMul:         goBatchMatMul[T],
		device.BatchNorm:           goBatchNorm[T],
		device.BatchNormGrad:       goBatchNormGrad[T],
		device.Broadcast:           goBroadcast[T],
		device.Concat:              goConcat[T],
		device.Const:               goConst[T],
		device.Conv:                goConv[T],
		device.ConvGradInput:       goConvGradInput[T],
		device.ConvGradWeight:      goConvGradWeight[T],
		device.ConvTranspose:       goConvGradInput[T],
		device.CrossEntropy:        goCrossEntropy[T],
		device.CrossEntropyGrad:    goCrossEntropyGrad[T],
		device.Div:                 goBinary(arithmetic[T]{divSlices[T], divScalar[T], divByScalar[T]}),
		device.Dot:                 goDot[T],
		device.Dropout:             goDropout[T],
		device.Gather:              goGather[T],
		device.GlobalMean:          goGlobalMean[T],
		device.GlobalMeanGrad:      goGlobalMeanGrad[T],
		device.GroupNorm:           goGroupNorm[T],
		device.GroupNormGrad:       goGroupNormGrad[T],
		device.Identity:            goCopy,
		device.Interpolate:         goInterpolate[T],
		device.InterpolateGrad:     goInterpolateGrad[T],
		device.LayerNorm:           goLayerNorm[T],
		device.LayerNormGrad:       goLayerNormGrad[T],
		device.Linear:              goLinear[T],
		device.LinearGradInput:     goLinearGradInput[T],
		device.LinearGradWeight:    goLinearGradWeight[T],
		device.MaskedMean:          goMaskedMean[T],
		device.MaskedMeanGrad:      goMaskedMeanGrad[T],
		device.MatMul:              goBatchMatMul[T],
		device.MaxPool:             goMaxPool[T],
		device.MaxPoolGrad:         goMaxPoolGrad[T],
		device.Mul:                 goBinary(arithmetic[T]{mulSlices[T], mulScalar[T], mulScalar[T]}),
		device.Normalize:           goNormalize[T],
		device.NormalizeGrad:       goNormalizeGrad[T],
		device.Pad:                 goPad[T],
		device.Permute:             goPermute[T],
		device.Pick:                goPick,
		device.ReLU:                goUnary(reluSlice[T]),
		device.ReLUGrad:            goPairs(reluGradSlices[T]),
		device.Reduce:              goReduce[T],
		device.ReduceGrad:          goReduceGrad[T],
		device.Reshape:             goCopy,
		device.Scale:               goScale[T],
		device.ScatterAdd:          goScatterAdd[T],
		device.SegmentWeights:      goSegmentWeights[T],
		device.Slice:               goSlice[T],
		device.SliceGrad:           goSliceGrad[T],
		device.Softmax:             goSoftmax[T],
		device.SoftmaxGrad:         goSoftmaxGrad[T],
		device.Sub:                 goBinary(arithmetic[T]{subSlices[T], subScalar[T], subFromScalar[T]}),
		device.SumToChannel:        goSumToChannel[T],
		device.Unary:               goFunction[T],
		device.UnaryGrad:           goFunctionGrad[T],

		device.SimilarityCrossEntropy:     goSimilarity[T],
		device.SimilarityCrossEntropyGrad: goSimilarityGrad[T],
	}
}

// goCopy serves operations that only rename their input.
func goCopy(device.OpDesc, int) (goKernel, error) {
	return goKernel{reuse: true, run: copyBytes}, nil
}

// goPick copies a saved value, where the planner does not alias it.
func goPick(op device.OpDesc, _ int) (goKernel, error) {
	a := op.Attrs.(device.PickAttrs)
	return goKernel{run: func(args *device.Args) error {
		copy(bytesOf(args.Out), bytesOf(args.Reads[a.Index]))
		return nil
	}}, nil
}
