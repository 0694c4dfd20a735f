package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

func play(t *testing.T, format Format, open bool, input string) (string, error) {
	t.Helper()
	out, err := replay(t, RunOptions{Options: Options{Open: open}, Format: format, JSON: true}, file{"input", input})
	return out, err
}

// file is a log that a test wrote.
type file struct{ name, text string }

// replay runs files and returns what was printed.
func replay(t testing.TB, o RunOptions, files ...file) (string, error) {
	t.Helper()
	var out bytes.Buffer
	o.Out = &out
	run, err := NewRun(o)
	if err != nil {
		t.Fatal(err)
	}
	if o.Format == FormatEvents {
		if err := run.Events(files[0].name, strings.NewReader(files[0].text)); err != nil {
			return out.String(), err
		}
		err = run.Finish()
		return out.String(), err
	}
	logs := make([]Log, 0, len(files))
	for _, f := range files {
		open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(f.text)), nil }
		logs = append(logs, Log{Name: f.name, Open: open, Again: true})
	}
	if err := run.Logs(logs); err != nil {
		return out.String(), err
	}
	err = run.Finish()
	return out.String(), err
}

// guesses are n wrong passwords a second apart, answered after latency.
func guesses(n int, latency int) string {
	var b strings.Builder
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range n {
		fmt.Fprintf(&b, `{"time":%q,"kind":"login","route":"/login","ip":"203.0.113.7","identity":{"email":"a@x.test"},"credential":"c%d","outcome":"failure","latency_ms":%d}`+"\n",
			at.Add(time.Duration(i)*time.Second).Format(time.RFC3339Nano), i, latency)
	}
	return b.String()
}

type lineOut struct {
	Line      int              `json:"line"`
	Verdict   config.Answer    `json:"verdict"`
	Detection config.Detection `json:"detection"`
	Summary   bool             `json:"summary"`
	Lines     int              `json:"lines"`
	Attempts  int              `json:"attempts"`
}

func parse(t *testing.T, out string) []lineOut {
	t.Helper()
	var list []lineOut
	for text := range strings.Lines(out) {
		var l lineOut
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		list = append(list, l)
	}
	return list
}

func TestEventsAreAnsweredLineByLine(t *testing.T) {
	t.Parallel()
	for name, latency := range map[string]int{"answered at once": 0, "answered after a minute": 60_000} {
		out, err := play(t, FormatEvents, false, guesses(15, latency))
		if err != nil {
			t.Fatal(err)
		}
		lines := parse(t, out)
		if len(lines) != 16 || !lines[15].Summary || lines[15].Lines != 15 || lines[15].Attempts != 15 {
			t.Fatalf("%s: %d lines, last %+v", name, len(lines), lines[len(lines)-1])
		}
		for i, l := range lines[:15] {
			if l.Line != i+1 || l.Verdict.LetsThrough() != (i < 10) {
				t.Errorf("%s: line %d is answered %+v", name, i+1, l)
			}
		}
	}
}

