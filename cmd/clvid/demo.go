package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media/avdecode"
	"github.com/clvid/clvid/media/synth"
	"github.com/clvid/clvid/methods/eval"
)

func newDemo() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "make videos, learn from them three ways, and print what it is worth",
		Long: `Runs the main jobs on videos that it makes itself: two pretext tasks against the
untrained encoder, fine-tuning on two labels a class, and retrieval by caption.
Runs and videos stay in --out; a demo that was interrupted goes on with --resume.`,
		Args: noArgs,
	}
	d := &demo{}
	f := cmd.Flags()
	f.StringVar(&d.out, "out", "demo", "`FOLDER` for videos and runs")
	f.Uint64Var(&d.seed, "seed", 0, "`N` from which all randomness follows")
	f.IntVar(&d.steps, "steps", 0, "`N` steps of each training (default: the presets')")
	f.BoolVar(&d.resume, "resume", false, "go on where a demo was interrupted")
	f.BoolVar(&d.json, "json", false, "print JSON alone on stdout")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d.notes = cmd.ErrOrStderr()
		err := d.run(cmd.Context())
		if err != nil {
			return interruption(err)
		}
		if d.json {
			return writeJSON(cmd.OutOrStdout(), d.result)
		}
		fmt.Fprint(cmd.OutOrStdout(), d.result.table())
		return nil
	}
	return cmd
}

// demo is one pass over the main jobs.
type demo struct {
	out          string
	seed         uint64
	steps        int
	resume, json bool
	notes        io.Writer
	result       demoResult
}

// demoResult is what a demo prints; shares are fractions.
type demoResult struct {
	Encoders  []demoEncoder         `json:"encoders"`
	Finetune  []demoFinetune        `json:"finetune"`
	Retrieval *eval.RetrievalReport `json:"retrieval"`
	Seconds   float64               `json:"seconds"`
}

type demoEncoder struct {
	Name   string  `json:"name"`
	KNN    float64 `json:"knn_top1"`
	Linear float64 `json:"linear_top1"`
}

type demoFinetune struct {
	Name string  `json:"name"`
	Top1 float64 `json:"top1"`
	Std  float64 `json:"top1_std"`
}

// demoLabels and demoDraws are the labels of fine-tuning: two of each class,
// other ones in each draw.
const (
	demoLabels = 2
	demoDraws  = 2
)

func (d *demo) run(ctx context.Context) error {
	start := time.Now()
	data := filepath.Join(d.out, "videos")
	for _, step := range []struct {
		title string
		do    func(ctx context.Context, data string) error
	}{
		{"videos of ten motions", d.videos},
		{"the untrained encoder, as a control", d.control},
		{"pretraining: two clips of a video belong together (clip-pairs)", d.pretext("clip-pairs")},
		{"pretraining: the order of frames (frame-order)", d.pretext("frame-order")},
		{fmt.Sprintf("fine-tuning on %d labels a class", demoLabels), d.finetune},
		{"videos and captions", d.captions},
	} {
		fmt.Fprintf(d.notes, "== %s\n", step.title)
		if err := step.do(ctx, data); err != nil {
			return err
		}
	}
	d.result.Seconds = time.Since(start).Seconds()
	return nil
}

func (d *demo) videos(ctx context.Context, data string) error {
	if d.resume && exists(filepath.Join(data, "clips.csv")) {
		return nil
	}
	if d.resume { // half a set, of a demo that was interrupted
		if err := os.RemoveAll(data); err != nil {
			return err
		}
	}
	c := synth.Default()
	if err := settleCodec(&c, avdecode.FindEncoder, d.notes); err != nil {
		return err
	}
	bar := newCounter(d.notes, "making videos", c.Videos())
	defer bar.done()
	return synth.Write(ctx, data, c, encodeVideo, 2, bar.set)
}

// config is a preset on the demo's videos.
func (d *demo) config(preset, data, run string, set ...string) (*configs.Config, error) {
	flags := map[string]any{"data": data, "seed": d.seed}
	if run != "" {
		flags["out"] = d.runPath(run)
	}
	if d.steps > 0 {
		flags["steps"] = d.steps
	}
	return configs.Load(configs.Source{Preset: preset, Set: set, Flags: flags, Env: os.Environ(), Sections: sections()})
}

