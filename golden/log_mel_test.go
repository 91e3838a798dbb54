package golden

import (
	"fmt"
	"strings"

	"github.com/clvid/clvid/media/sound"
	"github.com/clvid/clvid/nn/device"
)

var logMelOperations = []operation{
	{name: "log-mel", run: logMel, fits: func(c *Case) bool { return c.Params.Has("n_fft", "hop_length", "n_mels") }},
}

func logMel(c *Case, _ device.DType) (Values, error) {
	config, err := melConfig(c.Params)
	if err != nil {
		return nil, err
	}
	wave, err := c.input("waveform")
	if err != nil {
		return nil, err
	}
	mel, err := sound.NewMel(config)
	if err != nil {
		return nil, err
	}
	spectrum, err := mel.Spectrum(wave.Data)
	if err != nil {
		return nil, err
	}
	picture, err := mel.LogMel(wave.Data)
	if err != nil {
		return nil, err
	}
	frames := config.Frames(len(wave.Data))
	return Values{
		"filterbank": Numbers(sound.Filterbank(config), config.Bins(), config.Bands),
		"mel":        Numbers(spectrum, config.Bands, frames),
		"log_mel":    Numbers(picture, config.Bands, frames),
	}, nil
}

// melConfig reads the settings of a case, which bear torchaudio's names.
func melConfig(p Params) (sound.MelConfig, error) {
	var v struct {
		SampleRate int      `json:"sample_rate"`
		FFT        int      `json:"n_fft"`
		Window     int      `json:"win_length"`
		Hop        int      `json:"hop_length"`
		Bands      int      `json:"n_mels"`
		Low        float64  `json:"f_min"`
		High       float64  `json:"f_max"`
		Scale      string   `json:"mel_scale"`
		Norm       *string  `json:"norm"`
		Centre     bool     `json:"center"`
		Pad        *string  `json:"pad_mode"`
		Power      float64  `json:"power"`
		Log        *string  `json:"log"`
		TopDB      *float64 `json:"top_db"`
		Taper      string   `json:"window"`
	}
	if err := p.Decode(&v); err != nil {
		return sound.MelConfig{}, err
	}
	if v.Taper != "" && v.Taper != "periodic Hann" {
		return sound.MelConfig{}, fmt.Errorf("golden: window %q is not built", v.Taper)
	}
	c := sound.MelConfig{SampleRate: v.SampleRate, FFT: v.FFT, Window: v.Window, Hop: v.Hop, Bands: v.Bands, Low: v.Low, High: v.High,
		Scale: v.Scale, Centre: v.Centre, Pad: sound.PadReflect, Power: v.Power, Log: "none"}
	if v.Pad != nil {
		c.Pad = *v.Pad
	}
	if v.TopDB != nil {
		c.TopDB = *v.TopDB
	}
	if v.Norm != nil {
		if *v.Norm != "slaney" {
			return c, fmt.Errorf("golden: norm %q is not built", *v.Norm)
		}
		c.Area = true
	}
	if v.Log != nil {
		c.Log = *v.Log
		if eps, ok := strings.CutPrefix(c.Log, "ln"); ok && eps != "" && eps[0] >= '0' && eps[0] <= '9' {
			c.Log = "ln+" + eps
		}
	}
	return c, nil
}
