package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/registry"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn/checkpoint"
	"github.com/clvid/clvid/nn/encoder"
)

func newConvert() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "convert IN OUT.safetensors",
		Short: "write the weights of an encoder as safetensors, from PyTorch or Hugging Face",
		Long: `Takes the weights of an encoder, of clips or of text, out of a file and writes them as safetensors, in
float32, by the encoder's own names, with the encoder and its options as metadata.
IN is what torch.save wrote (.pth, .pt, .bin: a state dict, or a training checkpoint
that holds one), a Hugging Face folder, a safetensors file, or a run. Nothing in it
is ever run: a file that needs code is refused.

Prefixes of the names, such as module. and state_dict., are taken off by
themselves; where the file holds several networks, --prefix chooses one. The report
lists what was not found and what was left over. A file of another encoder is an
error, and nothing is written.

Tables of positions have the size of the clips that IN was trained on: 16 frames of
224 px, unless IN or --set media.frames=8, --set media.size=160 say otherwise. OUT
keeps that size, and they are interpolated where it is used on other clips.`,
		Example: "  clvid convert r3d_18.pth r3d_18.safetensors --encoder r3d-18\n" +
			"  clvid convert checkpoint_0199.pth.tar moco.safetensors --encoder resnet-50 --prefix encoder_q\n" +
			"  clvid pretrain --init-from r3d_18.safetensors --data DIR --out RUN",
		Args: fileAndSafetensors,
	}
	flags := addCommonFlags(cmd, "config", "encoder", "set", "json")
	prefix := cmd.Flags().String("prefix", "", "`PREFIX` of the names to take, or a part of it: teacher, encoder_q")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := flags.loadForWeights(cmd, args[0])
		if err != nil {
			return err
		}
		done, err := convert(cfg, args[0], args[1], *prefix)
		if err != nil {
			return err
		}
		if flags.JSON {
			return writeJSON(cmd.OutOrStdout(), done)
		}
		return done.show(cmd.OutOrStdout())
	}
	return cmd
}

func fileAndSafetensors(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return usageError{fmt.Errorf("%s: %d arguments, want two: a file of weights, and the file to write", cmd.CommandPath(), len(args))}
	}
	if !strings.EqualFold(filepath.Ext(args[1]), ".safetensors") {
		return usageError{fmt.Errorf("%s: %q: want the name of a .safetensors file", cmd.CommandPath(), args[1])}
	}
	return nil
}

// publishedClip is the clip that an encoder is drawn on where nothing else is
// said: what most published weights were trained on.
const publishedClip = "media: {input: rgb, frames: 16, stride: 1, size: 224}\n"

// clipKeys are what runs write into their weights about the clips.
var clipKeys = []string{"input", "frames", "stride", "size"}

// clipSettings are the clips that weights were trained on, as YAML: those that
// the file tells, else the published ones.
func clipSettings(path string) string {
	file, err := checkpoint.Open(path)
	if err != nil {
		return publishedClip // whoever needs the file will tell
	}
	defer file.Close()
	var clip []string
	for _, key := range clipKeys {
		if file.Metadata[key] == "" {
			return publishedClip
		}
		clip = append(clip, key+": "+file.Metadata[key])
	}
	return "media: {" + strings.Join(clip, ", ") + "}\n"
}

// loadForWeights resolves the settings of an encoder whose weights are in a file
// or run. The encoder must be named, there or by the user.
func (c *commonFlags) loadForWeights(cmd *cobra.Command, path string) (*configs.Config, error) {
	base := encoderSettings(path)
	switch {
	case exists(filepath.Join(path, configFile)):
		var err error
		if base, err = runConfig(path); err != nil {
			return nil, err
		}
	case base == nil && !cmd.Flags().Changed("encoder") && len(c.config) == 0:
		file, err := checkpoint.Open(weightsPath(path))
		if err == nil {
			err = file.Close()
		}
		if err != nil {
			return nil, err
		}
		return nil, usageError{fmt.Errorf("%s does not say which encoder it holds: name it with --encoder, one of %s",
			path, strings.Join(slices.Concat(encoder.Builtin().Names(), encoder.BuiltinText().Names()), ", "))}
	default:
		base = append(base, clipSettings(path)...)
	}
	return c.loadOver(cmd, configs.Source{Base: base})
}

