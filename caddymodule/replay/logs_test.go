package replay

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/doorward/doorward/config"
)

// failures are n failed logins of a client, so far apart, of which 10 pass.
func failures(n int, client string, from time.Time, apart time.Duration) string {
	var b strings.Builder
	for i := range n {
		at := from.Add(time.Duration(i) * apart)
		fmt.Fprintf(&b, `%s - - [%s] "POST /login HTTP/1.1" 401 5 "-" "agent"`+"\n", client, at.Format("02/Jan/2006:15:04:05 -0700"))
	}
	return b.String()
}

var newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// logs replays combined logs as JSON and returns the lines and the summary.
func logs(t *testing.T, files ...file) ([]lineOut, Summary, error) {
	t.Helper()
	out, err := replay(t, RunOptions{Options: Options{Open: true}, Format: FormatCombined, JSON: true}, files...)
	var sum Summary
	lines := parse(t, out)
	if len(lines) == 0 {
		return nil, sum, err
	}
	_, last, _ := strings.Cut(out, `{"summary"`)
	if jerr := json.Unmarshal([]byte(`{"summary"`+last), &sum); jerr != nil {
		t.Fatal(jerr)
	}
	return lines[:len(lines)-1], sum, err
}

func packGzip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func packZstd(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

func TestLogsArePackedInManyWays(t *testing.T) {
	t.Parallel()
	text := failures(15, "192.0.2.1", newYear, 5*time.Second)
	half := len(text) / 2
	for name, packed := range map[string]string{
		"plain":                 text,
		"gzip":                  packGzip(t, text),
		"gzip in two members":   packGzip(t, text[:half]) + packGzip(t, text[half:]),
		"zstd":                  packZstd(t, text),
		"with a byte order":     "\xef\xbb\xbf" + text,
		"with Windows endings":  strings.ReplaceAll(text, "\n", "\r\n"),
		"without a last ending": strings.TrimSuffix(text, "\n"),
	} {
		lines, sum, err := logs(t, file{name, packed})
		if err != nil || len(lines) != 15 || lines[9].Verdict != config.AnswerAllow || lines[10].Verdict != config.AnswerLimit || len(sum.Unreadable) > 0 {
			t.Errorf("%s: %d lines (%v), %+v", name, len(lines), err, sum)
		}
	}
}

func TestWhatCannotBeUnpackedIsSaid(t *testing.T) {
	t.Parallel()
	text := failures(3000, "192.0.2.1", newYear, 5*time.Second)
	packed := packGzip(t, text)
	for name, c := range map[string]struct {
		packed, want string
		read         bool
	}{
		"gzip cut in half":     {packed[:len(packed)/2], "the gzip file is cut off here", true},
		"gzip damaged inside":  {packed[:len(packed)/2] + "\xff\xff\xff\xff" + packed[len(packed)/2+4:], "the gzip file is damaged here", true},
		"gzip without a file":  {packed[:4], "unpacking gzip", false},
		"zstd cut in half":     {packZstd(t, text)[:60], "the zstd file is cut off here", false},
		"xz, which nobody can": {"\xfd7zXZ\x00 and so on", "xz -dc", false},
		"zip, which is a box":  {"PK\x03\x04 and so on", "unzip -p", false},
	} {
		lines, _, err := logs(t, file{"access.log", c.packed})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "access.log") {
			t.Errorf("%s: error %v, want the file named and %q", name, err, c.want)
		}
		if c.read && len(lines) < 100 {
			t.Errorf("%s: %d lines were played, want those before the damage", name, len(lines))
		}
	}
}

func TestALineThatCannotBeReadLosesNoOther(t *testing.T) {
	t.Parallel()
	one := strings.SplitAfter(failures(15, "192.0.2.1", newYear, 5*time.Second), "\n")[:15]
	rubbish := []string{"rubbish\n", "\x00\x01\xff\xfe\n", strings.Repeat("x", maxLine+1) + "\n", strings.Repeat("\xff", 3*maxLine) + "\n", "\n"}
	var b strings.Builder
	for i, line := range one {
		b.WriteString(line)
		b.WriteString(rubbish[i%len(rubbish)])
	}
	lines, sum, err := logs(t, file{"access.log", b.String()})
	if err != nil || len(lines) != 15 || sum.Lines != 15 || sum.Attempts != 15 || len(sum.Unreadable) != 12 {
		t.Fatalf("%d lines, summary %+v (%v)", len(lines), sum, err)
	}
	for i, l := range lines {
		if l.Line != 2*i+1 || l.Verdict.LetsThrough() != (i < 10) {
			t.Errorf("line %d: %+v", 2*i+1, l)
		}
	}
	if u := sum.Unreadable[2]; u.File != "access.log" || u.Line != 6 || !strings.Contains(u.Why, "longer than") {
		t.Errorf("the huge line is named %+v", u)
	}
}

