// Clvid learns from video without labels. This command is thin: a file for each
// subcommand turns flags into settings and calls one library.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/nn/device/cpu"
)

// Exit statuses, as the help documents them.
const (
	exitOK          = 0
	exitError       = 1
	exitUsage       = 2
	exitInterrupted = 3
	exitCancelled   = 130
)

const rootHelp = `clvid learns from video without labels: videos in, a trained 3-D encoder and a
table of what it is worth out.

Exit status: 0 done, 1 an error, 2 wrong usage, 3 interrupted by a signal with
a checkpoint written (--resume continues), 130 interrupted with nothing to save.`

func main() {
	if trains(os.Args[1:]) {
		if err := cpu.EnsureEnvironment(); err != nil {
			fmt.Fprintf(os.Stderr, "clvid: %v\n", err)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the program at once, however long the first takes.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// trains tells whether a command line runs a network. Its threads must wait
// passively, for which the program may have to start again: nothing may have
// been printed yet.
func trains(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{"bench", "demo", "eval", "finetune", "pretrain"}, args[0])
}

// run is the whole program; it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	status := exitStatus(err)
	if err != nil {
		fmt.Fprintf(stderr, "clvid: %v\n", err)
	}
	if status == exitUsage {
		fmt.Fprintln(stderr, "Run `clvid --help`, or any command with --help.")
	}
	return status
}

// newRoot builds the command tree. A subcommand is one file and one line here.
func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "clvid",
		Short:         "contrastive learning on video",
		Long:          rootHelp,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.AddCommand(
		newBench(),
		newConfig(),
		newConvert(),
		newData(),
		newDecodeWorker(),
		newDemo(),
		newEval(),
		newExport(),
		newFinetune(),
		newFrames(),
		newInspect(),
		newList(),
		newPrepare(),
		newPretrain(),
		newPreview(),
		newSound(),
		newSynth(),
		newVersion(),
	)
	return root
}

// usageError is a mistake in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// interrupted is a run that a signal ended after its checkpoint was written.
type interrupted struct{ error }

func (e interrupted) Unwrap() error { return e.error }

// cancelled is a command that a signal ended, with nothing to save.
type cancelled struct{ error }

func (e cancelled) Unwrap() error { return e.error }

func exitStatus(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, new(usageError)), errors.As(err, new(*configs.FlagError)), errors.As(err, new(*dataset.QueryError)):
		return exitUsage
	case errors.As(err, new(interrupted)):
		return exitInterrupted
	case errors.As(err, new(cancelled)), errors.Is(err, context.Canceled):
		return exitCancelled
	}
	return exitError
}
