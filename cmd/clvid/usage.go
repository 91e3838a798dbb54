package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/clvid/clvid/internal/registry"
)

// noArgs refuses arguments; for a command with subcommands it names the nearest.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if len(names) == 0 {
		return usageError{fmt.Errorf("%s: unexpected argument %q", cmd.CommandPath(), args[0])}
	}
	return usageError{fmt.Errorf("unknown command %q for %s%s: want one of %s",
		args[0], cmd.CommandPath(), registry.Hint(args[0], names), strings.Join(names, ", "))}
}

// oneArg wants exactly one argument, called what.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError{fmt.Errorf("%s: %d arguments, want one: %s", cmd.CommandPath(), len(args), what)}
		}
		return nil
	}
}

// needFlag is the error of a flag that must be given.
func needFlag(cmd *cobra.Command, name string) error {
	usage := strings.ReplaceAll(cmd.Flag(name).Usage, "`", "") // they mark the value's name
	return usageError{fmt.Errorf("%s: --%s is needed: %s", cmd.CommandPath(), name, usage)}
}

// flagError names the flag that is nearest to an unknown one.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError{err}
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	hint := strings.Replace(registry.Hint(unknown.GetSpecifiedName(), names), `"`, `"--`, 1)
	return usageError{fmt.Errorf("%s: %w%s", cmd.CommandPath(), err, hint)}
}

// writeJSON prints one value, indented, with a line end.
func writeJSON(w io.Writer, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", data)
	return err
}
