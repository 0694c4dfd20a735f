package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.log"), []byte("1.1.1.1 x\n2.2.2.2 x\n1.1.1.1 y\n\n1.1.1.1 z\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		verdict
		refused map[int]bool
		failed  int
		want    string
	}{
		"in time":           {verdict{address: "1.1.1.1", peer: 2}, map[int]bool{3: true, 5: true}, 0, " 2         2"},
		"late":              {verdict{address: "1.1.1.1", peer: 2}, map[int]bool{5: true}, 1, "LATE"},
		"missed":            {verdict{address: "1.1.1.1", peer: 2}, map[int]bool{2: true}, 1, "MISSED"},
		"quiet":             {verdict{address: "2.2.2.2"}, map[int]bool{1: true}, 0, "-"},
		"not quiet":         {verdict{address: "2.2.2.2"}, map[int]bool{2: true}, 1, "REFUSED"},
		"better than peers": {verdict{address: "1.1.1.1", peer: 2, quiet: "no guess"}, nil, 0, "quiet: no guess"},
	} {
		c.file = "a.log"
		var out strings.Builder
		failed, err := compare(&out, folder, []verdict{c.verdict, {file: "not-there.log"}}, func(string, string) (map[int]bool, error) { return c.refused, nil })
		if err != nil || failed != c.failed || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %d failed (%v), want %d and %q in:\n%s", name, failed, err, c.failed, c.want, out.String())
		}
	}
}

func TestChangesReachTheReplay(t *testing.T) {
	t.Parallel()
	line := `{"request":{"client_ip":"1.1.1.1","headers":{"A":["b"]}}}`
	v := verdict{address: "1.1.1.1", change: withAuthorization}
	_, err := v.refusedAt(line+"\n"+line, func(_, text string) (map[int]bool, error) {
		if strings.Count(text, `{"Authorization":["REDACTED"],"A"`) != 2 {
			t.Errorf("played was %s", text)
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRefusalsOfAnOutput(t *testing.T) {
	t.Parallel()
	got, err := refusals([]byte(`{"line":1,"verdict":"allow"}
{"line":2,"verdict":"limit"}
{"line":3,"verdict":"tag"}
{"line":4,"verdict":"challenge"}
{"summary":true}
`))
	if err != nil || len(got) != 2 || !got[2] || !got[4] {
		t.Errorf("refused are %v (%v), want 2 and 4", got, err)
	}
	if _, err := refusals([]byte("rubbish\n")); err == nil {
		t.Error("rubbish is taken for an answer")
	}
}
