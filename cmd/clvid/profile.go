package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/nn/plan"
)

// slowestKernels is how many kernels a profile lists one by one.
const slowestKernels = 20

// profileTables shows where the time of steps went that took so many seconds on
// average: by kind of kernel, and the slowest kernels. What no kernel took is
// the optimizer's.
func profileTables(p *plan.Profile, step float64) string {
	kinds := eval.NewTable("kind", "kernels", "ms", "share", "MB", "GB/s")
	for _, k := range p.Kinds() {
		kinds.AppendRow(table.Row{k.Kind, k.Steps, millis(k.Seconds), percent(k.Share), fmt.Sprintf("%.1f", megabytes(k.Bytes)), rate(k.Bytes, k.Seconds)})
	}
	kinds.Style().Format.Footer = text.FormatDefault
	kinds.AppendFooter(table.Row{"all kernels", len(p.Steps), millis(p.Seconds()), "", "", ""})
	nodes := eval.NewTable("kernel", "value", "layout", "ms", "share", "MB", "GB/s")
	for _, s := range p.Slowest()[:min(slowestKernels, len(p.Steps))] {
		nodes.AppendRow(table.Row{kernelName(s.Name), shapeText(s.Shape), s.Layout, millis(s.Seconds), percent(s.Seconds / p.Seconds()), fmt.Sprintf("%.1f", megabytes(s.Bytes)), rate(s.Bytes, s.Seconds)})
	}
	return fmt.Sprintf("%s\nThe step takes %s ms; %s ms of it are the optimizer's and the machine's.\n\n%s\n%s",
		kinds.Render(), millis(step), millis(max(0, step-p.Seconds())), nodes.Render(), leftOut(len(p.Steps)))
}

// leftOut tells how many of so many kernels the table of the slowest leaves out.
func leftOut(kernels int) string {
	if kernels <= slowestKernels {
		return ""
	}
	return fmt.Sprintf("The other %d kernels are left out here: --profile FILE has all %d in its trace, --json in its profile.\n", kernels-slowestKernels, kernels)
}

// kernelName keeps operation, first leaf and number of a long name.
func kernelName(name string) string {
	fields := strings.Fields(name)
	rest := slices.IndexFunc(fields, func(f string) bool { return strings.HasPrefix(f, "#") })
	if len(name) <= 60 || rest < 3 {
		return name
	}
	return strings.Join(append(append(fields[:2:2], "…"), fields[rest:]...), " ")
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func millis(seconds float64) string { return fmt.Sprintf("%.2f", 1e3*seconds) }

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// rate is how fast memory was read and written, in GB/s.
func rate(bytes int64, seconds float64) string {
	if seconds <= 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", float64(bytes)/seconds/1e9)
}
