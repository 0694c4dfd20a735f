package intel

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func entries(s *Set) []string {
	var out []string
	for p := range s.Prefixes() {
		out = append(out, string(appendEntry(nil, p)))
	}
	return out
}

func TestParseReads(t *testing.T) {
	t.Parallel()
	twenty := strings.Repeat("192.0.2.1\n", 19)
	tests := []struct {
		name, in   string
		want       []string
		unreadable int
	}{
		{"one address per line", "192.0.2.1\n2001:db8::1\n", []string{"192.0.2.1", "2001:db8::1"}, 0},
		{"ranges", "192.0.2.0/24\n2001:db8::/32\n", []string{"192.0.2.0/24", "2001:db8::/32"}, 0},
		{"host bits are cleared", "192.0.2.9/24\n", []string{"192.0.2.0/24"}, 0},
		{"v4-mapped address and range become v4", "::ffff:192.0.2.1\n::ffff:198.51.100.0/120\n", []string{"192.0.2.1", "198.51.100.0/24"}, 0},
		{"repeated lines count once", "192.0.2.1\n192.0.2.1/32\n", []string{"192.0.2.1"}, 0},
		{"comments and blank lines", "# head\n\n; old style\n192.0.2.1 # why\n192.0.2.0/25 ; SBL1\n\t \n", []string{"192.0.2.0/25", "192.0.2.1"}, 0},
		{"CRLF, tabs and trailing spaces", "192.0.2.1  \r\n\t192.0.2.2\t\r\n", []string{"192.0.2.1", "192.0.2.2"}, 0},
		{"byte order mark", "\xef\xbb\xbf192.0.2.1\n", []string{"192.0.2.1"}, 0},
		{"comment that is not UTF-8", "# caf\xe9\n192.0.2.1\n", []string{"192.0.2.1"}, 0},
		{"last line without line feed", "192.0.2.1\n192.0.2.2", []string{"192.0.2.1", "192.0.2.2"}, 0},
		{"last comment without line feed", "192.0.2.1\n# end", []string{"192.0.2.1"}, 0},
		{"shortest ranges that are taken", "10.0.0.0/8\n2001::/16\n", []string{"10.0.0.0/8", "2001::/16"}, 0},
		{"overlapping ranges are covered once", strings.Repeat("10.0.0.0/8\n11.0.0.0/8\n", 100), []string{"10.0.0.0/8", "11.0.0.0/8"}, 0},
		{"one bad line of twenty is skipped", twenty + "192.0.2.256\n", []string{"192.0.2.1"}, 1},
		{
			"exit-addresses", "@type tordnsel 1.0\nDownloaded 2026-01-02 03:04:05\n" +
				"ExitNode 0011BD2485AD45D984EC4159C88FC066E5E3300E\nPublished 2026-01-02 03:04:05\nLastStatus 2026-01-02 04:00:00\n" +
				"ExitAddress 192.0.2.1 2026-01-02 04:05:06\nSomethingNew of 2031\nExitAddress 2001:db8::1 2026-01-02 04:05:06\n",
			[]string{"192.0.2.1", "2001:db8::1"},
			0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set, report, err := Parse(strings.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := entries(set); !slices.Equal(got, tt.want) {
				t.Errorf("entries %v, want %v", got, tt.want)
			}
			if set.Len() != len(tt.want) {
				t.Errorf("Len() = %d, want %d", set.Len(), len(tt.want))
			}
			if report.Unreadable != tt.unreadable {
				t.Errorf("%d unreadable lines, want %d", report.Unreadable, tt.unreadable)
			}
			if report.Unreadable > 0 && report.FirstUnreadable != report.Lines {
				t.Errorf("first unreadable line %d, want %d", report.FirstUnreadable, report.Lines)
			}
		})
	}
}

