package eval

import (
	"fmt"
	"testing"
)

func TestTiesAppendedErrors(t *testing.T) {
	if _, err := TiesAppended(NewMatrix(1, 2)); fmt.Sprint(err) != "eval: retrieval: similarities (1, 2), want a square" {
		t.Error(err)
	}
	if _, _, err := MultiSentence(NewMatrix(1, 2), []int{5}); err == nil {
		t.Error("took a caption of no video")
	}
}