// converted is what convert tells.
type converted struct {
	Out      string            `json:"out"`
	Bytes    int64             `json:"bytes"`
	Metadata map[string]string `json:"metadata"`
	*checkpoint.Report
}

// convert writes the tensors of an encoder.
func convert(cfg *configs.Config, in, out, prefix string) (*converted, error) {
	file, err := checkpoint.Open(weightsPath(in))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	wants, metadata, err := wantedBy(cfg, file)
	if err != nil {
		return nil, err
	}
	report, err := file.Match(wants, prefix)
	if err != nil {
		return nil, err
	}
	if err := report.Refusal(); err != nil {
		return nil, err
	}
	tensors, err := loaded(file, report)
	if err != nil {
		return nil, err
	}
	metadata["source"], metadata["source_format"] = filepath.Base(in), string(file.Format)
	if report.Prefix != "" {
		metadata["source_prefix"] = report.Prefix
	}
	if err := checkpoint.WriteSafetensors(out, tensors, metadata); err != nil {
		return nil, err
	}
	done := &converted{Out: out, Metadata: metadata, Report: report}
	for _, t := range tensors {
		done.Bytes += 4 * int64(len(t.F32))
	}
	return done, nil
}

// wantedBy lists what an encoder of clips or text needs, and the metadata that
// tell its options.
func wantedBy(cfg *configs.Config, file *checkpoint.File) ([]checkpoint.Want, map[string]string, error) {
	if entry, err := encoder.BuiltinText().Lookup("text encoder", cfg.Encoder); err == nil {
		wants, err := methods.WantedByText(entry, textConfig(file.Metadata))
		return wants, map[string]string{"format": formatName, "encoder": entry.Name}, err
	}
	entry, err := clipEncoder(cfg.Encoder)
	if err != nil {
		return nil, nil, err
	}
	keepTables(cfg)
	wants, err := methods.WantedByEncoder(entry, cfg.EncoderOptions, cfg.Clip.Shape())
	return wants, encoderMetadata(cfg), err
}

// clipEncoder finds an encoder of clips where one of text would do too.
func clipEncoder(name string) (encoder.Entry, error) {
	entry, err := encoder.Builtin().Lookup("encoder", name)
	if err != nil {
		clips, texts := encoder.Builtin().Names(), encoder.BuiltinText().Names()
		err = usageError{fmt.Errorf("unknown encoder %q%s: want one of %s, or of text %s", name,
			registry.Hint(name, slices.Concat(clips, texts)), strings.Join(clips, ", "), strings.Join(texts, ", "))}
	}
	return entry, err
}

// textConfig takes the size of the vocabulary and the length from a Hugging Face
// folder's configuration; 0 is the encoder's own.
func textConfig(metadata map[string]string) encoder.TextConfig {
	var c encoder.TextConfig
	for key, to := range map[string]*int{"vocab_size": &c.Vocabulary, "max_position_embeddings": &c.Length} {
		if n, err := strconv.Atoi(metadata[key]); err == nil {
			*to = n
		}
	}
	return c
}

// keepTables records the size that tables of positions have in the file, so that
// they are interpolated where clips are of another size later. Encoders without
// tables ignore it.
func keepTables(cfg *configs.Config) {
	clip, options := cfg.Clip.Shape(), &cfg.EncoderOptions
	if options.TableTime == 0 {
		options.TableTime = clip[1]
	}
	if options.TableSize == 0 {
		options.TableSize = clip[2]
	}
}

// loaded reads what a report has matched.
func loaded(file *checkpoint.File, r *checkpoint.Report) ([]checkpoint.Tensor, error) {
	var out []checkpoint.Tensor
	for _, pair := range r.Loaded {
		values, err := file.Float32s(pair.From)
		if err != nil {
			return nil, err
		}
		out = append(out, checkpoint.Tensor{Name: pair.Name, Shape: pair.Shape, F32: values})
	}
	return out, nil
}

func (c *converted) show(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s\n\n", c.Report); err != nil {
		return err
	}
	rows := [][2]string{{"written", fmt.Sprintf("%s (%s)", c.Out, byteCount(c.Bytes))}}
	for _, key := range slices.Sorted(maps.Keys(c.Metadata)) {
		rows = append(rows, [2]string{key, c.Metadata[key]})
	}
	return showPairs(w, rows)
}
