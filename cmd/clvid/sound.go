package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/avdecode"
	"github.com/clvid/clvid/media/sound"
)

// soundFlags are those of `clvid sound`.
type soundFlags struct {
	start, duration time.Duration
	open            avdecode.SoundOptions
	mel             string
}

// soundResult is what `clvid sound` wrote.
type soundResult struct {
	media.SoundInfo
	Rate    int     `json:"rate"` // of the samples written
	Start   int64   `json:"start_sample"`
	Samples int     `json:"samples"`
	Peak    float64 `json:"peak"` // largest magnitude
	File    string  `json:"file"`
	Mel     string  `json:"mel_file,omitempty"`
	Bands   int     `json:"mel_bands,omitempty"`
	Frames  int     `json:"mel_frames,omitempty"`
}

func newSound() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sound FILE",
		Short: "write a span of a file's sound, and its log-mel picture",
		Long: `Writes a span of sound as a WAV file: mono (the mean of the channels), 32-bit
float, at the rate that is asked for. Time 0 is the first picture of a video, so
that a span goes with the frames of the same time. Beyond the ends is silence.

--mel draws what a network hears: 64 mel bands from 60 to 7800 Hz, one column each
10 ms, low bands at the bottom.`,
		Example: "  clvid sound clip.mp4 --start 1.2s --duration 2s --out clip.wav --mel clip.png",
		Args:    oneArg("a video or sound file"),
	}
	o := &soundFlags{}
	flags := addCommonFlags(cmd, "config", "out", "set", "json")
	cmd.Flag("out").Usage = "`FILE` to write, such as clip.wav"
	f := cmd.Flags()
	f.DurationVar(&o.start, "start", 0, "`TIME` from the first picture, such as 1.2s")
	f.DurationVar(&o.duration, "duration", 0, "`TIME` of the span (default: to the end)")
	f.IntVar(&o.open.Rate, "rate", 16000, "`HZ` of the samples written; 0 keeps the file's")
	f.IntVar(&o.open.Stream, "stream", 0, "`N` of the file's sound streams, from 0")
	f.StringVar(&o.mel, "mel", "", "draw the log-mel picture into this PNG `FILE`")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := flags.load(cmd)
		switch {
		case err != nil:
			return err
		case cfg.Out == "":
			return needFlag(cmd, "out")
		}
		if err := o.validate(); err != nil {
			return usageError{err}
		}
		s, err := newDecoder(cfg.Decode).OpenSound(cmd.Context(), args[0], o.open)
		if err != nil {
			return err
		}
		defer s.Close()
		r, err := o.write(cmd, s, cfg.Out)
		if err != nil {
			return err
		}
		if flags.JSON {
			return writeJSON(cmd.OutOrStdout(), r)
		}
		return r.show(cmd.OutOrStdout())
	}
	return cmd
}

func (o *soundFlags) validate() error {
	switch {
	case o.duration < 0:
		return fmt.Errorf("sound: --duration is %s, want more than 0", o.duration)
	case o.open.Rate < 0 || o.open.Rate > sound.MaxRate:
		return fmt.Errorf("sound: --rate is %d Hz, want 1 to %d, or 0 for the file's", o.open.Rate, sound.MaxRate)
	case o.open.Stream < 0:
		return fmt.Errorf("sound: --stream is %d, want 0 or more", o.open.Stream)
	}
	return nil
}

// span is the part that the flags name.
func (o *soundFlags) span(s media.Sound) (media.SoundSpan, error) {
	length := o.duration
	if length == 0 {
		info := s.Info()
		if length = info.Offset + info.Duration - o.start; info.Duration == 0 {
			return media.SoundSpan{}, usageError{fmt.Errorf("sound: %s does not tell its length: give --duration", info.Path)}
		}
	}
	span := media.SoundAt(o.start, length, s.Rate())
	if span.N < 1 {
		return span, usageError{fmt.Errorf("sound: --start is %s, but the sound ends at %s: lower --start or give --duration", o.start, (length + o.start).Round(time.Millisecond))}
	}
	return span, nil
}

