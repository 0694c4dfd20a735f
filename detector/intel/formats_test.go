package intel

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func packed(tb testing.TB, text string) string {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

const onionoo = `{"version":"8.0","relays_published":"2031-01-02 03:00:00",
"relays":[
{"nickname":"exit","or_addresses":["192.0.2.1:9001","[2001:db8::1]:9001"],"flags":["Exit","Fast"],"last_seen":"2031-01-02 03:00:00",
 "exit_policy_summary":{"accept":["80","443"]}},
{"nickname":"middle","or_addresses":["192.0.2.2:443"],"flags":["Fast","Guard"],"last_seen":"2031-01-02 03:00:00"},
{"nickname":"elsewhere","or_addresses":["192.0.2.3:443"],"exit_addresses":["198.51.100.3"],"flags":["Fast"]}
],"bridges":[{"nickname":"b","or_addresses":["10.1.2.3:1"]}]}`

func TestFormatsAreRecognised(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in   string
		layout     Layout
		format     config.ListFormat
		want       []string
		unreadable int
	}{
		{"text", "192.0.2.1\n", Layout{}, config.FormatText, []string{"192.0.2.1"}, 0},
		{"text with a comma in a comment", "192.0.2.1 # a, b\n", Layout{}, config.FormatText, []string{"192.0.2.1"}, 0},
		{
			"ranges from first to last", "192.0.2.1-192.0.2.6\n2001:db8::-2001:db8::3\n",
			Layout{},
			config.FormatText,
			[]string{"192.0.2.1", "192.0.2.2/31", "192.0.2.4/31", "192.0.2.6", "2001:db8::/126"},
			0,
		},
		{"range with spaces, of one address", "192.0.2.1 - 192.0.2.1\n", Layout{}, config.FormatText, []string{"192.0.2.1"}, 0},
		{"gzip", packed(t, "192.0.2.1\n"), Layout{}, config.FormatText, []string{"192.0.2.1"}, 0},
		{"gzip of two members", packed(t, "192.0.2.1\n") + packed(t, "192.0.2.2\n"), Layout{}, config.FormatText, []string{"192.0.2.1", "192.0.2.2"}, 0},
		{"CSV with a header", "name,ip_address,why\nx,192.0.2.1,\"a, b\"\ny,2001:db8::1,c\n", Layout{}, config.FormatCSV, []string{"192.0.2.1", "2001:db8::1"}, 0},
		{"CSV without a header", "AS1,192.0.2.0/24,x\nAS2,198.51.100.7,y\n", Layout{}, config.FormatCSV, []string{"192.0.2.0/24", "198.51.100.7"}, 0},
		{
			"CSV with an unknown header", "what,where\nx,192.0.2.1\ny,192.0.2.2\n" + strings.Repeat("z,192.0.2.3\n", 20),
			Layout{},
			config.FormatCSV,
			[]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"},
			1,
		},
		{"CSV by tabs, CRLF and BOM", "\xef\xbb\xbfip\tname\r\n192.0.2.1\tx\r\n", Layout{}, config.FormatCSV, []string{"192.0.2.1"}, 0},
		{"CSV of ranges", "start_ip,end_ip,country\n192.0.2.0,192.0.2.255,NL\n", Layout{}, config.FormatCSV, []string{"192.0.2.0/24"}, 0},
		{"CSV by semicolons, if it is said", "\"ip\";\"n\"\n\"192.0.2.1\";\"a\"\n", Layout{Format: config.FormatCSV}, config.FormatCSV, []string{"192.0.2.1"}, 0},
		{"CSV column by name", "ip,exit\n192.0.2.1,192.0.2.9\n", Layout{Field: "Exit"}, config.FormatCSV, []string{"192.0.2.9"}, 0},
		{"CSV column by number", "192.0.2.1,192.0.2.9\n", Layout{Field: "2"}, config.FormatCSV, []string{"192.0.2.9"}, 0},
		{"CSV column by number below a header", "a,b\n192.0.2.1,192.0.2.9\n", Layout{Field: "2"}, config.FormatCSV, []string{"192.0.2.9"}, 0},
		{"CSV with quotes in quotes", "x,\"a \"\"b\"\", c\",192.0.2.1\n", Layout{}, config.FormatCSV, []string{"192.0.2.1"}, 0},
		{"JSON array", `["192.0.2.1", "2001:db8::/32"]`, Layout{}, config.FormatJSON, []string{"192.0.2.1", "2001:db8::/32"}, 0},
		{
			"JSON of a cloud", `{"syncToken":"1","prefixes":[{"ip_prefix":"192.0.2.0/24","region":"eu"}],"ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/32"}]}`,
			Layout{},
			config.FormatJSON,
			[]string{"192.0.2.0/24", "2001:db8::/32"},
			0,
		},
		{
			"JSON of another", `{"creationTime":"x","prefixes":[{"ipv4Prefix":"192.0.2.0/24"},{"ipv6Prefix":"2001:db8::/32"}]}`,
			Layout{},
			config.FormatJSON,
			[]string{"192.0.2.0/24", "2001:db8::/32"},
			0,
		},
		{"JSON with words in arrays", `{"hooks":["192.0.2.0/24"],"domains":["x.test"],"n":[1,true,null]}`, Layout{}, config.FormatJSON, []string{"192.0.2.0/24"}, 0},
		{"JSON key", `{"a":["192.0.2.1"],"b":{"c":["192.0.2.2"],"ip":"192.0.2.3"}}`, Layout{Field: "c"}, config.FormatJSON, []string{"192.0.2.2"}, 0},
		{"JSON lines", "{\"ip\":\"192.0.2.1\"}\n{\"ip\":\"192.0.2.2\"}\n", Layout{}, config.FormatJSON, []string{"192.0.2.1", "192.0.2.2"}, 0},
		{"Onionoo", onionoo, Layout{}, config.FormatOnionoo, []string{"192.0.2.1", "192.0.2.3", "198.51.100.3", "2001:db8::1"}, 0},
		{
			"Onionoo's summary", `{"relays":[{"n":"x","f":"AB","a":["192.0.2.1","2001:db8::1"],"r":true}],"bridges":[]}`,
			Layout{Format: config.FormatOnionoo},
			config.FormatOnionoo,
			[]string{"192.0.2.1", "2001:db8::1"},
			0,
		},
		{"gzip of JSON", packed(t, `["192.0.2.1"]`), Layout{}, config.FormatJSON, []string{"192.0.2.1"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set, report, err := tt.layout.Parse(strings.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := entries(set); !slices.Equal(got, tt.want) {
				t.Errorf("entries %v, want %v", got, tt.want)
			}
			if report.Format != tt.format || report.Unreadable != tt.unreadable {
				t.Errorf("read as %s with %d unreadable, want %s with %d", report.Format, report.Unreadable, tt.format, tt.unreadable)
			}
		})
	}
}

func TestFormatsAreRefused(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("\"192.0.2.1\",\n", 100)
	tests := []struct {
		name, in string
		layout   Layout
		reason   Reason
		line     int
		text     string
	}{
		{"UTF-16 with its mark", "\xff\xfe1\x009\x002\x00", Layout{}, ReasonBinary, 1, "write the list as UTF-8"},
		{"UTF-16, the other way round", "\xfe\xff\x001\x009", Layout{}, ReasonBinary, 1, "write the list as UTF-8"},
		{"a host name of elsewhere in JSON", `["exämple.test"]`, Layout{}, ReasonUnreadable, 1, ""},
		{"full-width digits", "１９２.0.2.1\n", Layout{}, ReasonUnreadable, 1, ""},
		{"reversed range", "192.0.2.9-192.0.2.1\n", Layout{}, ReasonUnreadable, 1, ""},
		{"range from one family to the other", "192.0.2.1-2001:db8::1\n", Layout{}, ReasonUnreadable, 1, ""},
		{"range of everybody", "0.0.0.0-255.255.255.255\n", Layout{}, ReasonTooBroad, 1, "a /0"},
		{"everybody in JSON, on its line", "[" + many + "\"::/0\"]", Layout{}, ReasonTooBroad, 101, "a /0"},
		{"everybody in CSV", "ip,x\n0.0.0.0/0,y\n", Layout{}, ReasonTooBroad, 2, ""},
		{"JSON cut off", "[" + many, Layout{}, ReasonTruncated, 0, "before it is complete"},
		{"JSON cut in a string", "[" + many + "\"192.0", Layout{}, ReasonTruncated, 0, "before it is complete"},
		{"no JSON", "[" + many + "oops]", Layout{}, ReasonUnreadable, 101, "no JSON"},
		{"bad strings of JSON, on their line", "[\"192.0.2.1\",\n\"192.0.2.300\"]", Layout{}, ReasonUnreadable, 2, ""},
		{"JSON too deep", strings.Repeat("[", 40), Layout{}, ReasonTooLarge, 1, "deeper than 32"},
		{"a string of JSON too long", `["` + strings.Repeat("x", 3*maxLine) + `"]`, Layout{}, ReasonTooLarge, 1, "longer than 4096"},
		{"a number of JSON too long", `[` + strings.Repeat("1", 3*maxLine) + `]`, Layout{}, ReasonTooLarge, 1, "longer than 4096"},
		{"white space of JSON too long", `["192.0.2.1",` + strings.Repeat(" ", 3*maxLine) + `"192.0.2.2"]`, Layout{}, ReasonTooLarge, 1, "white space"},
		{"blank lines of JSON too many", `["192.0.2.1"]` + strings.Repeat("\n", 3*maxLine), Layout{}, ReasonTooLarge, 0, "white space"},
		{"JSON that is empty", `{"prefixes":[]}`, Layout{}, ReasonEmpty, 0, ""},
		{"text announced as JSON", "192.0.2.1\n192.0.2.2\n", Layout{Format: config.FormatJSON}, ReasonUnreadable, 0, ""},
		{"HTML announced as JSON", "<html>", Layout{Format: config.FormatJSON}, ReasonUnreadable, 1, "no JSON"},
		{"another JSON announced as Onionoo", `["192.0.2.1"]`, Layout{Format: config.FormatOnionoo}, ReasonUnreadable, 0, "relays is missing"},
		{"Onionoo without an exit", `{"relays":[{"or_addresses":["192.0.2.1:1"],"flags":["Guard"]}]}`, Layout{}, ReasonEmpty, 0, ""},
		{"CSV without such a column", "a,b\nx,192.0.2.1\n", Layout{Field: "ip"}, ReasonUnreadable, 1, ""},
		{"CSV with too few columns", "x,192.0.2.1\ny\nz\n", Layout{}, ReasonUnreadable, 2, ""},
		{"HTML with commas", "<p>Sorry, moved</p>\n", Layout{}, ReasonHTML, 1, ""},
		{"CSV cut in a line", strings.Repeat("a,192.0.2.1\n", 50) + "a,192.0.", Layout{}, ReasonTruncated, 51, ""},
		{"gzip cut", packed(t, hosts(200))[:200], Layout{}, ReasonTruncated, 0, ""},
		{"gzip damaged", packed(t, hosts(200))[:200] + "garbage" + packed(t, hosts(200))[207:], Layout{}, ReasonBinary, 0, "cannot be unpacked"},
		{"gzip in gzip", packed(t, packed(t, hosts(3))), Layout{}, ReasonBinary, 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set, _, err := tt.layout.Parse(strings.NewReader(tt.in))
			refused, ok := errors.AsType[*RefusedError](err)
			if !ok || set != nil {
				t.Fatalf("set %v, error %v, want a refusal", set, err)
			}
			if refused.Reason != tt.reason || tt.line != 0 && refused.Line != tt.line {
				t.Errorf("refused as %s in line %d, want %s in line %d: %v", refused.Reason, refused.Line, tt.reason, tt.line, err)
			}
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %q does not say %q", err, tt.text)
			}
		})
	}
}

