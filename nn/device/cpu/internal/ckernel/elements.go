package ckernel

/*
#include "elements.h"
*/
import "C"

// Function is a function of one number.
type Function int

// The functions; errors of the approximations are stated in vector_math.h.
const (
	GELU      Function = C.ck_fn_gelu
	GELUTanh  Function = C.ck_fn_gelu_tanh
	GELUQuick Function = C.ck_fn_gelu_quick
	SiLU      Function = C.ck_fn_silu
	Sigmoid   Function = C.ck_fn_sigmoid
	Tanh      Function = C.ck_fn_tanh
	Softplus  Function = C.ck_fn_softplus
	Exp       Function = C.ck_fn_exp
	Square    Function = C.ck_fn_square
	Abs       Function = C.ck_fn_abs
	AtLeast   Function = C.ck_fn_at_least // of a parameter
)

// Function computes f of n elements; y may be x.
func (t Team) Function(f Function, param float64, e Elem, n int, x, y uintptr) {
	team := t.c()
	C.ck_function(&team, C.int(f), C.float(param), C.int(e), C.int64_t(n), pointer(x), pointer(y))
}

// FunctionGrad computes dx = dy·f'(at); at is the value of Sigmoid, Tanh, Exp
// and AtLeast, the argument of the others. dx may be dy.
func (t Team) FunctionGrad(f Function, param float64, e Elem, n int, dy, at, dx uintptr) {
	team := t.c()
	C.ck_function_grad(&team, C.int(f), C.float(param), C.int(e), C.int64_t(n), pointer(dy), pointer(at), pointer(dx))
}

// Softmax computes that of rows of n float32, or its logarithm; y may be x.
func (t Team) Softmax(log bool, rows, n int, x, y uintptr) {
	team := t.c()
	C.ck_softmax(&team, flag(log), C.int64_t(rows), C.int64_t(n), floats(x), floats(y))
}

// SoftmaxGrad computes dx from the value y; dx may be dy.
func (t Team) SoftmaxGrad(log bool, rows, n int, dy, y, dx uintptr) {
	team := t.c()
	C.ck_softmax_grad(&team, flag(log), C.int64_t(rows), C.int64_t(n), floats(dy), floats(y), floats(dx))
}

// SampleRow multiplies every place of each of r.Outer samples by the float32 row
// b of its channels, or adds it; y may be x.
func (t Team) SampleRow(multiply bool, r Rows, x, b, y uintptr) {
	team := t.c()
	C.ck_sample_row(&team, flag(multiply), r.c(), pointer(x), floats(b), pointer(y))
}

// SumAxis reduces float32 (outer,n,inner) to (outer,inner): sums of a, or of a·b
// where b is not 0, over a divisor.
func (t Team) SumAxis(outer, n, inner int, a, b uintptr, divisor float64, y uintptr) {
	team := t.c()
	C.ck_sum_axis(&team, C.int64_t(outer), C.int64_t(n), C.int64_t(inner), floats(a), floats(b), C.double(divisor), floats(y))
}

// Largest takes the maximum of rows of n float32.
func (t Team) Largest(rows, n int, x, y uintptr) {
	team := t.c()
	C.ck_largest(&team, C.int64_t(rows), C.int64_t(n), floats(x), floats(y))
}

// LogSumExp takes ln Σe^x of rows of n float32.
func (t Team) LogSumExp(rows, n int, x, y uintptr) {
	team := t.c()
	C.ck_log_sum_exp(&team, C.int64_t(rows), C.int64_t(n), floats(x), floats(y))
}

// SumPlaces sums a, or a·b where b is not 0, over the places of each of n
// samples, a block of channels being one, over a divisor: (n,places,channels) to
// float32 (n,channels).
func (t Team) SumPlaces(e Elem, n, places, channels int, a, b uintptr, divisor float64, y uintptr) {
	team := t.c()
	C.ck_sum_places(&team, C.int(e), C.int64_t(n), C.int64_t(places), C.int64_t(channels), pointer(a), pointer(b), C.double(divisor), floats(y))
}

// Spread puts the float32 row x of each of n samples, times a factor, at all its
// places: (n,channels) to (n,places,channels).
func (t Team) Spread(e Elem, n, places, channels int, factor float64, x, y uintptr) {
	team := t.c()
	C.ck_spread(&team, C.int(e), C.int64_t(n), C.int64_t(places), C.int64_t(channels), floats(x), C.float(factor), pointer(y))
}

// MaxAxes bounds the axes of Permute.
const MaxAxes = C.ck_axes

// Permute copies 4-byte elements: y has axes of sizes, outermost first, whose
// neighbours lie steps apart in x. There are 1 to MaxAxes axes.
func (t Team) Permute(sizes, steps []int, x, y uintptr) {
	team, view := t.c(), C.ck_view{axes: C.int(len(sizes))}
	for i, s := range sizes {
		view.size[i], view.step[i] = C.int64_t(s), C.int64_t(steps[i])
	}
	C.ck_permute(&team, &view, (*C.uint32_t)(pointer(x)), (*C.uint32_t)(pointer(y)))
}

// Runs are pieces of memory: Count of Bytes each, Step bytes apart in the source
// and in the target.
type Runs struct{ Count, Bytes, FromStep, ToStep int }

// Copy copies runs; from 0 writes zeros.
func (t Team) Copy(r Runs, from, to uintptr) {
	team := t.c()
	C.ck_copy_runs(&team, C.int64_t(r.Count), C.int64_t(r.Bytes), (*C.char)(pointer(from)), C.int64_t(r.FromStep),
		(*C.char)(pointer(to)), C.int64_t(r.ToStep))
}

// MaxPadAxes bounds the axes of Pad.
const MaxPadAxes = C.ck_pad_axes

// Padding says how Pad changes 1 to MaxPadAxes axes: their sizes in x and y, and
// how many elements y has before x; negative numbers take elements away.
type Padding struct {
	Bytes           int // of an element: 2 or 4
	In, Out, Before []int
	Value           uint32 // the bits of an element
}

// Pad copies x into y, whose other elements are the value.
func (t Team) Pad(p Padding, x, y uintptr) {
	team, padding := t.c(), C.ck_padding{axes: C.int(len(p.In)), bytes: C.int(p.Bytes), value: C.uint32_t(p.Value)}
	for i := range p.In {
		padding.in[i], padding.out[i], padding.before[i] = C.int64_t(p.In[i]), C.int64_t(p.Out[i]), C.int64_t(p.Before[i])
	}
	C.ck_pad(&team, &padding, (*C.char)(pointer(x)), (*C.char)(pointer(y)))
}

// Draw is the mask of a dropout (see device.DropoutAttrs).
type Draw struct {
	Low, High, Threshold uint32
	Scale                float64
}

// Dropout drops elements of x; y may be x.
func (t Team) Dropout(d Draw, e Elem, n int, x, y uintptr) {
	team := t.c()
	draw := C.ck_draw{low: C.uint32_t(d.Low), high: C.uint32_t(d.High), threshold: C.uint32_t(d.Threshold), scale: C.float(d.Scale)}
	C.ck_dropout(&team, draw, C.int(e), C.int64_t(n), pointer(x), pointer(y))
}
