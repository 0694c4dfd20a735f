package caddymodule

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// TestDetectionPageSaysTheDefaults: whoever changes a threshold or adds a
// detection changes what operators read about it.
func TestDetectionPageSaysTheDefaults(t *testing.T) {
	t.Parallel()
	pages := map[string]string{}
	for _, file := range []string{"docs/detection.md", "README.md", "Caddyfile.example"} {
		text, err := os.ReadFile("../" + file)
		if err != nil {
			t.Fatal(err)
		}
		pages[file] = string(text)
	}
	for _, d := range config.Detections {
		if !strings.Contains(pages["docs/detection.md"], "| `"+string(d)+"` |") {
			t.Errorf("docs/detection.md has no row for %s", d)
		}
	}
	for _, name := range config.ThresholdNames {
		defaults := config.DefaultThresholds
		// The pages write a day as 24h.
		line := strings.Replace(fmt.Sprintf("%s %s", name, defaults.Rate(name)), "/1d", "/24h", 1)
		for _, file := range []string{"docs/detection.md", "README.md"} {
			if !strings.Contains(pages[file], "`"+line+"`") {
				t.Errorf("%s does not say `%s`", file, line)
			}
		}
		if !strings.Contains(pages["Caddyfile.example"], "\n\t\tthreshold "+line+"\n") {
			t.Errorf("Caddyfile.example does not say `threshold %s`", line)
		}
	}
}