func TestUnreadableLinesAreNamedUpToABound(t *testing.T) {
	t.Parallel()
	_, sum, err := logs(t, file{"access.log", strings.Repeat("rubbish\n", maxNamed+50)})
	if err != nil || len(sum.Unreadable) != maxNamed || sum.Unnamed != 50 {
		t.Errorf("%d named and %d not (%v), want %d and 50", len(sum.Unreadable), sum.Unnamed, err, maxNamed)
	}
}

func TestLogsInAnyOrderArePlayedInThatOfTheirTimes(t *testing.T) {
	t.Parallel()
	whole := failures(40, "192.0.2.1", newYear, 20*time.Second)
	lines := strings.SplitAfter(whole, "\n")
	part := func(from, to, step int) (text string) {
		for i := from; i < to; i += step {
			text += lines[i]
		}
		return text
	}
	want, _, err := logs(t, file{"all", whole})
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string][]file{
		"rotated":               {{"log.1", part(20, 40, 1)}, {"log.2.gz", packGzip(t, part(0, 20, 1))}},
		"of two servers":        {{"a", part(0, 40, 2)}, {"b", part(1, 40, 2)}},
		"of three, rotated":     {{"b.1", part(1, 40, 3)}, {"a.1", part(21, 40, 3)}, {"c", part(2, 40, 3)}, {"a.2", part(0, 21, 3)}},
		"one of them empty":     {{"a", part(10, 40, 1)}, {"empty", ""}, {"b", part(0, 10, 1)}},
		"one with a wrong time": {{"a", part(0, 20, 2) + failures(1, "192.0.2.9", newYear.AddDate(1, 0, 0), 0) + part(20, 40, 2)}, {"b", part(1, 40, 2)}},
		"one begins by it":      {{"a", failures(1, "192.0.2.9", newYear.AddDate(1, 0, 0), 0) + part(10, 40, 1)}, {"b", part(0, 10, 1)}},
		"one begins by rubbish": {{"a", "rubbish\n" + part(10, 40, 1)}, {"b", part(0, 10, 1)}},
	} {
		got, _, err := logs(t, files...)
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %d lines (%v)", name, len(got), err)
			continue
		}
		for i := range want {
			if got[i].Verdict != want[i].Verdict {
				t.Errorf("%s: attempt %d is answered %s, want %s", name, i+1, got[i].Verdict, want[i].Verdict)
			}
		}
	}
}

func TestTimesThatCannotBeRight(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return failures(1, "192.0.2.1", newYear.Add(d), 0) }
	page := strings.Replace(at(0), "POST /login HTTP/1.1\" 401", "GET / HTTP/1.1\" 200", 1)
	for name, c := range map[string]struct {
		text       string
		unreadable int
		want       string
	}{
		"a little late":           {at(time.Minute) + at(0) + at(2*time.Minute), 0, ""},
		"a long download":         {at(5*time.Hour) + page + at(5*time.Hour), 0, ""},
		"three long downloads":    {at(5*time.Hour) + at(5*time.Hour) + page + page + page + at(5*time.Hour), 0, ""},
		"two logs in a wrong row": {at(5*time.Hour) + at(5*time.Hour) + at(0) + at(time.Hour) + at(6*time.Hour), 2, "time runs backwards"},
		"one line of next year":   {at(0) + at(9000*time.Hour) + at(time.Minute) + at(time.Hour), 1, "ahead of the lines around it"},
		"a quiet night":           {at(0) + at(9*time.Hour), 0, ""},
	} {
		lines, sum, err := logs(t, file{"access.log", c.text})
		if err != nil || len(sum.Unreadable) != c.unreadable || len(lines) != strings.Count(c.text, "\n")-c.unreadable {
			t.Errorf("%s: %d lines, %+v (%v)", name, len(lines), sum.Unreadable, err)
			continue
		}
		if c.unreadable > 0 && !strings.Contains(sum.Unreadable[0].Why, c.want) {
			t.Errorf("%s: %s, want %q", name, sum.Unreadable[0].Why, c.want)
		}
	}
}

