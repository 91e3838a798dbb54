package sound

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"strings"
	"testing"
)

// plainMel is the definition, term by term: frames of a padded waveform, a
// Fourier sum a bin, triangles added up.
func plainMel(c MelConfig, wave []float64) []float64 {
	padded := wave
	if c.Centre {
		padded = nil
		for i := -c.FFT / 2; i < len(wave)+c.FFT/2; i++ {
			j, v := i, 0.
			if c.Pad == PadReflect {
				if j < 0 {
					j = -j
				}
				if j >= len(wave) {
					j = 2*(len(wave)-1) - j
				}
			}
			if j >= 0 && j < len(wave) {
				v = wave[j]
			}
			padded = append(padded, v)
		}
	}
	frames := 1 + (len(padded)-c.FFT)/c.Hop
	bank := Filterbank(c)
	out := make([]float64, c.Bands*frames)
	front := (c.FFT - c.Window) / 2
	for f := range frames {
		for k := range c.Bins() {
			var sum complex128
			for i := range c.Window {
				w := .5 - .5*math.Cos(2*math.Pi*float64(i)/float64(c.Window))
				x := padded[f*c.Hop+front+i]
				sum += complex(w*x, 0) * cmplx.Exp(complex(0, -2*math.Pi*float64(k*(front+i))/float64(c.FFT)))
			}
			for b := range c.Bands {
				out[b*frames+f] += math.Pow(cmplx.Abs(sum), c.Power) * bank[k*c.Bands+b]
			}
		}
	}
	return out
}

func TestSpectrumAgainstLoops(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	wave := make([]float64, 300)
	for i := range wave {
		wave[i] = rng.Float64()*2 - 1
	}
	for _, centre := range []bool{false, true} {
		for _, pad := range []string{PadReflect, PadZero} {
			for _, power := range []float64{1, 2} {
				for _, fft := range []int{64, 63} {
					c := MelConfig{SampleRate: 8000, FFT: fft, Window: 50, Hop: 17, Bands: 9, Low: 20, High: 3900, Scale: Slaney, Area: true, Centre: centre, Pad: pad, Power: power, Log: "none"}
					m, err := NewMel(c)
					if err != nil {
						t.Fatal(err)
					}
					got, err := m.LogMel(wave)
					if err != nil {
						t.Fatal(err)
					}
					want := plainMel(c, wave)
					if len(got) != len(want) {
						t.Fatalf("%+v: %d values, want %d", c, len(got), len(want))
					}
					for i := range want {
						if math.Abs(got[i]-want[i]) > 1e-9 { // sums of 64 products in double precision
							t.Fatalf("%+v: value %d is %v, want %v", c, i, got[i], want[i])
						}
					}
				}
			}
		}
	}
}

func TestLogarithms(t *testing.T) {
	c := DefaultMel()
	for _, tc := range []struct {
		log   string
		power float64
		topDB float64
		want  []float64 // of 1, 100, 0
	}{
		{"none", 2, 0, []float64{1, 100, 0}},
		{"ln+1", 2, 0, []float64{math.Ln2, math.Log(101), 0}},
		{"ln>1e-5", 1, 0, []float64{0, math.Log(100), math.Log(1e-5)}},
		{"db", 2, 0, []float64{0, 20, -100}},
		{"db", 1, 0, []float64{0, 40, -200}},
		{"db", 2, 30, []float64{0, 20, -10}},
	} {
		c.Log, c.Power, c.TopDB = tc.log, tc.power, tc.topDB
		m, err := NewMel(c)
		if err != nil {
			t.Fatal(err)
		}
		got := []float64{1, 100, 0}
		m.Log(got)
		for i := range got {
			if math.Abs(got[i]-tc.want[i]) > 1e-12 {
				t.Errorf("%s, power %g, top %g: %v, want %v", tc.log, tc.power, tc.topDB, got, tc.want)
			}
		}
	}
}

func TestMelValidate(t *testing.T) {
	if err := DefaultMel().Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*MelConfig){
		"sample_rate is 0 Hz":            func(c *MelConfig) { c.SampleRate = 0 },
		"n_fft is 1,":                    func(c *MelConfig) { c.FFT = 1 },
		"win_length is 2000":             func(c *MelConfig) { c.Window = 2000 },
		"hop_length is 0":                func(c *MelConfig) { c.Hop = 0 },
		"n_mels is 0":                    func(c *MelConfig) { c.Bands = 0 },
		"f_max 9000 Hz, want 0 <= f_min": func(c *MelConfig) { c.High = 9000 },
		`mel_scale is "bark"`:            func(c *MelConfig) { c.Scale = "bark" },
		`pad_mode is "wrap"`:             func(c *MelConfig) { c.Pad = "wrap" },
		"power is 3":                     func(c *MelConfig) { c.Power = 3 },
		"top_db is -1":                   func(c *MelConfig) { c.TopDB = -1 },
		`log is "ln+0"`:                  func(c *MelConfig) { c.Log = "ln+0" },
		`log is "log"`:                   func(c *MelConfig) { c.Log = "log" },
	} {
		c := DefaultMel()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestTooShort(t *testing.T) {
	c := DefaultMel()
	for _, tc := range []struct {
		centre bool
		pad    string
		n      int
		ok     bool
	}{{true, PadReflect, 512, false}, {true, PadReflect, 513, true}, {true, PadZero, 0, false}, {true, PadZero, 1, true}, {false, "", 1023, false}, {false, "", 1024, true}} {
		c.Centre, c.Pad = tc.centre, tc.pad
		m, err := NewMel(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.LogMel(make([]float64, tc.n)); (err == nil) != tc.ok {
			t.Errorf("%+v: error %v", tc, err)
		}
	}
}