func TestFlushBeforeTheNextLineIsRead(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	run, err := NewRun(RunOptions{Format: FormatEvents, JSON: true, Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	in := &watched{lines: strings.SplitAfter(guesses(3, 0), "\n"), out: &out, t: t}
	if err := run.Events("-", in); err != nil {
		t.Fatal(err)
	}
}

// watched fails when a line is asked for before the last one was answered.
type watched struct {
	lines []string
	given int
	out   *bytes.Buffer
	t     *testing.T
}

func (w *watched) Read(p []byte) (int, error) {
	if answered := strings.Count(w.out.String(), "\n"); answered != w.given {
		w.t.Errorf("line %d was read when %d were answered", w.given+1, answered)
	}
	if w.given == 3 {
		return 0, io.EOF
	}
	w.given++
	return copy(p, w.lines[w.given-1]), nil
}

func TestBadLinesOfEventsEndTheRun(t *testing.T) {
	t.Parallel()
	good := guesses(1, 0)
	for name, c := range map[string]struct{ line, want string }{
		"no JSON":          {"{", "reading JSON"},
		"no time":          {`{"kind":"login","ip":"1.2.3.4"}`, "RFC 3339"},
		"unknown kind":     {`{"time":"2026-01-02T03:04:06Z","kind":"logon","ip":"1.2.3.4"}`, "logon"},
		"no address":       {`{"time":"2026-01-02T03:04:06Z","kind":"login","ip":"x"}`, "no address"},
		"unknown outcome":  {`{"time":"2026-01-02T03:04:06Z","kind":"login","ip":"1.2.3.4","outcome":"maybe"}`, "maybe"},
		"time backwards":   {`{"time":"2026-01-01T03:04:06Z","kind":"login","ip":"1.2.3.4"}`, "backwards"},
		"negative latency": {`{"time":"2026-01-02T03:04:06Z","kind":"login","ip":"1.2.3.4","latency_ms":-1}`, "latency_ms"},
		"identity no map":  {`{"time":"2026-01-02T03:04:06Z","kind":"login","ip":"1.2.3.4","identity":7}`, "identity"},
		"line without end": {strings.Repeat("x", maxLine+5), "longer than"},
	} {
		_, err := play(t, FormatEvents, false, good+c.line+"\n")
		if err == nil || !strings.Contains(err.Error(), "input:2") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want the line named and %q", name, err, c.want)
		}
	}
}

const caddyLogin = `{"level":"info","ts":%d.5,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"127.0.0.1","client_ip":"203.0.113.7","proto":"HTTP/2.0","method":"POST","host":"x.test","uri":"/login","headers":{"Content-Type":["application/x-www-form-urlencoded"]}},"duration":0.05,"status":%d,"resp_headers":{"Content-Type":["text/html"]}}` + "\n"

func TestCaddyLog(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 15 {
		fmt.Fprintf(&b, caddyLogin, 1_770_000_000+5*i, 401)
	}
	b.WriteString("not a line of a log\n")
	b.WriteString(`{"level":"info","ts":1770000080,"msg":"something else"}` + "\n\n")
	fmt.Fprintf(&b, `{"ts":1770000090,"request":{"client_ip":"203.0.113.9","method":"GET","uri":"/","headers":{}},"status":401,"resp_headers":{"Www-Authenticate":["Basic"]}}`+"\n")
	out, err := play(t, FormatCaddy, true, b.String())
	if err != nil {
		t.Fatal(err)
	}
	lines := parse(t, out)
	through := 0
	for _, l := range lines[:15] {
		if l.Verdict.LetsThrough() {
			through++
		}
	}
	if through != 10 {
		t.Errorf("%d of 15 failed logins would have passed, want 10", through)
	}
	if last := lines[len(lines)-1]; last.Attempts != 15 || last.Lines != 17 {
		t.Errorf("summary %+v, want 15 attempts in 17 readable lines: a 401 without credentials is none", last)
	}
	if !strings.Contains(out, `"line":16`) || !strings.Contains(out, `"file":"input"`) {
		t.Error("the unreadable line is not named")
	}
}

func TestCombinedLog(t *testing.T) {
	t.Parallel()
	for name, prefix := range map[string]string{"plain": "", "behind syslog": "Sep 15 16:13:46 web-1 nginx[2869]: "} {
		var b strings.Builder
		for i := range 15 {
			fmt.Fprintf(&b, `%s203.0.113.7 - - [15/Sep/2021:16:%02d:%02d +0200] "POST /login HTTP/1.1" 200 5364 "-" "Mozilla/5.0"`+"\n", prefix, i/4, 15*(i%4))
		}
		b.WriteString("rubbish\n")
		out, err := play(t, FormatCombined, true, b.String())
		if err != nil {
			t.Fatal(err)
		}
		lines := parse(t, out)
		if last := lines[len(lines)-1]; last.Attempts != 15 {
			t.Errorf("%s: %d attempts, want 15", name, last.Attempts)
		}
		if lines[14].Verdict.LetsThrough() || !lines[9].Verdict.LetsThrough() {
			t.Errorf("%s: the form shown again 15 times: line 10 %q, line 15 %q", name, lines[9].Verdict, lines[14].Verdict)
		}
	}
}

func TestProbeIsScoredAndLeavesNoTrace(t *testing.T) {
	t.Parallel()
	probe := strings.ReplaceAll(guesses(9, 0), `"latency_ms":0`, `"latency_ms":0,"probe":true`)
	later := strings.ReplaceAll(guesses(10, 0), "03:04:", "03:05:")
	out, err := play(t, FormatEvents, false, probe+later)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range parse(t, out)[:19] {
		if !l.Verdict.LetsThrough() {
			t.Errorf("line %d was refused: probes were counted", l.Line)
		}
	}
}

func TestTimesOfCaddyLogs(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 2, 2, 2, 40, 0, 0, time.UTC)
	for _, raw := range []string{
		"1770000000", "1770000000000", "1770000000000000000", `"2026-02-02T02:40:00Z"`, `"2026/02/02 02:40:00.000"`, `"2026-02-02T02:40:00.000+0000"`,
	} {
		got, err := caddyTime(json.RawMessage(raw))
		if err != nil || !got.Equal(want) {
			t.Errorf("%s reads as %s (%v), want %s", raw, got, err, want)
		}
	}
	for _, raw := range []string{"", "null", `"02:40"`, "-5", "{}"} {
		if got, err := caddyTime(json.RawMessage(raw)); err == nil {
			t.Errorf("%q reads as %s", raw, got)
		}
	}
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte(guesses(1, 5)))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := ParseEvent(text)
		if err == nil && (l.Latency < 0 || l.Latency > maxLatency || len(l.Identities) > 2) {
			t.Errorf("line out of bounds: %+v", l)
		}
	})
}

func TestADelayedAttemptIsLongerUnderWay(t *testing.T) {
	t.Parallel()
	site := config.Site{Policies: []config.Policy{{On: string(config.BruteForce), Answer: config.AnswerDelay}}}
	site.Thresholds.Source = config.Rate{N: 1, Window: config.Duration(10 * time.Minute)}
	site.Delay.First, site.Delay.Longest = config.Duration(20*time.Second), config.Duration(20*time.Second)
	player, err := New(Options{Site: site})
	if err != nil {
		t.Fatal(err)
	}
	var due []time.Duration
	player.landed = func(l *Line, v *Verdict, _ recognize.Outcome) { due = append(due, l.Latency) }
	for i := range 2 {
		l := Line{Time: newYear, Kind: config.KindLogin, Addr: netip.MustParseAddr("192.0.2.1"), Latency: time.Second, Credential: fmt.Sprint(i)}
		l.Outcome.Result = recognize.Failure
		if _, err := player.Play(l); err != nil {
			t.Fatal(err)
		}
	}
	player.End()
	if want := []time.Duration{time.Second, 21 * time.Second}; !slices.Equal(due, want) {
		t.Errorf("the attempts were under way for %v, want %v", due, want)
	}
}