func TestAWrongTimeAtTheEndOfABatch(t *testing.T) {
	t.Parallel()
	for _, before := range []int{batchLines - 2, batchLines - 1, batchLines} {
		text := failures(before, "192.0.2.1", newYear, time.Second) + failures(1, "192.0.2.2", newYear.AddDate(1, 0, 0), 0) +
			failures(10, "192.0.2.1", newYear.Add(time.Hour), time.Second)
		lines, sum, err := logs(t, file{"access.log", text})
		if err != nil || len(sum.Unreadable) != 1 || len(lines) != before+10 {
			t.Errorf("behind %d lines: %d lines, %d unreadable (%v)", before, len(lines), len(sum.Unreadable), err)
		}
	}
}

func TestHistoryIsLearnedUnlessTheLoopIsClosed(t *testing.T) {
	t.Parallel()
	// Eleven failures close the door; then the right password comes, and the
	// wrong one again. What the log says of it is learned only when it came in.
	text := failures(11, "192.0.2.1", newYear, 5*time.Second) +
		strings.Replace(failures(1, "192.0.2.1", newYear.Add(time.Minute), 0), "- - [", "- bob [", 1)
	text = strings.ReplaceAll(text, `bob [01/Jan/2026:00:01:00 +0000] "POST /login HTTP/1.1" 401`, `bob [01/Jan/2026:00:01:00 +0000] "GET /a HTTP/1.1" 200`)
	for open, want := range map[bool]int{true: 1, false: 0} {
		player, err := New(Options{Open: open})
		if err != nil {
			t.Fatal(err)
		}
		run, err := NewRun(RunOptions{Options: Options{Open: open}, Format: FormatCombined, JSON: true, Out: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		run.player = player
		learned := 0
		player.landed = nil
		if err := run.Logs([]Log{{Name: "a", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}}); err != nil {
			t.Fatal(err)
		}
		for _, f := range player.flights {
			if f.attempt != nil && f.outcome.Result == "success" {
				learned++
			}
		}
		if learned != want {
			t.Errorf("open %t: %d successes are on their way to be learned, want %d", open, learned, want)
		}
	}
}

func TestWhatFollowsIsLearned(t *testing.T) {
	t.Parallel()
	// An office: without the page that follows, each of these logins would count
	// a little, and forty of them would be too many.
	var b strings.Builder
	for i := range 48 {
		for _, v := range []visit{
			{12 * i, "192.0.2.1", "POST /login", 302},
			{12 * i, "192.0.2.2", "GET /", 200}, // somebody else
			{12*i + 1, "192.0.2.1", "GET /home", 200},
		} {
			b.WriteString(v.line() + "\n")
		}
	}
	_, sum, err := logs(t, file{"access.log", b.String()})
	if err != nil || sum.Attempts != 48 || len(sum.Detections) > 0 {
		t.Errorf("%d good logins, detections %v (%v), want 48 and none", sum.Attempts, sum.Detections, err)
	}
}

func TestFlightsAreBounded(t *testing.T) {
	t.Parallel()
	player, err := New(Options{Open: true})
	if err != nil {
		t.Fatal(err)
	}
	r, err := read(t, FormatCombined, strings.TrimSpace(failures(1, "192.0.2.1", newYear, 0)))
	if err != nil {
		t.Fatal(err)
	}
	r.line.Latency = time.Minute
	if player.most != maxFlights {
		t.Errorf("%d attempts may be in flight, want %d", player.most, maxFlights)
	}
	player.most = 100
	for range 1000 {
		if _, err := player.Play(r.line); err != nil {
			t.Fatal(err)
		}
	}
	if len(player.flights) != 100 {
		t.Errorf("%d attempts are in flight, want 100", len(player.flights))
	}
}

func TestProgressTellsPeople(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := NewProgress(&out, 1000)
	now := p.began
	p.now = func() time.Time { return now }
	p.tell(0, progressLines-1)
	now = now.Add(10 * time.Second)
	p.tell(250, 1)
	if got, want := out.String(), "\r\x1b[K25 %, 4096 lines, 410 lines/s, 30s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	out.Reset()
	p.done()
	if got := out.String(); got != "\r\x1b[K" {
		t.Errorf("at the end the line is left as %q", got)
	}
	var nobody *Progress
	nobody.tell(1, 1)
	nobody.done()
}