func slashEights(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d.0.0.0/8\n", i)
	}
	return b.String()
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	good := "192.0.2.1\n192.0.2.2\n"
	tests := []struct {
		name, in string
		reason   Reason
		line     int
		text     string
	}{
		{"nothing", "", ReasonEmpty, 0, "the list is empty"},
		{"only comments", "# nothing today\n\n", ReasonEmpty, 0, "like 192.0.2.7, 192.0.2.0/24, 192.0.2.1-192.0.2.9 or 2001:db8::/32"},
		{"exit-addresses without addresses", "ExitNode AB\nPublished 2026-01-02 03:04:05\n", ReasonEmpty, 0, ""},
		{"HTML", "<!DOCTYPE html>\n<html><body>502</body></html>\n", ReasonHTML, 1, "HTML or XML page"},
		{"HTML after blank lines", "\n\n  <html>", ReasonHTML, 3, ""},
		{"HTML in one long line", "<html>" + strings.Repeat("x", 3*maxLine), ReasonHTML, 1, ""},
		{"HTML after good lines", strings.Repeat(good, 100) + "error<HTML>\n", ReasonHTML, 201, ""},
		{"half a gzip header", "\x1f\x8b\x08\x00", ReasonTruncated, 0, "ended before"},
		{"control bytes", "\x1b[0m192.0.2.1\n", ReasonBinary, 1, "control bytes"},
		{"UTF-16", "\xff\xfe1\x009\x002\x00", ReasonBinary, 1, ""},
		{"NUL in a comment", good + "# \x00\n", ReasonBinary, 3, ""},
		{"prose", "the service\nhas moved\nto another place\n", ReasonUnreadable, 1, "line 1: no address or range, the first of 3 such lines out of 3"},
		{"JSON without an address", "{\n\"a\": 1\n}\n", ReasonEmpty, 0, ""},
		{"one bad line of three", good + "192.0.2.300\n", ReasonUnreadable, 3, "line 3"},
		{"two bad lines of twenty", strings.Repeat("192.0.2.1\n", 18) + "a\nb\n", ReasonUnreadable, 19, ""},
		{"leading zero", "192.0.2.010\n", ReasonUnreadable, 1, ""},
		{"zone", "fe80::1%eth0\n", ReasonUnreadable, 1, ""},
		{"port", "192.0.2.1:443\n", ReasonUnreadable, 1, ""},
		{"reversed range", "192.0.2.9-192.0.2.1\n", ReasonUnreadable, 1, ""},
		{"impossible length", "192.0.2.1/33\n", ReasonUnreadable, 1, ""},
		{"host name, also in letters of elsewhere", "exämple.test\n", ReasonUnreadable, 1, ""},
		{"ExitAddress without an address", "ExitAddress\n", ReasonUnreadable, 1, ""},
		{"ends in the middle of a line", strings.Repeat(good, 100) + "192.0.2", ReasonTruncated, 201, "ends in the middle"},
		{"all of v4", good + "0.0.0.0/0\n", ReasonTooBroad, 3, "a /0 names too much"},
		{"all of v6", "::/0\n", ReasonTooBroad, 1, ""},
		{"v4 /7", "10.0.0.0/7\n", ReasonTooBroad, 1, ""},
		{"v6 /15", "2001::/15\n", ReasonTooBroad, 1, ""},
		{"all of v4, mapped", "::ffff:0.0.0.0/96\n", ReasonTooBroad, 1, ""},
		{"more than all mapped addresses", "::ffff:0:0/90\n", ReasonTooBroad, 1, ""},
		{"the v6 block around mapped addresses", "::/64\n", ReasonTooBroad, 1, ""},
		{"129 blocks of /8", slashEights(129), ReasonTooBroad, 0, "more than half of all IPv4"},
		{"line too long", good + strings.Repeat("1", maxLine) + "\n", ReasonTooLarge, 3, "longer than 4096 bytes"},
		{"comment too long", "#" + strings.Repeat("x", maxLine) + "\n" + good, ReasonTooLarge, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set, _, err := Parse(strings.NewReader(tt.in))
			refused, ok := errors.AsType[*RefusedError](err)
			if !ok {
				t.Fatalf("error %v, want a refusal", err)
			}
			if set != nil {
				t.Error("a refused list has a set")
			}
			if refused.Reason != tt.reason || refused.Line != tt.line {
				t.Errorf("refused as %s in line %d, want %s in line %d", refused.Reason, refused.Line, tt.reason, tt.line)
			}
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %q does not say %q", err, tt.text)
			}
		})
	}
}

func TestParseTakesHalfOfTheAddressSpaceAndNotMore(t *testing.T) {
	t.Parallel()
	if _, _, err := Parse(strings.NewReader(slashEights(128) + "0.0.0.0/9\n0.0.0.0/8\n")); err != nil {
		t.Errorf("128 of 256 blocks, one of them in three ways: %v", err)
	}
	var six strings.Builder
	for i := range 4096 {
		fmt.Fprintf(&six, "%x::/16\n", 0x2000+i)
	}
	if _, _, err := Parse(strings.NewReader(six.String())); err != nil {
		t.Errorf("half of 2000::/3: %v", err)
	}
	if _, _, err := Parse(strings.NewReader(six.String() + "3fff::/16\n")); err == nil {
		t.Error("more than half of 2000::/3 was taken")
	}
}

