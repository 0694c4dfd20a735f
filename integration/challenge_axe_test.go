package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// checkAccess runs axe-core on the page: what it finds serious or critical is an
// error, by every rule for WCAG 2.2 up to AA and its best practices.
func (p *page) checkAccess(t *testing.T, what string) {
	t.Helper()
	if err := nodeInstalled[axeDir](); err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join(axeDir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.evaluate(t, string(axe)+"; 0"); err != nil {
		t.Fatal(err)
	}
	result, err := p.evaluate(t, `axe.run({ resultTypes: ['violations'] }).then((r) => JSON.stringify({
		passed: r.passes.length,
		found: r.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => v.id + ': ' + v.help + ' ' + v.nodes.map((n) => n.html)),
	}))`)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Passed int
		Found  []string
	}
	text, _ := result.(string)
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		t.Fatalf("reading what axe says, %q: %v", text, err)
	}
	if report.Passed < 10 {
		t.Errorf("%s: axe has looked at %d rules only", what, report.Passed)
	}
	for _, found := range report.Found {
		t.Errorf("%s: %s", what, found)
	}
}
