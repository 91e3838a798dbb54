package avdecode

import "math"

// Note [HDR to SDR]
//
// A picture of PQ or HLG becomes R'G'B' of BT.709, as a display of 100 cd/m2
// would be fed:
//
//  1. samples of 16 bits at full size, by swscale, chroma interpolated linearly
//     from where it lies, and R'G'B' by the stored matrix, clipped,
//  2. light on the display, in units of reference white, 203 cd/m2 (ITU-R
//     BT.2408): PQ by SMPTE ST 2084; HLG by ITU-R BT.2100 on a display of
//     1000 cd/m2, its system gamma 1.2,
//  3. linear light of BT.709 primaries, what is out of gamut left negative,
//  4. the largest of R, G, B goes through the curve, which takes the peak to 1,
//     and the pixel is scaled by as much, so that its hue stays,
//  5. the inverse of BT.1886, gamma 2.4, as the light is that of a display, to
//     8 bits, full range.
//
// The curves are those of FFmpeg's filter tonemap, without its desaturation. The
// peak is what the first picture of the file announces (MaxCLL, else the
// mastering display, else 10000 cd/m2 for PQ, 1000 for HLG), once for the whole
// file: a picture must not depend on where decoding began. Our own code rather
// than the filters zscale and tonemap, so that every build gives the same bits.

const (
	referenceWhite = 203.  // cd/m2
	pqPeak         = 10000 // cd/m2
	hlgPeak        = 1000  // cd/m2
	hlgGamma       = 1.2
)

// The values of Options.ToneMap: curves.
const (
	ToneHable    = "hable"
	ToneMobius   = "mobius"
	ToneReinhard = "reinhard"
	ToneClip     = "clip"
)

// ToneMaps lists the values that Options.ToneMap can take beside "".
func ToneMaps() []string { return []string{ToneHable, ToneMobius, ToneReinhard, ToneClip} }

// pqLight is the light of a PQ signal in [0,1], in cd/m2 (SMPTE ST 2084).
func pqLight(e float64) float64 {
	const m1, m2 = 2610. / 16384, 2523. / 32
	const c1, c2, c3 = 3424. / 4096, 2413. / 128, 2392. / 128
	p := math.Pow(e, 1/m2)
	return pqPeak * math.Pow(math.Max(p-c1, 0)/(c2-c3*p), 1/m1)
}

// hlgScene is the scene light of an HLG signal in [0,1], in [0,1] (BT.2100).
func hlgScene(e float64) float64 {
	const a = .17883277
	b := 1 - 4*a
	c := .5 - a*math.Log(4*a)
	if e <= .5 {
		return e * e / 3
	}
	return (math.Exp((e-c)/a) + b) / 12
}

// sdrSignal makes a display show light in [0,1] (ITU-R BT.1886).
func sdrSignal(l float64) float64 { return math.Pow(l, 1/2.4) }

// toneCurve maps light to [0,1] for light up to peak, which is at least 1, both
// in units of reference white.
func toneCurve(name string, peak float64) func(float64) float64 {
	switch name {
	case ToneHable:
		top := hable(peak)
		return func(x float64) float64 { return hable(x) / top }
	case ToneMobius:
		return mobius(peak)
	case ToneReinhard:
		return func(x float64) float64 { return x / (x + 1) * (peak + 1) / peak }
	}
	return func(x float64) float64 { return math.Min(x, 1) }
}

// hable is John Hable's filmic curve.
func hable(x float64) float64 {
	const a, b, c, d, e, f = .15, .50, .10, .20, .02, .30
	return (x*(x*a+b*c)+d*e)/(x*(x*a+b)+d*f) - e/f
}

// mobius is the identity up to 0.3 and a Möbius transform from there.
func mobius(peak float64) func(float64) float64 {
	const j = .3
	if peak <= 1 {
		return func(x float64) float64 { return math.Min(x, 1) }
	}
	a := -j * j * (peak - 1) / (j*j - 2*j + peak)
	b := (j*j - 2*j*peak + peak) / math.Max(peak-1, 1e-6)
	k := (b*b + 2*b*j + j*j) / (b - a)
	return func(x float64) float64 {
		if x <= j {
			return x
		}
		return k * (x + a) / (x + b)
	}
}

