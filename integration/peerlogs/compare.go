package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// replayer answers the lines of a log: the numbers of those that are refused.
type replayer func(format, text string) (refused map[int]bool, err error)

// compare prints a row per verdict and returns how many do not hold.
func compare(w io.Writer, folder string, list []verdict, replay replayer) (failed int, err error) {
	fmt.Fprintf(w, "%-54s %-16s %6s %9s\n", "log", "address", "peer", "doorward")
	for _, v := range list {
		text, err := os.ReadFile(filepath.Join(folder, v.file)) // #nosec G703 -- the folder is what is measured
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return failed, fmt.Errorf("reading a log: %w", err)
		}
		at, err := v.refusedAt(string(text), replay)
		if err != nil {
			return failed, fmt.Errorf("replaying %s: %w", v.file, err)
		}
		result := v.judge(at)
		if result != "" {
			failed++
		}
		name := v.file
		if v.as != "" {
			name += ", " + v.as
		}
		fmt.Fprintf(w, "%-54s %-16s %6s %9s  %s\n", name, v.address, event(v.peer), event(at), result+v.note(result))
	}
	return failed, nil
}

// refusedAt returns at which event of the address it is first refused, 0 when
// never.
func (v verdict) refusedAt(text string, replay replayer) (int, error) {
	lines := strings.SplitAfter(text, "\n")
	if v.change != nil {
		for i, line := range lines {
			lines[i] = v.change(line)
		}
	}
	refused, err := replay(v.format, strings.Join(lines, ""))
	if err != nil {
		return 0, err
	}
	event := 0
	for i, line := range lines {
		if !strings.Contains(line, v.address) {
			continue
		}
		if event++; refused[i+1] {
			return event, nil
		}
	}
	return 0, nil
}

// judge says what is wrong about a refusal at an event, "" when nothing is.
func (v verdict) judge(at int) string {
	quiet := v.quiet != "" || v.peer == 0
	switch {
	case quiet && at > 0:
		return "REFUSED, though it must pass"
	case quiet:
		return ""
	case at == 0:
		return "MISSED"
	case at > v.peer:
		return "LATE"
	}
	return ""
}

func (v verdict) note(result string) string {
	if result == "" && v.quiet != "" {
		return "quiet: " + v.quiet
	}
	return ""
}

func event(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// replayWith replays with a binary, in a folder of its own.
func replayWith(binary string) replayer {
	return func(format, text string) (map[int]bool, error) {
		cmd := exec.Command(binary, "doorward", "replay", "--format", format, "--json", "-") // #nosec G204 G702 -- the binary is what is measured
		cmd.Stdin = strings.NewReader(text)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, err
		}
		return refusals(out)
	}
}

func refusals(out []byte) (map[int]bool, error) {
	refused := map[int]bool{}
	for line := range bytes.Lines(out) {
		var l struct {
			Line    int    `json:"line"`
			Verdict string `json:"verdict"`
		}
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, fmt.Errorf("reading %q: %w", line, err)
		}
		switch l.Verdict {
		case "", "allow", "tag", "delay":
		default:
			refused[l.Line] = true
		}
	}
	return refused, nil
}
