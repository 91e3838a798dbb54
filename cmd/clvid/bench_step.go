package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/methods/bench"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/encoder"
)

// stepFlags are those of `clvid bench step`.
type stepFlags struct {
	step      bench.StepConfig
	encoder   string
	precision string
	width     int
	options   []string
	threads   int
	profile   string
	dot       string
	dotGraph  string
	json      bool
}

func newBenchStep() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "step",
		Short: "time a training step of an encoder, and the memory it takes",
		Long: `Times whole training steps on random input: the encoder's features, a linear
layer of 128 outputs, L2 norm, NT-Xent at temperature 0.5 (the two halves of the
batch are two views), gradients, and SGD with learning rate 0.01, momentum 0.9 and
decay 1e-4. --frames 1 means images for encoders that take images. Peak memory is
the kernel's figure for the whole process.`,
		Example: "  clvid bench step --encoder r3d-18 --frames 8 --size 112 --batch 4 --precision bf16\n" +
			"  clvid bench step --encoder r3d-10 --encoder-option pool=false --frames 8 --size 64 --batch 32 --json",
		Args: noArgs,
	}
	o := &stepFlags{}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.encoder, "encoder", "r3d-10", "encoder `NAME`")
	f.IntVar(&o.width, "width", 0, "`N` channels of the first stage (default: the encoder's own)")
	f.StringArrayVar(&o.options, "encoder-option", nil, "`KEY=VALUE` of encoder_options, such as pool=false; may be repeated")
	f.IntVar(&o.step.Frames, "frames", 8, "`N` frames of a clip")
	f.IntVar(&o.step.Size, "size", 64, "`PIXELS` of height and width")
	f.IntVar(&o.step.Batch, "batch", 32, "`N` clips in a step, an even number")
	f.StringVar(&o.precision, "precision", "f32", "`NAME` of the arithmetic: "+strings.Join(device.Precisions(), " or "))
	f.IntVar(&o.threads, "threads", 0, "`N` threads (default: cores)")
	f.IntVar(&o.step.Steps, "steps", 5, "`N` measured steps")
	f.IntVar(&o.step.Warmup, "warmup", 1, "`N` steps before them")
	f.Uint64Var(&o.step.Seed, "seed", 0, "`N` from which weights and input follow")
	f.StringVar(&o.profile, "profile", "", "time every kernel: a table, and a Chrome trace in `FILE` (-: no trace)")
	f.StringVar(&o.dot, "dot", "", "draw the program for Graphviz into `FILE`")
	f.StringVar(&o.dotGraph, "dot-graph", "", "draw the graph for Graphviz into `FILE`")
	f.BoolVar(&o.json, "json", false, "print JSON alone on stdout")
	complete(cmd, "encoder", encoder.Builtin().Names(), cobra.ShellCompDirectiveNoFileComp)
	complete(cmd, "precision", device.Precisions(), cobra.ShellCompDirectiveNoFileComp)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := o.resolve(); err != nil {
			return err
		}
		return o.run(cmd)
	}
	return cmd
}

// resolve turns flags into the configuration of the step.
func (o *stepFlags) resolve() error {
	set := make([]string, len(o.options))
	for i, option := range o.options {
		set[i] = "encoder_options." + option
	}
	flags := map[string]any{"encoder_options.width": o.width}
	if o.width == 0 {
		delete(flags, "encoder_options.width")
	}
	cfg, err := configs.Load(configs.Source{Set: set, Flags: flags, Sections: sections()})
	if err != nil {
		return usageError{err}
	}
	o.step.Options = cfg.EncoderOptions
	if o.step.Encoder, err = encoder.Builtin().Lookup("encoder", o.encoder); err != nil {
		return usageError{err}
	}
	if o.step.Precision, err = device.ParsePrecision(o.precision); err != nil {
		return usageError{err}
	}
	if o.threads == 0 {
		o.threads = runtime.NumCPU()
	}
	o.step.Threads, o.step.Profile = o.threads, o.profile != ""
	if err := o.step.Validate(); err != nil {
		return usageError{err}
	}
	return nil
}

func (o *stepFlags) run(cmd *cobra.Command) (err error) {
	be, err := cpu.Open(cpu.Options{Threads: o.threads})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, be.Close()) }()
	step, err := bench.NewStep(be, o.step)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, step.Close()) }()
	if err := o.draw(step); err != nil {
		return err
	}
	report, err := step.Measure(cmd.Context(), be)
	if err != nil {
		return err
	}
	if o.profile != "" && o.profile != "-" {
		if err := writeWhole(o.profile, report.Profile.WriteTrace); err != nil {
			return err
		}
	}
	if o.json {
		return writeJSON(cmd.OutOrStdout(), report)
	}
	return showStep(cmd.OutOrStdout(), report)
}

// draw writes the drawings that were asked for.
func (o *stepFlags) draw(step *bench.Step) error {
	if o.dot != "" {
		if err := writeWhole(o.dot, step.Machine().WriteDOT); err != nil {
			return err
		}
	}
	if o.dotGraph == "" {
		return nil
	}
	return writeWhole(o.dotGraph, step.WriteGraphDOT)
}

// writeWhole writes a file whole or not at all.
func writeWhole(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return atomicfile.Write(path, b.Bytes())
}

func showStep(w io.Writer, r *bench.StepReport) error {
	t := plainTable()
	t.AppendRows([]table.Row{
		{"encoder", fmt.Sprintf("%s, %.1f M parameters, %d features", r.Encoder, float64(r.Parameters)/1e6, r.Features)},
		{"input", shapeText(r.Input)},
		{"computed by", r.Backend + ", " + r.Precision},
		{"step", fmt.Sprintf("%.1f ms at best, %.1f ms in the median of %d", 1e3*r.StepMin, 1e3*r.StepMedian, len(r.StepSeconds))},
		{"rate", fmt.Sprintf("%.1f clips/s at best", float64(r.Input[0])/r.StepMin)},
		{"peak memory", fmt.Sprintf("%.0f MB, %.0f MB of it the values of the program", megabytes(r.PeakRSS), megabytes(r.ArenaBytes))},
		{"set-up", strconv.FormatFloat(r.SetUp, 'f', 2, 64) + " s"},
		{"loss", fmt.Sprintf("%.4f", r.Loss)},
	})
	if _, err := fmt.Fprintln(w, t.Render()); err != nil || r.Profile == nil {
		return err
	}
	_, err := fmt.Fprint(w, profileTables(r.Profile, mean(r.StepSeconds)))
	return err
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