// repeat is a reader of n copies of a text.
type repeat struct {
	text string
	n    int
	rest string
}

func (r *repeat) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.rest, r.n = r.text, r.n-1
	}
	k := copy(p, r.rest)
	r.rest = r.rest[k:]
	return k, nil
}

func TestParseBounds(t *testing.T) {
	t.Parallel()
	comment := "#" + strings.Repeat("x", 4000) + "\n"
	tests := []struct {
		name string
		in   repeat
		line int
	}{
		{"entries", repeat{text: "192.0.2.1\n", n: MaxEntries + 1}, MaxEntries + 1},
		{"bytes", repeat{text: comment, n: 10 * MaxBytes / len(comment)}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := tt.in
			_, report, err := Parse(&in)
			refused, _ := errors.AsType[*RefusedError](err)
			if refused == nil || refused.Reason != ReasonTooLarge || refused.Line != tt.line {
				t.Fatalf("error %v, want a refusal in line %d", err, tt.line)
			}
			if read := report.Lines * len(in.text); in.text == comment && (read < MaxBytes-len(comment) || read > MaxBytes) {
				t.Errorf("refused after %d bytes", read)
			}
		})
	}
}

func TestParsePassesReadErrorsOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("the wire was cut")
	_, _, err := Parse(io.MultiReader(strings.NewReader("192.0.2.1\n192.0"), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if _, ok := errors.AsType[*RefusedError](err); ok {
		t.Error("a failed transfer counts as a refusal")
	}
}

func TestErrorsDoNotQuoteTheContent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "list.txt")
	if err := os.WriteFile(path, []byte("db_password=hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := CheckFile(path, Layout{})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}

func TestCheckFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	huge := write("huge", "")
	if err := os.Truncate(huge, 2<<30); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, path, want string }{
		{"good", write("good", "192.0.2.1\n"), ""},
		{"missing", filepath.Join(dir, "none"), "does not exist"},
		{"directory", dir, "directory"},
		{"device", os.DevNull, "no regular file"},
		{"bad line", write("bad", "192.0.2.1\nnonsense\n"), "line 2: no address or range"},
		{"empty", write("empty", ""), "empty"},
		{"2 GiB", huge, "larger than 64 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := CheckFile(tt.path, Layout{})
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Count(err.Error(), tt.path) != 1 {
				t.Errorf("error %v, want the path once and %q", err, tt.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"192.0.2.1\n2001:db8::/32\n", "::ffff:192.0.2.0/120 # x\r\n", "<html>", "\x1f\x8b", "\xef\xbb\xbf;\n1.1.1.1",
		"ExitNode A\nExitAddress 192.0.2.1 2026-01-02 03:04:05\nExitAddress \v\n", "@type x\n", "0.0.0.0/0\n", "1.2.3", "::ffff:0:0/90\n",
		"# doorward list 1 {}\n192.0.2.1\n# sha256 00\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		set, report, err := Parse(strings.NewReader(string(in)))
		if err != nil {
			if set != nil {
				t.Fatal("a set and an error")
			}
			return
		}
		if set.Len() < 1 || set.Len() > report.Lines {
			t.Fatalf("%d entries of %d lines", set.Len(), report.Lines)
		}
		for p := range set.Prefixes() {
			if p != p.Masked() || p.Addr().Is4In6() || p.Contains(firstMapped) || p.Addr().Zone() != "" {
				t.Fatalf("entry %v", p)
			}
			if p.Bits() < minBits4 || p.Addr().Is6() && p.Bits() < minBits6 {
				t.Fatalf("broad entry %v", p)
			}
			if !set.Contains(p.Addr()) || p.Addr().Is4() && !set.Contains(netip.AddrFrom16(p.Addr().As16())) {
				t.Fatalf("%v is not found", p)
			}
		}
		again, _, err := Parse(strings.NewReader(strings.Join(entries(set), "\n")))
		if err != nil || !again.Equal(set) {
			t.Fatalf("written and read again: %v", err)
		}
	})
}
