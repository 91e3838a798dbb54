package main

import (
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/pretext"
)

// listed is one entry of a registry.
type listed struct {
	Name     string `json:"name"`
	Doc      string `json:"doc"`
	Settings string `json:"settings,omitempty"` // section of its settings
}

func newList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list tasks, methods, encoders, samplers, augmentations, optimizers, formats or presets",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	asJSON := cmd.PersistentFlags().Bool("json", false, "print JSON")
	for _, kind := range []struct {
		name, short string
		entries     func() []listed
	}{
		{"tasks", "pretext tasks, for --task", listTasks},
		{"methods", "learning methods, for --method", listMethods},
		{"encoders", "encoders of clips and images, for --encoder", listEncoders},
		{"text-encoders", "text encoders, for clvid convert and clvid export so far", listTextEncoders},
		{"formats", "layouts of data sets, for --format", listFormats},
		{"optimizers", "optimizers, for --set optimizer.name=", listOptimizers},
		{"samplers", "ways to cut clips from a video", listSamplers},
		{"augmentations", "how views of a clip differ, in this order", listAugmentations},
		{"presets", "embedded settings, for --config", listPresets},
	} {
		cmd.AddCommand(&cobra.Command{
			Use: kind.name, Short: kind.short, Args: noArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return showListed(cmd, kind.entries(), *asJSON) },
		})
	}
	return cmd
}

func listTasks() (out []listed) {
	for _, e := range pretext.Builtin() {
		out = append(out, listed{e.Name, e.Doc, e.Section})
	}
	return out
}

func listMethods() (out []listed) {
	for _, e := range methods.Builtin() {
		out = append(out, listed{e.Name, e.Doc, e.Section})
	}
	return out
}

func listEncoders() (out []listed) {
	for _, e := range encoder.Builtin() {
		out = append(out, listed{e.Name, e.Doc, "encoder_options"})
	}
	return out
}

func listTextEncoders() (out []listed) {
	for _, e := range encoder.BuiltinText() {
		out = append(out, listed{Name: e.Name, Doc: e.Doc})
	}
	return out
}

func listFormats() (out []listed) {
	for _, f := range dataset.Formats() {
		out = append(out, listed{Name: f.Name, Doc: f.Doc})
	}
	return out
}

func listOptimizers() (out []listed) {
	for _, name := range optim.Names() {
		out = append(out, listed{name, optim.Doc(name), "optimizer"})
	}
	return out
}

func listSamplers() (out []listed) {
	for _, s := range media.Samplers() {
		out = append(out, listed{s.Name, s.Doc, s.Setting})
	}
	return out
}

func listAugmentations() []listed {
	out := []listed{
		{"crop", "a part resized (torchvision, Inception), or a square of a scaled picture", "augment.crop_rule"},
		{"flip", "a mirror image", "augment.flip"},
	}
	for _, a := range media.Augmentations() {
		out = append(out, listed{a.Name, a.Doc, a.Setting})
	}
	return out
}

func listPresets() (out []listed) {
	for _, p := range configs.Presets() {
		out = append(out, listed{Name: p.Name, Doc: p.Doc})
	}
	return out
}

func showListed(cmd *cobra.Command, entries []listed, asJSON bool) error {
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), entries)
	}
	t := plainTable()
	for _, e := range entries {
		row := table.Row{e.Name, e.Doc}
		if e.Settings != "" {
			row = append(row, "settings: "+e.Settings)
		}
		t.AppendRow(row)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), t.Render())
	return err
}

// plainTable aligns columns without lines, so that other programs can read it.
func plainTable() table.Writer {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = 0
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	return t
}
