package caddymodule

import (
	"os"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// TestPolicyPageNamesEveryWord: whoever adds a detection, an answer or a
// threshold explains it to the operator.
func TestPolicyPageNamesEveryWord(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	words := append([]string{HeaderVerdict, HeaderDetection, HeaderList, HeaderRisk}, config.ThresholdNames...)
	for _, d := range config.Detections {
		words = append(words, string(d))
	}
	for _, a := range config.Answers {
		words = append(words, string(a))
	}
	for _, word := range words {
		if !strings.Contains(string(text), "| `"+word+"` |") {
			t.Errorf("docs/policy.md has no row for %s", word)
		}
	}
}
