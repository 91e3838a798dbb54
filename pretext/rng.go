package pretext

import "math/rand/v2"

// What a stream of draws is for keeps streams of one seed apart.
const (
	streamSample uint64 = iota + 1
	streamOrder
	streamSubstitute
	streamRedraw
)

// RNG is the source of all draws of one sample in one epoch. It depends on
// nothing else, so neither on workers nor on what was drawn before.
func RNG(seed uint64, epoch, sample int) *rand.Rand {
	return stream(streamSample, seed, uint64(epoch), uint64(sample))
}

// Redraw is RNG for another attempt, from 1, at a sample whose clips touched
// damage. Attempt 0 is RNG's own.
func Redraw(seed uint64, epoch, sample, attempt int) *rand.Rand {
	if attempt == 0 {
		return RNG(seed, epoch, sample)
	}
	return stream(streamRedraw, seed, uint64(epoch), uint64(sample), uint64(attempt))
}

// Order returns the order in which an epoch visits samples 0..n-1.
func Order(seed uint64, epoch, n int) []int {
	return stream(streamOrder, seed, uint64(epoch)).Perm(n)
}

// Substitute names the sample in [0,n) that stands in for one that cannot be read,
// attempt by attempt from 0. It may name a sample that is bad too, or the same:
// ask again with the next attempt.
func Substitute(seed uint64, epoch, sample, attempt, n int) int {
	return stream(streamSubstitute, seed, uint64(epoch), uint64(sample), uint64(attempt)).IntN(n)
}

// stream seeds a PCG from a hash of the parts.
func stream(parts ...uint64) *rand.Rand {
	a, b := uint64(0x243f6a8885a308d3), uint64(0x13198a2e03707344) // pi
	for _, p := range parts {
		a = mix(a ^ p)
		b = mix(b + a)
	}
	return rand.New(rand.NewPCG(a, b))
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
