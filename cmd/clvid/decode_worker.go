package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media/isolate"
)

// decodeWorker is the hidden subcommand that openDecoder starts.
const decodeWorker = "decode-worker"

// workerCommand starts this very program, also where its file was replaced
// since.
func workerCommand(d configs.Decode) []string {
	settings, err := json.Marshal(d)
	if err != nil {
		return nil // numbers and truths always become JSON; Open would say what is missing
	}
	return []string{"/proc/self/exe", decodeWorker, string(settings)}
}

// workerMemory is what a worker may take in all, in bytes.
func workerMemory(d configs.Decode) int64 { return int64(d.WorkerMB) << 20 }

func newDecodeWorker() *cobra.Command {
	return &cobra.Command{
		Use:    decodeWorker + " SETTINGS",
		Short:  "decode for the process that started this one (decode.isolate)",
		Hidden: true,
		Args:   oneArg("settings as JSON; the program starts this by itself"),
		RunE: func(_ *cobra.Command, args []string) error {
			var d configs.Decode
			if err := json.Unmarshal([]byte(args[0]), &d); err != nil {
				return usageError{fmt.Errorf("%s: settings: %w", decodeWorker, err)}
			}
			if err := d.Validate(); err != nil {
				return usageError{err}
			}
			return isolate.Work(newDecoder(d), workerMemory(d))
		},
	}
}
