package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/pretext"
)

// commonFlags are those of all commands that have settings. Only flags that
// were given reach the configuration; the rest comes from weaker sources.
type commonFlags struct {
	config  []string
	set     []string
	Verbose bool
	Resume  bool
	JSON    bool
}

// flagPaths maps the flags that are settings to their paths.
var flagPaths = map[string]string{
	"batch":            "batch",
	"check":            "check",
	"checkpoint-every": "checkpoint_every",
	"data":             "data",
	"device":           "device",
	"encoder":          "encoder",
	"epochs":           "epochs",
	"format":           "dataset.format",
	"init-from":        "init_from",
	"isolate":          "decode.isolate",
	"method":           "method",
	"out":              "out",
	"precision":        "precision",
	"seed":             "seed",
	"split":            "split",
	"split-number":     "dataset.split_number",
	"steps":            "steps",
	"task":             "task",
	"threads":          "threads",
	"videos":           "dataset.videos",
	"where":            "where",
	"workers":          "workers",
}

// addCommonFlags declares the flags of a command, all or the named ones, so
// that none is taken and ignored. Their defaults live in configs, so none is
// shown here; `clvid config` prints what is in force.
func addCommonFlags(cmd *cobra.Command, names ...string) *commonFlags {
	c := &commonFlags{}
	f := pflag.NewFlagSet(cmd.Name(), pflag.ContinueOnError)
	f.SortFlags = false
	f.StringArrayVar(&c.config, "config", nil, "preset `NAME` or path of a YAML file; may be one of each")
	f.String("data", "", "`PATH` of a folder, manifest, annotation file or shards; - is shards on standard input")
	f.String("format", "", "`NAME` of the layout of the data, as clvid list formats tells (default: found out)")
	f.String("videos", "", "`FOLDER` of the videos, where annotations lie apart")
	f.Int("split-number", 0, "`N` of the official splits of ucf101 and hmdb51: 1, 2 or 3")
	f.StringSlice("split", nil, "`NAME[,NAME]` of splits to use (default: unlabelled, else train)")
	f.StringToString("where", nil, "`COLUMN=VALUE` that rows must have; may be repeated")
	f.Lookup("where").DefValue = "" // else the help shows []
	f.String("out", "", "`FOLDER` of the run")
	f.String("task", "", "pretext `TASK`, or weighted parts: clip-pairs=1,frame-order=0.5")
	f.String("method", "", "learning method `NAME`")
	f.String("encoder", "", "encoder `NAME`")
	f.String("init-from", "", "`FILE`, Hugging Face folder or run whose encoder to start from")
	f.Int("steps", 0, "`N` steps to train; excludes --epochs")
	f.Int("epochs", 0, "`N` passes over the data; excludes --steps")
	f.Int("batch", 0, "`N` videos in a step")
	f.Uint64("seed", 0, "`N` from which all randomness follows")
	f.Int("workers", 0, "`N` decoders (default: cores); results do not depend on it")
	f.Bool("isolate", false, "decode in worker processes: a file that crashes one costs that file")
	f.Int("threads", 0, "`N` threads of training (default: cores)")
	f.String("precision", "", "`NAME` of the arithmetic: "+strings.Join(device.Precisions(), " or "))
	f.String("device", "", "`NAME` of the device to train on")
	f.Int("checkpoint-every", 0, "`N` steps between checkpoints")
	f.String("check", "", "`HOW` to look at every file first: auto, full (decode) or index")
	f.StringArrayVar(&c.set, "set", nil, "`KEY=VALUE` of any setting, such as media.frames=16; may be repeated")
	f.BoolVarP(&c.Verbose, "verbose", "v", false, "tell all that --init-from found and did not find")
	f.BoolVar(&c.Resume, "resume", false, "continue the run in --out")
	f.BoolVar(&c.JSON, "json", false, "print JSON alone on stdout")
	cmd.Flags().SortFlags = false
	f.VisitAll(func(flag *pflag.Flag) {
		if len(names) == 0 || slices.Contains(names, flag.Name) {
			cmd.Flags().AddFlag(flag)
		}
	})
	completeCommonFlags(cmd)
	return c
}

// noResume are all common flags but --resume, for commands that end in no run.
func noResume() []string {
	names := slices.Collect(maps.Keys(flagPaths))
	return append(names, "config", "set", "json")
}

