package nn

import (
	"hash/fnv"
	"math"
)

// Init gives the initial value of flat element i of a tensor. It depends on
// its arguments alone, so that weights do not depend on the order in which
// layers are made; seed is already mixed with the tensor's name.
type Init func(i int, shape []int, seed uint64) float64

// Zeros is 0 everywhere.
func Zeros(int, []int, uint64) float64 { return 0 }

// Ones is 1 everywhere.
func Ones(int, []int, uint64) float64 { return 1 }

// Uniform draws from [-bound, bound).
func Uniform(bound float64) Init {
	return func(i int, _ []int, seed uint64) float64 {
		return bound * (2*uniform(seed, uint64(i)) - 1)
	}
}

// Normal draws from a normal distribution of mean 0.
func Normal(std float64) Init {
	return func(i int, _ []int, seed uint64) float64 {
		return std * normal(seed, uint64(i))
	}
}

// KaimingFanOut draws from a normal distribution of deviation
// gain/sqrt(fan out), fan out being outputs times kernel size (He et al.,
// arXiv:1502.01852); the gain for ReLU is sqrt(2).
func KaimingFanOut(gain float64) Init {
	return func(i int, shape []int, seed uint64) float64 {
		return gain / math.Sqrt(float64(shape[0]*kernelSize(shape))) * normal(seed, uint64(i))
	}
}

// KaimingFanIn is KaimingFanOut with deviation gain/sqrt(fan in), fan in being
// inputs times kernel size.
func KaimingFanIn(gain float64) Init {
	return func(i int, shape []int, seed uint64) float64 {
		return gain / math.Sqrt(float64(shape[1]*kernelSize(shape))) * normal(seed, uint64(i))
	}
}

// TorchLinear is the default of PyTorch's linear and convolution weights:
// uniform within 1/sqrt(fan in).
func TorchLinear(i int, shape []int, seed uint64) float64 {
	bound := 1 / math.Sqrt(float64(shape[1]*kernelSize(shape)))
	return Uniform(bound)(i, shape, seed)
}

// kernelSize is the number of taps of a weight (out, in, kernel…).
func kernelSize(shape []int) int {
	n := 1
	for _, d := range shape[2:] {
		n *= d
	}
	return n
}

// nameSeed mixes a tensor's full name into the run's seed.
func nameSeed(name string, seed uint64) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	return mix(h.Sum64() ^ mix(seed))
}

// mix is the finaliser of SplitMix64 (Steele et al., 2014), a bijection that
// spreads every bit.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// uniform is draw number i, in [0, 1), with 53 random bits.
func uniform(seed, i uint64) float64 { return float64(mix(seed+mix(i))>>11) / (1 << 53) }

// normal is draw number i of the standard normal (Box and Muller, 1958).
func normal(seed, i uint64) float64 {
	radius := math.Sqrt(-2 * math.Log(1-uniform(seed, 2*i)))
	return radius * math.Cos(2*math.Pi*uniform(seed, 2*i+1))
}