// TestEndlessGzipIsCapped: a stream that never yields a byte ends at the cap of
// what is read.
func TestEndlessGzipIsCapped(t *testing.T) {
	t.Parallel()
	empty := strings.Repeat(packed(t, ""), 1000)
	_, _, err := Parse(&repeat{text: empty, n: 10 * MaxBytes / len(empty)})
	if refused, _ := errors.AsType[*RefusedError](err); refused == nil || refused.Reason != ReasonTooLarge {
		t.Errorf("error %v", err)
	}
}

// TestRangesCoverExactly compares ranges with the addresses between their ends.
func TestRangesCoverExactly(t *testing.T) {
	t.Parallel()
	base := netip.MustParseAddr("192.0.2.0").As4()
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{base[0], base[1], base[2], byte(i)}) }
	for first := 0; first < 256; first += 7 {
		for last := first; last < 256; last += 5 {
			prefixes, ok := span(at(first).String(), at(last).String())
			if !ok {
				t.Fatalf("%v-%v was not read", at(first), at(last))
			}
			for i := range 256 {
				n := 0
				for _, p := range prefixes {
					if p.Contains(at(i)) {
						n++
					}
				}
				if want := i >= first && i <= last; n > 1 || (n == 1) != want {
					t.Fatalf("%v-%v covers %v %d times, want it: %t", at(first), at(last), at(i), n, want)
				}
			}
		}
	}
	if p, ok := span("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"); !ok || len(p) != 1 {
		t.Errorf("the end of the address space: %v", p)
	}
}