// load resolves the configuration of a command. Weights to start from that say
// which encoder they hold are the weakest source.
func (c *commonFlags) load(cmd *cobra.Command) (*configs.Config, error) {
	cfg, err := c.loadOver(cmd, configs.Source{})
	if err != nil || cfg.InitFrom == "" {
		return cfg, err
	}
	return c.loadOver(cmd, configs.Source{Base: encoderSettings(cfg.InitFrom)})
}

// loadOver is load with weaker sources given: Preset and File of src hold where
// --config sets neither.
func (c *commonFlags) loadOver(cmd *cobra.Command, src configs.Source) (*configs.Config, error) {
	given := configs.Source{}
	for _, arg := range c.config {
		before := given
		if err := given.Use(arg); err != nil {
			return nil, usageError{err}
		}
		if before.Preset != "" && given.Preset != before.Preset || before.File != "" && given.File != before.File {
			return nil, usageError{fmt.Errorf("--config is given twice for %s: want at most one preset and one file", arg)}
		}
	}
	if given.Preset != "" {
		src.Preset = given.Preset
	}
	if given.File != "" {
		src.File = given.File
	}
	flags, err := changedFlags(cmd.Flags())
	if err != nil {
		return nil, err
	}
	src.Env, src.Set, src.Flags, src.Sections = os.Environ(), c.set, flags, sections()
	cfg, err := configs.Load(src)
	if err != nil {
		return nil, err
	}
	fitMethod(cfg)
	return cfg, nil
}

// fitMethod chooses the method of a task that is learned by one of its own,
// where no source names one, or only a preset or file whose task is not the one
// of the command line. A task that is unknown is found out later.
func fitMethod(cfg *configs.Config) {
	if here, given := cfg.Given["method"]; here || given && !cfg.Given["task"] {
		return
	}
	parts, err := pretext.ParseTask(pretext.Builtin(), cfg.Task)
	if err != nil || len(parts) != 1 {
		return
	}
	for _, e := range methods.Builtin() {
		if e.DefaultFor == parts[0].Name {
			cfg.Method = e.Name
		}
	}
}

// changedFlags returns the settings given as flags, by path.
func changedFlags(f *pflag.FlagSet) (map[string]any, error) {
	out := map[string]any{}
	var failed error
	f.Visit(func(flag *pflag.Flag) {
		path, ok := flagPaths[flag.Name]
		if !ok {
			return
		}
		value, err := flagValue(f, flag)
		if err != nil {
			failed = err
		}
		out[path] = value
	})
	return out, failed
}

func flagValue(f *pflag.FlagSet, flag *pflag.Flag) (any, error) {
	switch flag.Value.Type() {
	case "int":
		return f.GetInt(flag.Name)
	case "uint64":
		return f.GetUint64(flag.Name)
	case "bool":
		return f.GetBool(flag.Name)
	case "stringSlice":
		return f.GetStringSlice(flag.Name)
	case "stringToString":
		return f.GetStringToString(flag.Name)
	}
	return f.GetString(flag.Name)
}

// sections collects the settings that methods and tasks declare.
func sections() configs.Sections {
	out := configs.Sections{}
	for _, e := range pretext.Builtin() {
		if e.Section != "" {
			out[e.Section] = e.Config
		}
	}
	for _, e := range methods.Builtin() {
		if e.Section != "" {
			out[e.Section] = e.Config
		}
	}
	return out
}

// completeCommonFlags tells the shell what flags can be.
func completeCommonFlags(cmd *cobra.Command) {
	var presets []string
	for _, p := range configs.Presets() {
		presets = append(presets, p.Name+"\t"+p.Doc)
	}
	keys, _ := configs.Keys(sections()) // completion offers nothing where it fails
	for i, key := range keys {
		keys[i] = key + "="
	}
	for flag, values := range map[string][]string{
		"check":   {configs.CheckAuto, configs.CheckFull, configs.CheckIndex},
		"encoder": encoder.Builtin().Names(),
		"format":  dataset.FormatNames(),
		"method":  methods.Builtin().Names(),
		"task":    pretext.Builtin().Names(),
	} {
		complete(cmd, flag, values, cobra.ShellCompDirectiveNoFileComp)
	}
	complete(cmd, "config", presets, cobra.ShellCompDirectiveDefault)
	complete(cmd, "set", keys, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp)
}

func complete(cmd *cobra.Command, flag string, values []string, directive cobra.ShellCompDirective) {
	// The error says that the flag does not exist, which the next line would show.
	_ = cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
		var out []string
		for _, v := range values {
			if strings.HasPrefix(v, prefix) {
				out = append(out, v)
			}
		}
		return out, directive
	})
}
