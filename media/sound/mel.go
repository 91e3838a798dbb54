// Package sound turns waveforms into what a network hears: log-mel pictures, and
// waveforms of another sample rate. It decodes nothing; media/avdecode does.
package sound

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// The scales on which mel bands are equally wide.
const (
	HTK    = "htk"    // 2595 log10(1 + f/700)
	Slaney = "slaney" // linear to 1000 Hz, logarithmic above (Auditory Toolbox, 1998)
)

// How a waveform is continued beyond its ends, where frames are centred.
const (
	PadReflect = "reflect" // mirrored about its first and last sample
	PadZero    = "constant"
)

// MelConfig says how a waveform becomes a log-mel picture. The names and the
// meaning of its fields are those of torchaudio's MelSpectrogram.
type MelConfig struct {
	SampleRate int     `yaml:"sample_rate" doc:"samples per second of the waveform"`
	FFT        int     `yaml:"n_fft" doc:"samples of a Fourier transform"`
	Window     int     `yaml:"win_length" doc:"samples of the periodic Hann window, at most n_fft"`
	Hop        int     `yaml:"hop_length" doc:"samples from one frame to the next"`
	Bands      int     `yaml:"n_mels" doc:"mel bands"`
	Low        float64 `yaml:"f_min" doc:"lowest frequency in Hz"`
	High       float64 `yaml:"f_max" doc:"highest frequency in Hz, at most half the sample rate"`
	Scale      string  `yaml:"mel_scale" doc:"htk or slaney"`
	Area       bool    `yaml:"area_norm" doc:"divide each band by its width in Hz, halved (Slaney's norm)"`
	Centre     bool    `yaml:"center" doc:"frame i is centred on sample i times hop_length"`
	Pad        string  `yaml:"pad_mode" doc:"beyond the ends, where centred: reflect or constant (zeros)"`
	Power      float64 `yaml:"power" doc:"of the magnitude: 1 or 2"`
	Log        string  `yaml:"log" doc:"db, ln+EPS, ln>EPS (floor) or none"`
	TopDB      float64 `yaml:"top_db" doc:"range below the largest value, for db; 0 is no bound"`
}

// DefaultMel is the front end of 16 kHz sound: 25 ms windows every 10 ms, 64
// bands from 60 to 7800 Hz, as COLA has them (arXiv:2010.10915), with
// ln(x + 1e-6).
func DefaultMel() MelConfig {
	return MelConfig{SampleRate: 16000, FFT: 1024, Window: 400, Hop: 160, Bands: 64, Low: 60, High: 7800,
		Scale: HTK, Centre: true, Pad: PadReflect, Power: 2, Log: "ln+1e-6"}
}

// maxFFT bounds the memory of a transform.
const maxFFT = 1 << 20

// Validate names the first setting that is out of bounds.
func (c MelConfig) Validate() error {
	nyquist := float64(c.SampleRate) / 2
	switch {
	case c.SampleRate < 1 || c.SampleRate > MaxRate:
		return fmt.Errorf("sound: sample_rate is %d Hz, want 1 to %d", c.SampleRate, MaxRate)
	case c.FFT < 2 || c.FFT > maxFFT:
		return fmt.Errorf("sound: n_fft is %d, want 2 to %d", c.FFT, maxFFT)
	case c.Window < 1 || c.Window > c.FFT:
		return fmt.Errorf("sound: win_length is %d, want 1 to n_fft (%d)", c.Window, c.FFT)
	case c.Hop < 1:
		return fmt.Errorf("sound: hop_length is %d, want at least 1", c.Hop)
	case c.Bands < 1 || c.Bands > c.FFT:
		return fmt.Errorf("sound: n_mels is %d, want 1 to n_fft (%d)", c.Bands, c.FFT)
	case !(c.Low >= 0 && c.High > c.Low && c.High <= nyquist):
		return fmt.Errorf("sound: f_min is %g and f_max %g Hz, want 0 <= f_min < f_max <= %g", c.Low, c.High, nyquist)
	case c.Scale != HTK && c.Scale != Slaney:
		return fmt.Errorf("sound: mel_scale is %q, want htk or slaney", c.Scale)
	case c.Centre && c.Pad != PadReflect && c.Pad != PadZero:
		return fmt.Errorf("sound: pad_mode is %q, want reflect or constant", c.Pad)
	case c.Power != 1 && c.Power != 2:
		return fmt.Errorf("sound: power is %g, want 1 (magnitude) or 2 (power)", c.Power)
	case !(c.TopDB >= 0):
		return fmt.Errorf("sound: top_db is %g, want 0 (no bound) or more", c.TopDB)
	}
	_, err := parseLog(c.Log)
	return err
}

