package checkpoint

import (
	"encoding/json"
	"fmt"
)

// stateKey is the metadata key under which a state keeps its JSON.
const stateKey = "clvid.state"

// WriteState writes all that a run needs to continue: tensors (weights,
// optimizer, queues) and info, any JSON value (step, epoch, counters of random
// numbers). The file is a safetensors file; it is written atomically.
func WriteState(path string, tensors []Tensor, info any) error {
	text, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("checkpoint: state %s: %w", path, err)
	}
	return WriteSafetensors(path, tensors, map[string]string{stateKey: string(text)})
}

// ReadState reads what WriteState wrote and decodes info into the value that
// it points to.
func ReadState(path string, info any) (*File, error) {
	f, err := ReadSafetensors(path)
	if err != nil {
		return nil, err
	}
	text, ok := f.Metadata[stateKey]
	if !ok {
		return nil, fmt.Errorf("checkpoint: %s holds tensors but no state of a run: continue from a file called state", path)
	}
	if err := json.Unmarshal([]byte(text), info); err != nil {
		return nil, fmt.Errorf("checkpoint: %s: state: %w", path, err)
	}
	return f, nil
}
