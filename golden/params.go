package golden

import (
	"encoding/json"
	"fmt"
)

// Params are the settings of a case.
type Params map[string]json.RawMessage

// Op is the operation that the case names, "" where it names none.
func (p Params) Op() string {
	op, _ := Get[string](p, "op")
	return op
}

// Has tells whether all keys are there.
func (p Params) Has(keys ...string) bool {
	for _, k := range keys {
		if _, ok := p[k]; !ok {
			return false
		}
	}
	return true
}

// Get decodes one setting.
func Get[T any](p Params, key string) (T, error) {
	var v T
	text, ok := p[key]
	if !ok {
		return v, fmt.Errorf("params.%s is missing", key)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return v, fmt.Errorf("params.%s: %w", key, err)
	}
	return v, nil
}

// GetOr decodes one setting that may be absent.
func GetOr[T any](p Params, key string, otherwise T) (T, error) {
	if !p.Has(key) {
		return otherwise, nil
	}
	return Get[T](p, key)
}

// Decode fills the fields that v, a pointer to a struct, names. Other settings
// are left alone.
func (p Params) Decode(v any) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("params: %w", err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("params: %w", err)
	}
	return nil
}