// Mel computes log-mel pictures. Many goroutines may use it.
type Mel struct {
	config MelConfig
	window []float64 // of Config.FFT values, the Hann window in their middle
	bank   []float64 // (bins, bands)
	log    logarithm
}

// NewMel prepares the window and the bands.
func NewMel(c MelConfig) (*Mel, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	log, err := parseLog(c.Log)
	if err != nil {
		return nil, err
	}
	return &Mel{config: c, window: hann(c.Window, c.FFT), bank: Filterbank(c), log: log}, nil
}

// hann is the periodic Hann window of n samples between zeros, size in all.
func hann(n, size int) []float64 {
	w := make([]float64, size)
	front := (size - n) / 2
	for i := range n {
		w[front+i] = .5 - .5*math.Cos(2*math.Pi*float64(i)/float64(n))
	}
	return w
}

// Bins is the number of frequencies, n_fft/2 + 1.
func (c MelConfig) Bins() int { return c.FFT/2 + 1 }

// Frames is the number of columns that n samples give.
func (c MelConfig) Frames(n int) int {
	if !c.Centre {
		n -= c.FFT
	}
	if n < 0 {
		return 0
	}
	return 1 + n/c.Hop
}

// Config returns the settings.
func (m *Mel) Config() MelConfig { return m.config }

// Spectrum is the energy in each band: (bands, frames) of a waveform, rows from
// the lowest band. It needs at least n_fft samples, or where frames are centred
// 1 + n_fft/2 to reflect, 1 to pad with zeros.
func (m *Mel) Spectrum(wave []float64) ([]float64, error) {
	c := m.config
	least := c.FFT
	if c.Centre {
		least = 1
		if c.Pad == PadReflect {
			least = c.FFT/2 + 1
		}
	}
	if len(wave) < least {
		return nil, fmt.Errorf("sound: log-mel: %d samples, want at least %d for n_fft %d: take a longer span or lower n_fft", len(wave), least, c.FFT)
	}
	frames := c.Frames(len(wave))
	out := make([]float64, c.Bands*frames)
	fft := fourier.NewFFT(c.FFT)
	frame := make([]float64, c.FFT)
	bins := make([]complex128, c.Bins())
	energy := make([]float64, c.Bins())
	for t := range frames {
		m.cut(frame, wave, t)
		fft.Coefficients(bins, frame)
		for k, b := range bins {
			energy[k] = real(b)*real(b) + imag(b)*imag(b)
			if c.Power == 1 {
				energy[k] = math.Sqrt(energy[k])
			}
		}
		m.gather(out[t:], frames, energy)
	}
	return out, nil
}

// cut takes the windowed samples of frame t.
func (m *Mel) cut(frame, wave []float64, t int) {
	start := t * m.config.Hop
	if m.config.Centre {
		start -= m.config.FFT / 2
	}
	for i := range frame {
		frame[i] = m.window[i] * m.sample(wave, start+i)
	}
}

// sample is the waveform at i, continued beyond its ends.
func (m *Mel) sample(wave []float64, i int) float64 {
	if i >= 0 && i < len(wave) {
		return wave[i]
	}
	if m.config.Pad != PadReflect {
		return 0
	}
	if i < 0 {
		i = -i
	}
	if last := len(wave) - 1; i > last {
		i = 2*last - i
	}
	return wave[i]
}

// gather adds up the bands of one frame; rows of out are stride apart.
func (m *Mel) gather(out []float64, stride int, energy []float64) {
	for band := range m.config.Bands {
		sum := 0.
		for k, e := range energy {
			sum += e * m.bank[k*m.config.Bands+band]
		}
		out[band*stride] = sum
	}
}

// LogMel is the picture of a waveform: (bands, frames), rows from the lowest
// band. See Spectrum for the least number of samples.
func (m *Mel) LogMel(wave []float64) ([]float64, error) {
	out, err := m.Spectrum(wave)
	if err != nil {
		return nil, err
	}
	m.Log(out)
	return out, nil
}

// Log replaces energies by what Config.Log makes of them.
func (m *Mel) Log(energy []float64) {
	m.log.apply(energy, m.config)
}
