// Package ckernel holds the CPU back end's C kernels with their gradients:
// norms, attention, depthwise convolution, pooling, sampling, similarity losses,
// elementwise operations, sums, moves and changes of layout. Activations are
// float32 or bfloat16, their channels innermost, all of them or in blocks of 16.
// Every kernel is compiled for several instruction sets and the best is chosen
// at run time.
//
// All memory is given by address: outside Go's heap, or pinned. Parameters and
// statistics of channels are float32 always.
package ckernel

/*
#cgo CFLAGS: -O3 -Wall -Wno-psabi
#cgo LDFLAGS: -lm
#include "ckernel.h"
*/
import "C"

import "unsafe"

// Team is who works on a kernel: the threads of an OpenMP that another library
// has loaded. The zero Team is the calling thread.
type Team struct {
	Parallel uintptr // address of GOMP_parallel; 0 for the calling thread alone
	Threads  int
}

func (t Team) c() C.ck_team {
	return C.ck_team{gomp_parallel: pointer(t.Parallel), threads: C.int(t.Threads)}
}

// Level names the instruction set in use.
func Level() string { return C.GoString(C.ck_level()) }

// MultipliesBFloat16 tells whether the processor has instructions for products
// of bfloat16; without them float32 is faster.
func MultipliesBFloat16() bool { return C.ck_multiplies_bf16() != 0 }

// passOver leaves out the given number of best instruction sets, for tests; it
// returns false where none would be left.
func passOver(better int) bool { return C.ck_pass_over(C.int(better)) != 0 }

// Elem is the element type of activations.
type Elem int

// The element types.
const (
	Float32  Elem = C.ck_f32
	BFloat16 Elem = C.ck_bf16
)

// Rows is a tensor as it lies in memory, (Outer, Blocks, Places, Channels): one
// block of all channels, or blocks of 16.
type Rows struct {
	Outer, Blocks, Places, Channels int
	Elem                            Elem
}

func (r Rows) c() C.ck_rows {
	return C.ck_rows{outer: C.int64_t(r.Outer), blocks: C.int64_t(r.Blocks), places: C.int64_t(r.Places),
		channels: C.int64_t(r.Channels), elem: C.int(r.Elem)}
}

// Scratch is the working memory in bytes of kernels that take some.
func (r Rows) Scratch() int64 { return int64(C.ck_rows_scratch(r.c())) }

// Elementwise is an operation on each element.
type Elementwise int

// The operations on a and b; Scale multiplies a by a factor; ReLUGrad keeps a
// where b is positive.
const (
	Add      Elementwise = C.ck_add
	Sub      Elementwise = C.ck_sub
	Mul      Elementwise = C.ck_mul
	ReLU     Elementwise = C.ck_relu
	ReLUGrad Elementwise = C.ck_relu_grad
	Scale    Elementwise = C.ck_scale
)

// Elements computes n elements of y, which may be a or b.
func (t Team) Elements(kind Elementwise, e Elem, n int, a, b uintptr, factor float64, y uintptr) {
	team := t.c()
	C.ck_elementwise(&team, C.int(kind), C.int(e), C.int64_t(n), pointer(a), pointer(b), C.float(factor), pointer(y))
}

// Norm are the vectors of a batch normalisation, each of C values. Residual,
// unless 0, is a tensor to add to the result; ReLU then cuts it off at 0.
type Norm struct {
	Train, ReLU                                        bool
	Residual                                           uintptr
	Eps, Momentum                                      float64
	Gamma, Beta, RunningMean, RunningVar, Mean, InvStd uintptr
}

// BatchNorm normalises x to y, which may be x. Mean and InvStd are written; in
// training the running statistics are too.
func (t Team) BatchNorm(r Rows, n Norm, x, y, scratch uintptr) {
	team := t.c()
	norm := C.ck_norm{train: flag(n.Train), relu: flag(n.ReLU), residual: pointer(n.Residual), eps: C.double(n.Eps), momentum: C.double(n.Momentum),
		gamma: floats(n.Gamma), beta: floats(n.Beta), running_mean: floats(n.RunningMean),
		running_var: floats(n.RunningVar), mean: floats(n.Mean), invstd: floats(n.InvStd)}
	C.ck_bn_forward(&team, r.c(), &norm, pointer(x), pointer(y), pointer(scratch))
}

// NormGrad are the vectors of its gradient; DGamma and DBeta are written. Gate,
// unless 0, is the result behind a ReLU: dy counts where it is positive.
type NormGrad struct {
	Train                              bool
	Gate                               uintptr
	Gamma, Mean, InvStd, DGamma, DBeta uintptr
}