// bt2020ToBT709 turns linear light of BT.2020 primaries into that of BT.709
// (ITU-R BT.2087, inverted).
var bt2020ToBT709 = [3][3]float32{
	{1.660491, -.587641, -.072850},
	{-.124550, 1.132900, -.008349},
	{-.018151, -.100579, 1.118730},
}

// levels is one more than the largest sample of 16 bits.
const levels = 1 << 16

// toner turns 16-bit R'G'B' of HDR into 8-bit R'G'B' of BT.709.
type toner struct {
	hlg   bool
	wide  bool            // primaries of BT.2020
	light [levels]float32 // of a signal; scene light for HLG
	gamma [levels]float32 // HLG: what scene light of that luminance is multiplied with
	curve func(float64) float64
	ratio [curveSteps]float32 // of the curve to its argument, by the argument's root
	peak  float32             // largest argument of the curve
	byte  [levels]byte        // of the root of light in [0,1]
}

const curveSteps = 1 << 14

// newToner makes the tables for a peak in cd/m2.
func newToner(name string, hlg, wide bool, peak float64) *toner {
	if hlg {
		peak = hlgPeak
	} else if peak <= 0 {
		peak = pqPeak
	}
	t := &toner{hlg: hlg, wide: wide, peak: float32(math.Max(peak/referenceWhite, 1))}
	t.curve = toneCurve(name, float64(t.peak))
	for i := range t.light {
		x := float64(i) / (levels - 1)
		if hlg {
			t.light[i] = float32(hlgScene(x))
			t.gamma[i] = float32(hlgPeak / referenceWhite * math.Pow(math.Max(x, 1e-9), hlgGamma-1))
		} else {
			t.light[i] = float32(pqLight(x) / referenceWhite)
		}
		t.byte[i] = byte(sdrSignal(x*x)*255 + .5)
	}
	for i := range t.ratio {
		x := math.Max(t.argument(i), 1e-6)
		t.ratio[i] = float32(t.curve(x) / x)
	}
	return t
}

// argument is the curve's at step i: steps are finer where it is small.
func (t *toner) argument(i int) float64 {
	x := float64(i) / (curveSteps - 1)
	return x * x * float64(t.peak)
}

// row maps a row of samples.
func (t *toner) row(dst [3][]byte, src [3][]uint16) {
	dr, dg, db := dst[0], dst[1][:len(dst[0])], dst[2][:len(dst[0])]
	sr, sg, sb := src[0][:len(dr)], src[1][:len(dr)], src[2][:len(dr)]
	for x := range dr {
		r, g, b := t.light[sr[x]], t.light[sg[x]], t.light[sb[x]]
		if t.hlg {
			k := t.gamma[int(min(.2627*r+.6780*g+.0593*b, 1)*(levels-1)+.5)]
			r, g, b = r*k, g*k, b*k
		}
		if t.wide {
			m := &bt2020ToBT709
			r, g, b = m[0][0]*r+m[0][1]*g+m[0][2]*b, m[1][0]*r+m[1][1]*g+m[1][2]*b, m[2][0]*r+m[2][1]*g+m[2][2]*b
		}
		k := t.scale(max(r, g, b))
		dr[x], dg[x], db[x] = t.level(r*k), t.level(g*k), t.level(b*k)
	}
}

// scale is the ratio of the curve to its argument, interpolated; what is over
// the peak becomes 1.
func (t *toner) scale(x float32) float32 {
	if x > t.peak {
		return 1 / x
	}
	at := float32(math.Sqrt(float64(max(x, 0)/t.peak))) * (curveSteps - 1)
	i := min(int(at), curveSteps-2)
	f := at - float32(i)
	return t.ratio[i] + f*(t.ratio[i+1]-t.ratio[i])
}

func (t *toner) level(l float32) byte {
	root := float32(math.Sqrt(float64(min(max(l, 0), 1))))
	return t.byte[int(root*(levels-1)+.5)]
}
