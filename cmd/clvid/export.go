package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn/checkpoint"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/onnx"
)

// exportFlags are those of `clvid export` beside the common ones.
type exportFlags struct {
	*commonFlags
	prefix    string
	opset     int
	mean, std []float64
}

func newExport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export CHECKPOINT OUT.onnx",
		Short: "write an encoder as an ONNX file, which other programs run",
		Long: `Writes the encoder of a run, or of a file of weights, as an ONNX file: "input"
(batch, channels, frames, height, width) to "features" (batch, D), in float32. An
encoder of images that was trained on one frame takes (batch, channels, height,
width).

CHECKPOINT is a run, or any file that clvid convert reads. Where it does not say
which encoder it holds, --encoder names it, and --set encoder_options.… its options;
where it holds several networks, --prefix chooses one. A text encoder maps "ids"
(int32) and "mask" (float32, 1 on tokens and 0 behind them), both (batch, length),
to "features".

Batch, frames, height and width are left open: the file runs on all sizes that the
encoder itself takes, such as multiples of its patches; tables of positions are
interpolated in the file. Where an encoder is tied to a size nevertheless, that axis
is fixed to the one trained on, and the report says so and why. The batch is never.

What the input must look like is in the file's metadata: mean and std of the pixels
in [0,1], whether differences of frames are wanted, frames, stride and size. Weights
that were not trained by clvid do not say so: record it with --mean and --std.`,
		Example: "  clvid export RUN encoder.onnx\n  clvid export minilm/ minilm.onnx --encoder minilm-l6\n" +
			"  clvid export r3d_18.pth r3d_18.onnx --encoder r3d-18 --mean 0.432,0.395,0.376 --std 0.228,0.221,0.217",
		Args: checkpointAndONNX,
	}
	f := &exportFlags{commonFlags: addCommonFlags(cmd, "config", "encoder", "set", "json")}
	cmd.Flags().StringVar(&f.prefix, "prefix", "", "`PREFIX` of the names to take, or a part of it: teacher, encoder_q")
	cmd.Flags().IntVar(&f.opset, "opset", onnx.DefaultOpset, fmt.Sprintf("`N` of the operator set, %d to %d", onnx.MinOpset, onnx.MaxOpset))
	cmd.Flags().Float64SliceVar(&f.mean, "mean", nil, "`R,G,B` that pixels in [0,1] are less by, or one number for all")
	cmd.Flags().Float64SliceVar(&f.std, "std", nil, "`R,G,B` that they are divided by then, or one number for all")
	cmd.RunE = f.run
	return cmd
}

func (f *exportFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	x, err := f.open(cmd, args[0])
	if err != nil {
		return err
	}
	defer x.weights.Close()
	found, err := x.export(args[1], f.opset, f.prefix)
	if err != nil {
		return err
	}
	if f.JSON {
		return writeJSON(cmd.OutOrStdout(), found)
	}
	return found.show(cmd.OutOrStdout())
}

func (f *exportFlags) check() error {
	if f.opset < onnx.MinOpset || f.opset > onnx.MaxOpset {
		return usageError{fmt.Errorf("--opset %d: want %d to %d", f.opset, onnx.MinOpset, onnx.MaxOpset)}
	}
	for name, v := range map[string][]float64{"mean": f.mean, "std": f.std} {
		if n := len(v); n != 0 && n != 1 && n != 3 {
			return usageError{fmt.Errorf("--%s has %d numbers, want one, or one for each of R, G and B", name, n)}
		}
		for _, x := range v {
			if math.IsNaN(x) || math.IsInf(x, 0) || name == "std" && x <= 0 {
				return usageError{fmt.Errorf("--%s has %v, want finite numbers, and deviations above 0", name, x)}
			}
		}
	}
	return nil
}

func checkpointAndONNX(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usageError{fmt.Errorf("%s: %d arguments, want two: a run or a file of weights, and the file to write", cmd.CommandPath(), len(args))}
	}
	if !strings.EqualFold(filepath.Ext(args[1]), ".onnx") {
		return usageError{fmt.Errorf("%s: %q: want the name of a .onnx file", cmd.CommandPath(), args[1])}
	}
	return nil
}

// exported is an encoder to write: its network, its weights and what its user
// must know.
type exported struct {
	network  onnx.Network
	metadata map[string]string
	weights  *checkpoint.File
}