// TestFastPathReadsAsNetip: what the reader of IPv4 entries takes, netip reads
// the same.
func TestFastPathReadsAsNetip(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"0.0.0.0", "255.255.255.255", "1.2.3.4/0", "1.2.3.4/32", "9.8.7.6/13", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/08", "1..3.4", "1.2.3.4x", "1.2.3.4/8x", "1234.1.1.1", ""} {
		got, ok := parse4([]byte(s))
		want, err := netip.ParsePrefix(s)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(s); err == nil {
				want = netip.PrefixFrom(addr, 32)
			}
		}
		if ok != (err == nil) || ok && got != want.Masked() {
			t.Errorf("%q: %v %t, want %v %v", s, got, ok, want, err)
		}
	}
}

// checkParsed holds what every reader promises, whatever comes in.
func checkParsed(t *testing.T, layout Layout, in []byte) {
	t.Helper()
	set, report, err := layout.Parse(bytes.NewReader(in))
	if err != nil {
		if set != nil {
			t.Fatal("a set and an error")
		}
		return
	}
	if set.Len() < 1 || set.Len() > 254*(len(in)+1) {
		t.Fatalf("%d entries of %d bytes", set.Len(), len(in))
	}
	if report.Unreadable > 0 && (report.FirstUnreadable < 1 || report.FirstUnreadable > report.Lines) {
		t.Fatalf("line %d of %d is the first unreadable one", report.FirstUnreadable, report.Lines)
	}
	for p := range set.Prefixes() {
		if p != p.Masked() || p.Addr().Is4In6() || p.Contains(firstMapped) || p.Addr().Zone() != "" {
			t.Fatalf("entry %v", p)
		}
		if p.Bits() < minBits4 || p.Addr().Is6() && p.Bits() < minBits6 {
			t.Fatalf("broad entry %v", p)
		}
	}
}