func (d *demo) runPath(run string) string { return filepath.Join(d.out, run) }

func (d *demo) control(ctx context.Context, data string) error {
	return d.probes(ctx, data, "untrained", "")
}

// probes adds a line of kNN and linear probe.
func (d *demo) probes(ctx context.Context, data, name, run string) error {
	cfg, err := d.config("synth", data, "")
	if err != nil {
		return err
	}
	s, err := newSession(cfg, d.notes)
	if err != nil {
		return err
	}
	defer s.close()
	reports, err := s.probe(ctx, run, []string{"train"}, "knn", "linear")
	if err != nil {
		return err
	}
	for _, r := range reports {
		if run == "" {
			break
		}
		if err := r.WriteJSON(filepath.Join(run, "eval-"+r.Name+".json")); err != nil {
			return err
		}
	}
	d.result.Encoders = append(d.result.Encoders, demoEncoder{name, reports[0].Top1, reports[1].Top1})
	return nil
}

// pretext trains by one task and measures the encoder.
func (d *demo) pretext(task string) func(context.Context, string) error {
	return func(ctx context.Context, data string) error {
		if err := d.train(ctx, data, "synth", task, "task="+task); err != nil {
			return err
		}
		return d.probes(ctx, data, task, d.runPath(task))
	}
}

func (d *demo) train(ctx context.Context, data, preset, run string, set ...string) error {
	cfg, err := d.config(preset, data, run, set...)
	if err != nil {
		return err
	}
	_, err = pretrain(ctx, cfg, options{resume: d.resume}, d.notes)
	return err
}

func (d *demo) finetune(ctx context.Context, data string) error {
	for _, from := range []struct{ name, run string }{{"from scratch", ""}, {"from clip-pairs", d.runPath("clip-pairs")}} {
		cfg, err := d.config("synth", data, "")
		if err != nil {
			return err
		}
		cfg.Eval.LabelsPerClass, cfg.Eval.Draws = demoLabels, demoDraws
		asFinetune(cfg)
		cfg.InitFrom = from.run
		if d.steps > 0 {
			cfg.Steps = d.steps
		}
		s, err := newSession(cfg, d.notes)
		if err != nil {
			return err
		}
		r, err := s.finetune(ctx, []string{"train"}, options{})
		if err := errors.Join(err, s.close()); err != nil {
			return err
		}
		d.result.Finetune = append(d.result.Finetune, demoFinetune{from.name, r.Top1, r.Top1Std})
	}
	return nil
}

func (d *demo) captions(ctx context.Context, data string) error {
	const run = "video-text"
	if err := d.train(ctx, data, "synth-text", run); err != nil {
		return err
	}
	cfg, err := d.config("synth-text", data, run)
	if err != nil {
		return err
	}
	s, err := newSession(cfg, d.notes)
	if err != nil {
		return err
	}
	defer s.close()
	d.result.Retrieval, err = s.retrieval(ctx, d.runPath(run), []string{"label", "colour", "shape"})
	if err != nil {
		return err
	}
	return d.result.Retrieval.WriteJSON(filepath.Join(d.runPath(run), "eval-retrieval.json"))
}

// table draws the result.
func (r *demoResult) table() string {
	encoders := eval.NewTable("encoder", "kNN", "linear probe")
	for _, e := range r.Encoders {
		encoders.AppendRow(table.Row{e.Name, share(e.KNN), share(e.Linear)})
	}
	tuned := eval.NewTable(fmt.Sprintf("fine-tuning, %d labels a class", demoLabels), "top-1")
	for _, f := range r.Finetune {
		tuned.AppendRow(table.Row{f.Name, fmt.Sprintf("%s ± %s", share(f.Top1), share(f.Std))})
	}
	return fmt.Sprintf("\n%s\n\n%s\n\n%s\nin %s; a guess is right in 10 %% of the ten classes\n", encoders.Render(), tuned.Render(), r.Retrieval,
		time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))
}

func share(fraction float64) string { return fmt.Sprintf("%.1f %%", 100*fraction) }
