package config

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want time.Duration
		fail bool
	}{
		{text: "90s", want: 90 * time.Second},
		{text: "1h30m", want: 90 * time.Minute},
		{text: "7d", want: 7 * 24 * time.Hour},
		{text: "1.5d", want: 36 * time.Hour},
		{text: "1d12h", want: 36 * time.Hour},
		{text: "-10m", want: -10 * time.Minute},
		{text: "", fail: true},
		{text: "10", fail: true},
		{text: "d", fail: true},
		{text: "NaNd", fail: true},
		{text: "Infd", fail: true},
		{text: "1e300d", fail: true},
		{text: "36500d999999h", want: 36500*24*time.Hour + 999999*time.Hour},
		{text: "36500d2500000h", fail: true}, // beyond 292 years
		{text: "1d-1h", fail: true},
		{text: "1dx", fail: true},
	}
	for _, test := range tests {
		got, err := ParseDuration(test.text)
		if (err != nil) != test.fail || (err == nil && got.Std() != test.want) {
			t.Errorf("%q: %v, error %v; want %v, error %t", test.text, got.Std(), err, test.want, test.fail)
		}
	}
}

func TestDurationIsWrittenAsItIsRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"90s", "10m", "1h30m", "36h", "7d", "1d", "1.5s", "0s"} {
		d, err := ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseDuration(d.String())
		if err != nil || again != d {
			t.Errorf("%s is written %s, which is read as %v, error %v", text, d, again.Std(), err)
		}
	}
	if got := Duration(24 * time.Hour).String(); got != "1d" {
		t.Errorf("a day is written %s", got)
	}
}

func TestDurationJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Duration{`"10m"`: Duration(10 * time.Minute), `600000000000`: Duration(10 * time.Minute)} {
		var d Duration
		if err := json.Unmarshal([]byte(text), &d); err != nil || d != want {
			t.Errorf("%s: %v, error %v", text, d, err)
		}
	}
	for _, text := range []string{`"soon"`, `true`, `{}`, `1.5`} {
		var d Duration
		if err := json.Unmarshal([]byte(text), &d); err == nil {
			t.Errorf("%s was read as %v", text, d)
		}
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want Size
		fail bool
	}{
		{text: "65536", want: 65536},
		{text: "64KiB", want: 64 << 10},
		{text: "64k", want: 64 << 10},
		{text: "1MB", want: 1_000_000},
		{text: "1 MiB", want: 1 << 20},
		{text: "10b", want: 10},
		{text: "2GB", want: 2_000_000_000},
		{text: "", fail: true},
		{text: "-1", fail: true},
		{text: "1.5MB", fail: true},
		{text: "KiB", fail: true},
		{text: "9223372036854775807GiB", fail: true},
	}
	for _, test := range tests {
		got, err := ParseSize(test.text)
		if (err != nil) != test.fail || (err == nil && got != test.want) {
			t.Errorf("%q: %d, error %v; want %d, error %t", test.text, got, err, test.want, test.fail)
		}
	}
}

func TestParseRate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want Rate
		fail string
	}{
		{text: "20/10m", want: Rate{20, Duration(10 * time.Minute)}},
		{text: "10000/31d", want: Rate{10000, Longest}},
		{text: "1/1s", want: Rate{1, Duration(time.Second)}},
		{text: "20", fail: "20/10m"},
		{text: "x/10m", fail: "no whole number"},
		{text: "20/soon", fail: "soon"},
		{text: "0/10m", fail: "write at least 1"},
		{text: "-1/10m", fail: "write at least 1"},
		{text: "10001/10m", fail: "at most 10000"},
		{text: "1/999ms", fail: "write at least 1s"},
		{text: "1/32d", fail: "write at most 31d"},
	}
	for _, test := range tests {
		got, err := ParseRate(test.text)
		if test.fail != "" {
			if err == nil || !strings.Contains(err.Error(), test.fail) {
				t.Errorf("%q: error %v; want it to say %q", test.text, err, test.fail)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%q: %v, error %v", test.text, got, err)
		}
	}
}

func TestSecretShowsNowhere(t *testing.T) {
	t.Parallel()
	app := App{Secret: "hunter2"}
	for _, shown := range []string{fmt.Sprint(app), fmt.Sprintf("%+v", app), fmt.Sprintf("%#v", app), fmt.Sprint(app.Secret), fmt.Sprint(app.Validate())} {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("the secret is shown: %s", shown)
		}
	}
	text, err := json.Marshal(app)
	if err != nil || !strings.Contains(string(text), "hunter2") {
		t.Errorf("the configuration does not survive a round trip: %s, error %v", text, err)
	}
}

func FuzzUnits(f *testing.F) {
	for _, s := range []string{"90s", "1d12h", "1e300d", "NaNd", "64KiB", "20/10m", "9/9d9h", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDuration(s); err == nil {
			if again, err := ParseDuration(d.String()); err != nil || again != d {
				t.Errorf("%q is written %q, read again as %v, error %v", s, d, again, err)
			}
		}
		if n, err := ParseSize(s); err == nil && n < 0 {
			t.Errorf("%q is %d bytes", s, n)
		}
		if r, err := ParseRate(s); err == nil && (r.N < 1 || r.Window < Duration(time.Second)) {
			t.Errorf("%q is %v", s, r)
		}
	})
}