func FuzzFormats(f *testing.F) {
	for _, seed := range []string{
		"name,ip\nx,192.0.2.1\n", "start_ip,end_ip\n192.0.2.0,192.0.2.9\n", "\"a\"\"b\",192.0.2.1\n", "a;b\n192.0.2.1;c\n", "\t\t\n",
		`["192.0.2.1"]`, `{"prefixes":[{"ip_prefix":"192.0.2.0/24"}]}`, "{\"ip\":\"192.0.2.1\"}\n{", `[1e999,{"a":[[["192.0.2.1"]]]}]`, onionoo,
		`{"relays":{"relays":[{"a":["[::1"]}]}}`, "\x1f\x8b", packed(f, "192.0.2.1\n"), "\xff\xfe", "::-::ffff:1.2.3.4\n", "192.0.2.1-192.0.2.255\n",
	} {
		for i := range config.ListFormats {
			f.Add([]byte(seed), uint8(i), "")
		}
		f.Add([]byte(seed), uint8(0), "ip")
		f.Add([]byte(seed), uint8(2), "2")
	}
	f.Fuzz(func(t *testing.T, in []byte, format uint8, field string) {
		checkParsed(t, Layout{Format: config.ListFormats[int(format)%len(config.ListFormats)], Field: field}, in)
	})
}

func FuzzRange(f *testing.F) {
	f.Add("192.0.2.1", "192.0.2.9")
	f.Add("::1", "1::") // past the IPv4-mapped addresses
	f.Add("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
	f.Fuzz(func(t *testing.T, first, last string) {
		prefixes, ok := span(first, last)
		if !ok {
			return
		}
		if len(prefixes) > 254 {
			t.Fatalf("%d prefixes", len(prefixes))
		}
		from, to := prefixes[0].Addr(), lastOf(prefixes[len(prefixes)-1])
		if a, _ := parseAddr(first); a != from {
			t.Fatalf("begins at %v, want %v", from, a)
		}
		if a, _ := parseAddr(last); a != to {
			t.Fatalf("ends at %v, want %v", to, a)
		}
	})
}

func BenchmarkParseFormats(b *testing.B) {
	var csv, js strings.Builder
	js.WriteString("[\n")
	for i := range 100_000 {
		addr := netip.AddrFrom4([4]byte{198, byte(18 + i>>16), byte(i >> 8), byte(i)})
		fmt.Fprintf(&csv, "AS%d,%s,hosting\n", i, addr)
		fmt.Fprintf(&js, "{\"ip\":%q},\n", addr)
	}
	js.WriteString("{}]")
	for name, text := range map[string]string{"csv": csv.String(), "json": js.String()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Parse(strings.NewReader(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
