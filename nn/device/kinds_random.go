package device

// Dropout sets runs of elements to 0 at random and multiplies the others by
// 1/(1-Rate): x, step int32 () -> y. In evaluation plans it is x, and step is
// not read. DropoutAttrs.
const Dropout Kind = "dropout"

// DropoutAttrs say which elements go. The draws are those of a counter, so
// that the same attributes and step give the same mask on any device, in any
// order and as often as it is asked for: Keeps tells.
type DropoutAttrs struct {
	Rate   float64 // share that goes, in [0,1)
	Seed   uint64
	Stream uint32 // tells dropouts of one network apart
	Run    int    // elements, in row-major order, that go or stay together
}

// Scale multiplies the elements that stay.
func (a DropoutAttrs) Scale() float64 { return 1 / (1 - a.Rate) }

// Keeps returns the draws of one step: whether run i, below 2³², stays.
func (a DropoutAttrs) Keeps(step int32) func(i uint32) bool {
	low, high, threshold := a.Draws(step)
	return func(i uint32) bool { return mix32(mix32(i^low)^high) >= threshold }
}

// Draws are the constants of one step's draws, for kernels that draw as Keeps does.
func (a DropoutAttrs) Draws(step int32) (low, high, threshold uint32) {
	key := mix64(mix64(a.Seed+0x9e3779b97f4a7c15) ^ (uint64(a.Stream)<<32 | uint64(uint32(step))))
	return uint32(key), uint32(key >> 32), uint32(a.Rate * (1 << 32))
}

// mix64 is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
func mix64(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// mix32 is a bijection of little bias, with the constants that C. Wellons
// found by search (2018, "lowbias32").
func mix32(x uint32) uint32 {
	x = (x ^ x>>16) * 0x7feb352d
	x = (x ^ x>>15) * 0x846ca68b
	return x ^ x>>16
}
