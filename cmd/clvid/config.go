package main

import (
	"github.com/spf13/cobra"
)

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "print all settings as a command with the same flags would see them",
		Long: `Prints all settings as YAML, as a command with the same flags would see them:
defaults, then the preset, the file, the environment (CLVID_MEDIA_FRAMES for
media.frames) and flags, the later the stronger. What a setting means stands
behind it.`,
		Example: "  clvid config --config weizmann --set media.frames=16 > mine.yaml",
		Args:    noArgs,
	}
	flags := addCommonFlags(cmd, noResume()...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := flags.load(cmd)
		if err != nil {
			return err
		}
		if flags.JSON {
			settings, err := cfg.Map()
			if err != nil {
				return err
			}
			return writeJSON(cmd.OutOrStdout(), settings)
		}
		data, err := cfg.Explained()
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(data)
		return err
	}
	return cmd
}
