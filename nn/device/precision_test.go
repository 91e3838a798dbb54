package device

import (
	"strings"
	"testing"
)

func TestPrecisionNames(t *testing.T) {
	for want, name := range Precisions() {
		got, err := ParsePrecision(name)
		if err != nil || got != Precision(want) || got.String() != name {
			t.Errorf("%s is read as %v, %v", name, got, err)
		}
	}
	if _, err := ParsePrecision("fp16"); err == nil || !strings.Contains(err.Error(), `"fp16": want f32 or bf16`) {
		t.Errorf("fp16: %v", err)
	}
}
