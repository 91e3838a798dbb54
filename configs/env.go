package configs

import (
	"fmt"
	"slices"
	"strings"
)

// envPrefix opens the name of every variable: CLVID_MEDIA_FRAMES is media.frames.
const envPrefix = "CLVID_"

// reservedEnv are variables of the program and its tests that are no settings.
var reservedEnv = []string{"CLVID_CACHE", "CLVID_GOLDEN", "CLVID_ONEDNN", "CLVID_PYTHON", "CLVID_SHARED"}

// fromEnv reads lines of NAME=value, such as os.Environ gives. Viper's own
// environment is not used: it ignores variables that name no key, and guesses
// lists from text.
func (s *schema) fromEnv(environ []string) ([]entry, error) {
	paths := s.envNames()
	var out []entry
	for _, line := range slices.Sorted(slices.Values(environ)) {
		name, text, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(reservedEnv, name) {
			continue
		}
		switch found := paths[name]; len(found) {
		case 0:
			return nil, s.unknownEnv(name)
		case 1:
			e, err := s.textEntry(found[0], name, text)
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		default:
			return nil, fmt.Errorf("configs: %s: may mean %s: use --set or a file", name, strings.Join(found, " or "))
		}
	}
	return out, nil
}

// envNames maps variables to the settings that they may mean.
func (s *schema) envNames() map[string][]string {
	out := map[string][]string{}
	for _, path := range s.keys() {
		name := envName(path)
		out[name] = append(out[name], path)
	}
	return out
}

func envName(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}
