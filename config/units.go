package config

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a time.Duration that reads and writes "90s", "10m", "24h" or
// "7d" in JSON. A bare JSON number is nanoseconds, as in Caddy's own JSON.
type Duration time.Duration

// ParseDuration reads a duration; besides Go's units it knows d (24 hours), by
// itself or in front of the others: 7d, 1.5d, 1d12h.
func ParseDuration(s string) (Duration, error) {
	errInvalid := fmt.Errorf("invalid duration %q; write something like 90s, 10m, 24h or 7d", s)
	var total time.Duration
	rest := s
	if days, after, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		// The negated comparison is also true for NaN; a century is beyond
		// anything an operator can mean and far from overflow.
		if err != nil || !(math.Abs(n) <= 36500) {
			return 0, errInvalid
		}
		if after == "" {
			return Duration(n * 24 * float64(time.Hour)), nil
		}
		total, rest = time.Duration(n*24*float64(time.Hour)), after
	}
	d, err := time.ParseDuration(rest)
	if err != nil || (total != 0 && (d < 0 || total < 0 || total+d < total)) {
		return 0, errInvalid
	}
	return Duration(total + d), nil
}

// Longest is the longest window a rate may have and the longest time a sanction
// may last.
const Longest = Duration(31 * 24 * time.Hour)

// Std returns d as a time.Duration.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes whole days as 7d, else Go's notation without zero parts.
func (d Duration) String() string {
	const day = Duration(24 * time.Hour)
	if d >= day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalJSON writes the notation of String.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads a string or a number of nanoseconds.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var n int64
	if json.Unmarshal(b, &n) == nil {
		*d = Duration(n)
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("a duration is a string like \"10m\" or a number of nanoseconds, not %s", b)
	}
	v, err := ParseDuration(s)
	*d = v
	return err
}

// Size is a number of bytes that reads "64KiB", "1MB" or a bare number.
type Size int64

var sizeUnits = []struct {
	suffix string
	factor int64
}{
	{"kib", 1 << 10},
	{"mib", 1 << 20},
	{"gib", 1 << 30},
	{"kb", 1000},
	{"mb", 1000 * 1000},
	{"gb", 1000 * 1000 * 1000},
	{"k", 1 << 10},
	{"m", 1 << 20},
	{"g", 1 << 30},
	{"b", 1},
}

// ParseSize reads a size. KiB, MiB and GiB are powers of 1024, KB, MB and GB
// powers of 1000, a bare number is bytes.
func ParseSize(s string) (Size, error) {
	text, factor := strings.ToLower(strings.TrimSpace(s)), int64(1)
	for _, u := range sizeUnits {
		if n, ok := strings.CutSuffix(text, u.suffix); ok {
			text, factor = strings.TrimSpace(n), u.factor
			break
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > (1<<62)/factor {
		return 0, fmt.Errorf("invalid size %q; write something like 64KiB, 1MB or 65536", s)
	}
	return Size(n * factor), nil
}

// MarshalJSON writes the number of bytes.
func (s Size) MarshalJSON() ([]byte, error) { return json.Marshal(int64(s)) }

// UnmarshalJSON reads a number of bytes or a string with a unit.
func (s *Size) UnmarshalJSON(b []byte) error {
	var n int64
	if json.Unmarshal(b, &n) == nil {
		*s = Size(n)
		return nil
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return fmt.Errorf("a size is a string like \"64KiB\" or a number of bytes, not %s", b)
	}
	v, err := ParseSize(text)
	*s = v
	return err
}

// Rate is "n per window", written 20/10m.
type Rate struct {
	// N is how many are let through in a window. At least 1.
	N int `json:"n"`
	// Window is the length of the sliding window. At least one second.
	Window Duration `json:"window"`
}

// ParseRate reads 20/10m.
func ParseRate(s string) (Rate, error) {
	count, window, ok := strings.Cut(s, "/")
	if !ok {
		return Rate{}, fmt.Errorf("invalid rate %q; write a number and a window like 20/10m", s)
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return Rate{}, fmt.Errorf("invalid rate %q: %q is no whole number; write something like 20/10m", s, count)
	}
	w, err := ParseDuration(window)
	if err != nil {
		return Rate{}, fmt.Errorf("invalid rate %q: %w", s, err)
	}
	r := Rate{N: n, Window: w}
	return r, r.Validate()
}

// Validate refuses rates that nothing or everything would pass, or that the
// counters cannot hold.
func (r Rate) Validate() error {
	switch {
	case r.N < 1:
		return fmt.Errorf("impossible rate %s: it lets nothing through; write at least 1", r)
	case r.N > 10000:
		return fmt.Errorf("impossible rate %s: counters hold at most 10000; write a smaller number or a shorter window", r)
	case r.Window < Duration(time.Second):
		return fmt.Errorf("impossible rate %s: the window is shorter than a second; write at least 1s", r)
	case r.Window > Longest:
		return fmt.Errorf("impossible rate %s: the window is longer than 31 days; write at most 31d", r)
	}
	return nil
}

// String writes 20/10m.
func (r Rate) String() string { return strconv.Itoa(r.N) + "/" + r.Window.String() }

// IsZero reports whether the rate is unset.
func (r Rate) IsZero() bool { return r == Rate{} }

// Secret is a text that shows as REDACTED wherever it is printed by fmt. Its
// JSON keeps the text, because a configuration must survive a round trip:
// write {env.NAME} or {file.PATH} instead of the value itself.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "REDACTED"
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// validate refuses a secret that can be guessed. A placeholder is judged once it
// has been replaced, which is not here. The error never holds the secret.
func (s Secret) validate() error {
	if s == "" || len(s) >= 32 || strings.HasPrefix(string(s), "{") {
		return nil
	}
	return fmt.Errorf("only %d bytes; write at least 32, best as {env.DOORWARD_SECRET} or {file./path}", len(s))
}