// open opens a run, its weights or another file of weights.
func (f *exportFlags) open(cmd *cobra.Command, path string) (x *exported, err error) {
	if run := filepath.Dir(path); filepath.Base(path) == train.WeightsFile && exists(filepath.Join(run, configFile)) {
		path = run
	}
	cfg, err := f.loadForWeights(cmd, path)
	if err != nil {
		return nil, err
	}
	x = &exported{}
	if x.weights, err = checkpoint.Open(weightsPath(path)); err != nil {
		return nil, err
	}
	if entry, err := encoder.BuiltinText().Lookup("text encoder", cfg.Encoder); err == nil {
		c := textConfig(x.weights.Metadata)
		x.network = onnx.OfText(entry, c)
		x.metadata = map[string]string{"format": formatName, "encoder": entry.Name, "length": fmt.Sprint(entry.Length(c))}
		return x, nil
	}
	entry, err := clipEncoder(cfg.Encoder)
	if err != nil {
		return nil, errors.Join(err, x.weights.Close())
	}
	keepTables(cfg)
	x.network = onnx.OfEncoder(entry, cfg.EncoderOptions, cfg.Clip.Shape())
	x.metadata = encoderMetadata(cfg)
	if exists(filepath.Join(path, configFile)) || x.weights.Metadata["input"] != "" {
		maps.Copy(x.metadata, trainedOn(cfg.Clip))
	}
	f.pixels(x.metadata)
	return x, nil
}

// trainedOn says what clvid fed an encoder with.
func trainedOn(clip media.ClipConfig) map[string]string {
	return map[string]string{
		"input": clip.Input, "frames": fmt.Sprint(clip.Frames), "stride": fmt.Sprint(clip.Stride), "frame_rate": fmt.Sprint(clip.FrameRate), "size": fmt.Sprint(clip.Size),
		"mean": fmt.Sprint(media.NormMean), "std": fmt.Sprint(media.NormStd),
	}
}

// pixels records what the user says of them.
func (f *exportFlags) pixels(metadata map[string]string) {
	for key, v := range map[string][]float64{"mean": f.mean, "std": f.std} {
		if len(v) > 0 {
			metadata[key] = strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ","), "[]")
		}
	}
}

// exportFinding is what export tells.
type exportFinding struct {
	Path    string `json:"path"`
	Encoder string `json:"encoder"`
	Weights string `json:"weights"`
	onnx.Report
	Bytes    int64             `json:"bytes"`
	Metadata map[string]string `json:"metadata"`
}

// export writes the encoder.
func (x *exported) export(path string, opset int, prefix string) (*exportFinding, error) {
	model, err := onnx.Translate(x.network, onnx.Options{Opset: opset, Producer: "clvid", Version: version(), Metadata: x.metadata})
	if err != nil {
		return nil, err
	}
	values, err := x.values(model, prefix)
	if err != nil {
		return nil, err
	}
	if err := model.Write(path, values); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &exportFinding{Path: path, Encoder: x.network.Name, Weights: x.weights.Path, Report: model.Report(),
		Bytes: info.Size(), Metadata: x.metadata}, nil
}

// values finds all parameters in the file, whatever stands before their names.
func (x *exported) values(model *onnx.Model, prefix string) (onnx.Weights, error) {
	var wants []checkpoint.Want
	for _, p := range model.Parameters() {
		wants = append(wants, checkpoint.Want{Name: p.Name, Shape: p.Shape})
	}
	report, err := x.weights.Match(wants, prefix)
	if err == nil {
		err = report.Complete()
	}
	if err != nil {
		return nil, err
	}
	from := map[string]string{}
	for _, pair := range report.Loaded {
		from[pair.Name] = pair.From
	}
	return func(name string, _ []int) ([]float32, error) { return x.weights.Float32s(from[name]) }, nil
}

func (f *exportFinding) show(w io.Writer) error {
	rows := [][2]string{
		{"file", fmt.Sprintf("%s (%s), opset %d", f.Path, byteCount(f.Bytes), f.Opset)},
		{"encoder", fmt.Sprintf("%s of %s: %d operations, %d parameters", f.Encoder, f.Weights, f.Nodes, f.Parameters)},
	}
	for _, v := range slices.Concat(f.Inputs, f.Outputs) {
		rows = append(rows, [2]string{v.Name, v.Type + " " + strings.Join(v.Shape, " x ")})
	}
	for _, axis := range slices.Sorted(maps.Keys(f.Fixed)) {
		rows = append(rows, [2]string{"fixed", axis + ": " + f.Fixed[axis]})
	}
	if f.Inputs[0].Name == "input" {
		rows = append(rows, [2]string{"pixels", f.pixels()})
	}
	return showPairs(w, rows)
}

// pixels says what to feed.
func (f *exportFinding) pixels() string {
	m := f.Metadata
	if m["mean"] == "" || m["std"] == "" {
		return "R'G'B' as the publisher of the weights says; record it with --mean and --std"
	}
	s := fmt.Sprintf("R'G'B' in [0,1], less %s, divided by %s", m["mean"], m["std"])
	switch m["input"] {
	case "":
		return s
	case media.InputDiff:
		s += "; of these, twice the next frame less this one"
	case media.InputRGBDiff:
		s += "; of these, 3 channels of the frames but the last, then 3 of twice the next frame less this one"
	}
	return fmt.Sprintf("%s; trained on %s frames of stride %s, %s px", s, m["frames"], m["stride"], m["size"])
}