// BatchNormGrad computes dx, which may be dy.
func (t Team) BatchNormGrad(r Rows, n NormGrad, dy, x, dx, scratch uintptr) {
	team := t.c()
	norm := C.ck_norm_grad{train: flag(n.Train), gate: pointer(n.Gate), gamma: floats(n.Gamma), mean: floats(n.Mean),
		invstd: floats(n.InvStd), dgamma: floats(n.DGamma), dbeta: floats(n.DBeta)}
	C.ck_bn_backward(&team, r.c(), &norm, pointer(dy), pointer(x), pointer(dx), pointer(scratch))
}

// SumRows adds all rows of x to the one row y.
func (t Team) SumRows(r Rows, x, y, scratch uintptr) {
	team := t.c()
	C.ck_sum_rows(&team, r.c(), pointer(x), floats(y), pointer(scratch))
}

// AddRow adds the row b to every row of x; y may be x.
func (t Team) AddRow(r Rows, x, b, y, scratch uintptr) {
	team := t.c()
	C.ck_add_row(&team, r.c(), pointer(x), floats(b), pointer(y), pointer(scratch))
}

// Pool describes pooling over depth, height and width; absent axes have size,
// kernel and stride 1. A block of channels counts as a sample. Averages divide
// by the inputs in a window, or with CountPad by its padding too.
type Pool struct {
	Elem                                 Elem
	N, Channels                          int
	In, Out, Kernel, Stride, Pad, PadEnd [3]int
	CountPad                             bool
}

func (p Pool) c() C.ck_pool {
	return C.ck_pool{elem: C.int(p.Elem), n: C.int64_t(p.N), channels: C.int64_t(p.Channels), in: three(p.In), out: three(p.Out),
		kernel: three(p.Kernel), stride: three(p.Stride), pad: three(p.Pad), pad_end: three(p.PadEnd), count_pad: flag(p.CountPad)}
}

// MaxPool computes y and the flat place of each maximum within its sample and channel.
func (t Team) MaxPool(p Pool, x, y, index uintptr) {
	team, pool := t.c(), p.c()
	C.ck_max_pool(&team, &pool, pointer(x), pointer(y), (*C.int32_t)(pointer(index)))
}

// MaxPoolGrad gives each dy to the place that index names.
func (t Team) MaxPoolGrad(p Pool, dy, index, dx uintptr) {
	team, pool := t.c(), p.c()
	C.ck_max_pool_grad(&team, &pool, pointer(dy), (*C.int32_t)(pointer(index)), pointer(dx))
}

// AvgPool computes the mean of each window.
func (t Team) AvgPool(p Pool, x, y uintptr) {
	team, pool := t.c(), p.c()
	C.ck_avg_pool(&team, &pool, pointer(x), pointer(y))
}

// AvgPoolGrad spreads each dy over its window.
func (t Team) AvgPoolGrad(p Pool, dy, dx uintptr) {
	team, pool := t.c(), p.c()
	C.ck_avg_pool_grad(&team, &pool, pointer(dy), pointer(dx))
}

// Place says how (n,c,places) lies in memory: in blocks of Block channels, each
// (places, Block). 1 is the plain layout, c is channels last.
type Place struct {
	Block int
	Elem  Elem
}

func (p Place) c() C.ck_place { return C.ck_place{block: C.int64_t(p.Block), elem: C.int(p.Elem)} }

// Turn copies x to y in another place and type. From Float32 to Float32 words
// of any type keep their bits.
func (t Team) Turn(n, c, places int, from, to Place, x, y uintptr) {
	team := t.c()
	C.ck_turn(&team, C.int64_t(n), C.int64_t(c), C.int64_t(places), from.c(), to.c(), pointer(x), pointer(y))
}

// Convert copies n elements to another type in the same order.
func (t Team) Convert(n int, from, to Elem, x, y uintptr) {
	team := t.c()
	C.ck_convert(&team, C.int64_t(n), C.int(from), C.int(to), pointer(x), pointer(y))
}

func three(a [3]int) [3]C.int64_t {
	return [3]C.int64_t{C.int64_t(a[0]), C.int64_t(a[1]), C.int64_t(a[2])}
}

func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// floats turns an address into a C pointer without Go's checks for pointers
// made of integers: the memory is not Go's.
func floats(p uintptr) *C.float { return (*C.float)(pointer(p)) }

func pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