func (o *soundFlags) write(cmd *cobra.Command, s media.Sound, out string) (*soundResult, error) {
	span, err := o.span(s)
	if err != nil {
		return nil, err
	}
	all, err := s.Spans(cmd.Context(), span)
	if err != nil {
		return nil, err
	}
	samples := all[0]
	r := &soundResult{SoundInfo: s.Info(), Rate: s.Rate(), Start: span.Start, Samples: span.N, Peak: peak(samples), File: out}
	if err := atomicfile.Write(out, waveFile(samples, s.Rate())); err != nil || o.mel == "" {
		return r, err
	}
	picture, bands, frames, err := melPicture(samples, s.Rate())
	if err != nil {
		return nil, err
	}
	r.Mel, r.Bands, r.Frames = o.mel, bands, frames
	return r, atomicfile.Write(o.mel, picture)
}

func peak(samples []float32) float64 {
	most := 0.
	for _, v := range samples {
		most = max(most, math.Abs(float64(v)))
	}
	return most
}

func (r *soundResult) show(w io.Writer) error {
	from := time.Duration(float64(r.Start) / float64(r.Rate) * float64(time.Second)).Round(time.Millisecond)
	to := time.Duration(float64(r.Start+int64(r.Samples)) / float64(r.Rate) * float64(time.Second)).Round(time.Millisecond)
	rows := [][2]string{
		{"sound", soundText(r.SoundInfo)},
		{"written", fmt.Sprintf("%s: %s to %s, %d samples at %d Hz, peak %.3f", r.File, from, to, r.Samples, r.Rate, r.Peak)},
	}
	if r.Mel != "" {
		rows = append(rows, [2]string{"log-mel", fmt.Sprintf("%s: %d bands x %d columns", r.Mel, r.Bands, r.Frames)})
	}
	return showPairs(w, rows)
}

// soundText describes a sound stream in a line.
func soundText(s media.SoundInfo) string {
	text := fmt.Sprintf("%s, %d Hz, %s, stream %d", s.Codec, s.SampleRate, channelsText(s.Channels), s.Stream)
	if s.Duration > 0 {
		text += ", " + s.Duration.Round(time.Millisecond).String()
	}
	switch offset := s.Offset.Round(time.Millisecond); {
	case offset > 0:
		text += fmt.Sprintf(", from %s after the first picture", offset)
	case offset < 0:
		text += fmt.Sprintf(", from %s before the first picture", -offset)
	}
	return text
}

func channelsText(n int) string {
	switch n {
	case 1:
		return "mono"
	case 2:
		return "stereo"
	}
	return fmt.Sprintf("%d channels", n)
}

// waveFile is a WAV file of 32-bit float mono samples (RIFF, format tag 3).
func waveFile(samples []float32, rate int) []byte {
	var b bytes.Buffer
	little := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v) // a bytes.Buffer takes all
		}
	}
	bytesOf := uint32(4 * len(samples))
	little([]byte("RIFF"), 50+bytesOf, []byte("WAVEfmt "), uint32(18), uint16(3), uint16(1), uint32(rate), uint32(4*rate), uint16(4), uint16(32), uint16(0))
	little([]byte("fact"), uint32(4), uint32(len(samples)), []byte("data"), bytesOf, samples)
	return b.Bytes()
}

// melPicture draws samples as a PNG, the lowest band at the bottom, from the
// quietest (dark) to the loudest value (bright).
func melPicture(samples []float32, rate int) (file []byte, bands, frames int, err error) {
	c := sound.DefaultMel()
	scale := float64(rate) / float64(c.SampleRate)
	c.SampleRate = rate
	c.Window, c.Hop = max(int(float64(c.Window)*scale), 1), max(int(float64(c.Hop)*scale), 1)
	for c.FFT < c.Window {
		c.FFT *= 2
	}
	c.High = min(c.High, float64(rate)/2)
	mel, err := sound.NewMel(c)
	if err != nil {
		return nil, 0, 0, err
	}
	wave := make([]float64, len(samples))
	for i, v := range samples {
		wave[i] = float64(v)
	}
	values, err := mel.LogMel(wave)
	if err != nil {
		return nil, 0, 0, err
	}
	bands, frames = c.Bands, c.Frames(len(wave))
	const zoom = 4 // rows of a band
	low, high := slices.Min(values), slices.Max(values)
	im := image.NewGray(image.Rect(0, 0, frames, zoom*bands))
	for y := range zoom * bands {
		for x := range frames {
			v := values[(bands-1-y/zoom)*frames+x]
			im.SetGray(x, y, color.Gray{Y: uint8(255 * (v - low) / max(high-low, 1e-9))})
		}
	}
	var b bytes.Buffer
	err = png.Encode(&b, im)
	return b.Bytes(), bands, frames, err
}
