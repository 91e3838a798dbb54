package cpu

import (
	"fmt"

	"github.com/clvid/clvid/nn/device"
)

// builder makes the kernel of one kind of operation.
type builder func(op device.OpDesc, threads int) (goKernel, error)

// goBuilder makes the kernel of an operation on elements T.
func goBuilder[T float](op device.OpDesc, threads int) (goKernel, error) {
	build, ok := goBuilders[T]()[op.Kind]
	if !ok {
		return goKernel{}, fmt.Errorf("no kernel for operation %q", op.Kind)
	}
	return build(op, threads)
}

func goBuilders[T float]() map[device.Kind]builder {
	return map[device.Kind]builder{
		device.Add:              goBinary(addSlices[T], addScalar[T]),
		device.AddBias:          goAddBias[T],
		device.BatchNorm:        goBatchNorm[T],
		device.BatchNormGrad:    goBatchNormGrad[T],
		device.Concat:           goConcat[T],
		device.Const:            goConst[T],
		device.Conv:             goConv[T],
		device.ConvGradInput:    goConvGradInput[T],
		device.ConvGradWeight:   goConvGradWeight[T],
		device.CrossEntropy:     goCrossEntropy[T],
		device.CrossEntropyGrad: goCrossEntropyGrad[T],
		device.Embedding:        goEmbedding[T],
		device.EmbeddingGrad:    goEmbeddingGrad[T],
		device.Exp:              goUnary(expSlice[T]),
		device.Fill:             goFill[T],
		device.GlobalMean:       goGlobalMean[T],
		device.GlobalMeanGrad:   goGlobalMeanGrad[T],
		device.MaskedMean:       goMaskedMean[T],
		device.MaskedMeanGrad:   goMaskedMeanGrad[T],
		device.MatMul:           goMatMul[T],
		device.MaxPool:          goMaxPool[T],
		device.MaxPoolGrad:      goMaxPoolGrad[T],
		device.Mul:              goBinary(mulSlices[T], mulScalar[T]),
		device.Normalize:        goNormalize[T],
		device.NormalizeGrad:    goNormalizeGrad[T],
		device.Pick:             goPick,
		device.ReLU:             goUnary(reluSlice[T]),
		device.ReLUGrad:         goBinary(reluGradSlices[T], nil),
		device.Reshape:          goCopy,
		device.RowDot:           goRowDot[T],
		device.RowScale:         goRowScale[T],
		device.Scale:            goScale[T],
		device.Slice:            goSlice[T],
		device.SliceGrad:        goSliceGrad[T],
		device.StopGradient:     goCopy,
		device.Sub:              goBinary(subSlices[T], subScalar[T]),
		device.Sum:              goSum[T],
		device.SumToChannel:     goSumToChannel[T],
		device.Transpose:        goTranspose[T],
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
