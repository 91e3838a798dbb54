package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
)

// evalFlags are the flags of all evaluations.
type evalFlags struct {
	*commonFlags
	untrained      bool
	fromScratch    bool // no run is needed
	name           string
	fitSplit       []string
	clips, crops   int
	labelsPerClass int
	draws          int
}

// evalFlagNames are the common flags that evaluations use.
var evalFlagNames = []string{"config", "data", "format", "videos", "split-number", "split", "where", "out", "encoder", "seed", "workers", "isolate", "threads", "precision", "device", "set", "json"}

func addEvalFlags(cmd *cobra.Command, more ...string) *evalFlags {
	f := &evalFlags{commonFlags: addCommonFlags(cmd, append(more, evalFlagNames...)...)}
	cmd.Flag("split").Usage = "`NAME[,NAME]` of splits to report (default: test)"
	cmd.Flag("where").Usage = "`COLUMN=VALUE` that all rows must have, fitted on or reported; may be repeated"
	cmd.Flag("out").Usage = "`FOLDER` for the JSON (default: the run's)"
	cmd.Flags().StringVar(&f.name, "name", "", "`NAME` of the JSON, eval-NAME.json (default: the evaluation's)")
	cmd.Flags().IntVar(&f.clips, "clips", 0, "`N` clips of a video to average: features, or class probabilities where there is a classifier")
	cmd.Flags().IntVar(&f.crops, "crops", 0, "`N` windows of each clip, averaged too: 1 central one, or 3 along the long side")
	return f
}

func addFewShotFlags(cmd *cobra.Command, f *evalFlags) {
	cmd.Flags().StringSliceVar(&f.fitSplit, "fit-split", []string{"train"}, "`NAME[,NAME]` of splits to fit on")
	cmd.Flags().IntVar(&f.labelsPerClass, "labels-per-class", 0, "`K` labelled videos of each class (default: all)")
	cmd.Flags().IntVar(&f.draws, "draws", 0, "`D` repetitions with other labels, for --labels-per-class")
}

// loadRun resolves the settings of an evaluation: those of the run, or with
// untrained those of the flags alone. Split, where and out of the run's
// training do not carry over.
func (f *evalFlags) loadRun(cmd *cobra.Command, args []string) (cfg *configs.Config, run string, err error) {
	own, err := f.load(cmd)
	if err != nil {
		return nil, "", err
	}
	if args, err = f.runGiven(cmd, args); err != nil {
		return nil, "", err
	}
	switch given := flagChanged(cmd, "init-from"); {
	case f.untrained && (len(args) == 1 || given):
		return nil, "", usageError{errors.New("both weights and --untrained: want one")}
	case len(args) == 0 && !f.untrained && !f.fromScratch && own.InitFrom == "":
		return nil, "", usageError{errors.New("no run: name its folder, other weights with --init-from, or measure the control with --untrained")}
	}
	if cfg = own; f.untrained {
		cfg.InitFrom = ""
	}
	if len(args) == 1 {
		run = args[0]
		base, err := runConfig(run)
		if err != nil {
			return nil, "", err
		}
		if cfg, err = f.loadOver(cmd, configs.Source{Base: base}); err != nil {
			return nil, "", err
		}
		cfg.InitFrom = "" // what the run itself began with
	}
	cfg.Split, cfg.Where, cfg.Out = own.Split, own.Where, own.Out
	f.override(cmd, cfg)
	if f.labelsPerClass == 0 && cmd.Flags().Changed("draws") && cfg.Eval.LabelsPerClass == 0 {
		return nil, "", usageError{errors.New("--draws repeats with other labels: want --labels-per-class too")}
	}
	if err := cfg.Validate(); err != nil {
		return nil, "", usageError{err}
	}
	return cfg, run, nil
}

// runGiven adds the run of --init-from, whose settings then hold as those of a
// run that is an argument do.
func (f *evalFlags) runGiven(cmd *cobra.Command, args []string) ([]string, error) {
	if !flagChanged(cmd, "init-from") {
		return args, nil
	}
	from, err := cmd.Flags().GetString("init-from")
	if err != nil {
		return nil, err
	}
	switch isRun := exists(filepath.Join(from, configFile)); {
	case len(args) == 1 && args[0] != from:
		return nil, usageError{fmt.Errorf("two to start from, %s and %s: want one", args[0], from)}
	case isRun:
		return []string{from}, nil
	}
	return args, nil
}

// flagChanged tells whether a command has a flag and it was given.
func flagChanged(cmd *cobra.Command, name string) bool {
	flag := cmd.Flag(name)
	return flag != nil && flag.Changed
}

// override applies the flags that name settings of section eval.
func (f *evalFlags) override(cmd *cobra.Command, cfg *configs.Config) {
	for name, to := range map[string]*int{"clips": &cfg.Eval.Clips, "crops": &cfg.Eval.Crops, "labels-per-class": &cfg.Eval.LabelsPerClass, "draws": &cfg.Eval.Draws} {
		if flag := cmd.Flag(name); flag != nil && flag.Changed {
			*to, _ = cmd.Flags().GetInt(name)
		}
	}
}
