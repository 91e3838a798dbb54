package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/checkpoint"
)

// initFile is the report of --init-from in a run's folder.
const initFile = "init.json"

// initial is the checkpoint that an encoder starts from.
type initial struct {
	file   *checkpoint.File
	report *checkpoint.Report // of fill, nil before
	whole  bool               // every tensor of the encoder must be there
	passed bool               // the run has its own state: nothing is filled any more
}

// weightsPath is the file of weights of a run's folder, and any other path
// itself.
func weightsPath(path string) string {
	if exists(filepath.Join(path, configFile)) {
		return filepath.Join(path, train.WeightsFile)
	}
	return path
}

// openInitial opens a checkpoint for an encoder. Where the file says which
// encoder it holds, that must be the one of the settings.
func openInitial(cfg *configs.Config) (*initial, error) {
	file, err := checkpoint.Open(weightsPath(cfg.InitFrom))
	if err != nil {
		return nil, err
	}
	if holds := file.Metadata["encoder"]; file.Metadata["format"] == formatName && holds != cfg.Encoder {
		return nil, errors.Join(fmt.Errorf("%s holds encoder %s, and the settings say %s: use --encoder %s, or other weights",
			file.Path, holds, cfg.Encoder, holds), file.Close())
	}
	return &initial{file: file}, nil
}

// initial opens the checkpoint that the settings name; nil where they name none,
// and where a run goes on from a state of its own in dir and it is not there any
// more.
func (s *session) initial(dir string, resume bool) (*initial, error) {
	if s.cfg.InitFrom == "" {
		return nil, nil
	}
	resumed := resume && dir != "" && exists(filepath.Join(dir, train.StateFile))
	init, err := openInitial(s.cfg)
	if err != nil && resumed {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	init.passed = resumed
	return init, nil
}

// sum tells the weights that a run starts from apart from others.
func (i *initial) sum(cfg *configs.Config) (string, error) {
	switch {
	case cfg.InitFrom == "":
		return train.InitRandom, nil
	case i == nil: // not at hand any more
		return "", nil
	}
	return i.file.Sum()
}

// filler is fill, where there is something to fill.
func (i *initial) filler() func(*nn.Store) error {
	if i == nil || i.passed {
		return nil
	}
	return i.fill
}

// fill copies the encoder's tensors into a store.
func (i *initial) fill(store *nn.Store) (err error) {
	i.report, err = i.file.Match(methods.Wanted(store, methods.EncoderPrefix), "")
	if err != nil {
		return err
	}
	check := i.report.Refusal
	if i.whole {
		check = i.report.Complete
	}
	if err := check(); err != nil {
		return err
	}
	return methods.Fill(store, methods.EncoderPrefix, i.file, i.report)
}

// tell prints the report, in one line or whole.
func (i *initial) tell(w io.Writer, verbose bool) {
	if i == nil || i.report == nil {
		return
	}
	text := i.report.Line()
	if verbose {
		text = i.report.String()
	}
	fmt.Fprintf(w, "encoder from %s\n", text)
}

// write keeps the report in a run's folder.
func (i *initial) write(dir string) error {
	if i == nil || i.report == nil {
		return nil
	}
	data, err := i.report.JSON()
	if err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join(dir, initFile), append(data, '\n')); err != nil {
		return fmt.Errorf("report of --init-from: %w", err)
	}
	return nil
}

func (i *initial) close() error {
	if i == nil {
		return nil
	}
	return i.file.Close()
}

// formatName marks files of weights that say what encoder they hold.
const formatName = "clvid"

// encoderMetadata says in a file of weights which encoder they are of, and with
// which options, as far as these differ from those of the published encoder.
func encoderMetadata(cfg *configs.Config) map[string]string {
	out := map[string]string{"format": formatName, "encoder": cfg.Encoder}
	published := encoderOptions(configs.Default(nil))
	for key, value := range encoderOptions(cfg) {
		if value != published[key] {
			out[optionPrefix+key] = fmt.Sprint(value)
		}
	}
	return out
}

const optionPrefix = "encoder_"

// encoderOptions are the settings under encoder_options.
func encoderOptions(cfg *configs.Config) map[string]any {
	settings, err := cfg.Map()
	if err != nil {
		panic(err) // settings that were read can be written
	}
	options, _ := settings["encoder_options"].(map[string]any)
	return options
}

// encoderSettings are the settings of encoderMetadata as YAML; nil for files
// that do not have them, or are not there.
func encoderSettings(path string) []byte {
	file, err := checkpoint.Open(weightsPath(path))
	if err != nil {
		return nil // whoever needs the file will tell
	}
	defer file.Close()
	if file.Metadata["format"] != formatName || file.Metadata["encoder"] == "" {
		return nil
	}
	var options []string
	for _, key := range slices.Sorted(maps.Keys(file.Metadata)) {
		if option, ok := strings.CutPrefix(key, optionPrefix); ok {
			options = append(options, option+": "+file.Metadata[key])
		}
	}
	return fmt.Appendf(nil, "encoder: %s\nencoder_options: {%s}\n", file.Metadata["encoder"], strings.Join(options, ", "))
}
