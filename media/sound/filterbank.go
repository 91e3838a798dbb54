package sound

import "math"

// Filterbank returns the triangles that gather frequencies into mel bands:
// (bins, bands), bin k at k times sample_rate / n_fft Hz. Band b rises from point b
// to b+1 and falls to b+2 of bands+2 points that lie equally far apart in mel
// between f_min and f_max. A band narrower than a bin may be all zeros.
func Filterbank(c MelConfig) []float64 {
	points := melPoints(c)
	bank := make([]float64, c.Bins()*c.Bands)
	for k := range c.Bins() {
		// torchaudio spaces the bins evenly up to sample_rate / 2 in whole Hz, which
		// an odd rate rounds down.
		f := float64(k) * float64(c.SampleRate/2) / float64(c.Bins()-1)
		for b := range c.Bands {
			low, mid, high := points[b], points[b+1], points[b+2]
			v := max(0, min((f-low)/(mid-low), (high-f)/(high-mid)))
			if c.Area {
				v *= 2 / (high - low)
			}
			bank[k*c.Bands+b] = v
		}
	}
	return bank
}

// melPoints are the corners of the triangles in Hz.
func melPoints(c MelConfig) []float64 {
	low, high := toMel(c.Low, c.Scale), toMel(c.High, c.Scale)
	points := make([]float64, c.Bands+2)
	for i := range points {
		points[i] = fromMel(low+(high-low)*float64(i)/float64(c.Bands+1), c.Scale)
	}
	return points
}

// The constants of Slaney's scale: mels per Hz below the corner, and the step
// of the logarithm above it.
const (
	slaneySlope  = 3. / 200
	slaneyCorner = 1000.
)

var slaneyStep = math.Log(6.4) / 27

// toMel turns Hz into mel.
func toMel(f float64, scale string) float64 {
	switch {
	case scale == HTK:
		return 2595 * math.Log10(1+f/700)
	case f < slaneyCorner:
		return slaneySlope * f
	}
	return slaneySlope*slaneyCorner + math.Log(f/slaneyCorner)/slaneyStep
}

// fromMel turns mel into Hz.
func fromMel(m float64, scale string) float64 {
	corner := slaneySlope * slaneyCorner
	switch {
	case scale == HTK:
		return 700 * (math.Pow(10, m/2595) - 1)
	case m < corner:
		return m / slaneySlope
	}
	return slaneyCorner * math.Exp((m-corner)*slaneyStep)
}
