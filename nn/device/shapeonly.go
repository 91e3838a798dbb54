package device

// ShapeOnly tells whether an operation of kind k uses input i for its type
// alone. The planner gives such inputs no memory (their Mem is zero) and no
// layout, so that they do not keep a value alive; kernels must not read them.
func (k Kind) ShapeOnly(i int) bool {
	switch k {
	case ConvGradInput, ConvGradWeight:
		return i == 2
	case MaxPoolGrad, GlobalMeanGrad, CrossEntropyGrad, SliceGrad,
		MaskedMeanGrad, AvgPoolGrad, AdaptiveAvgPoolGrad, AdaptiveMaxPoolGrad:
		return i == 1
	case Pick:
		return i == 0
	}
	return false
}
