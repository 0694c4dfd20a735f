package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/intel"
)

func init() {
	caddy.RegisterModule(new(shelf))
	caddy.RegisterModule(new(noList))
}

// shelf supplies a list that the test has written into its configuration, as a
// third party's module would.
type shelf struct {
	Entries []string `json:"entries"`

	cleaned atomic.Bool
}

func (*shelf) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "doorward.lists.test_shelf", New: func() caddy.Module { return new(shelf) }}
}

func (s *shelf) Open(_ context.Context, have intel.Version) (intel.Content, error) {
	if s.cleaned.Load() {
		return intel.Content{}, errors.New("asked after it was cleaned up")
	}
	v := intel.Version{ETag: strings.Join(s.Entries, " ")}
	if have == v {
		return intel.Content{Unchanged: true}, nil
	}
	return intel.Content{Body: io.NopCloser(strings.NewReader(strings.Join(s.Entries, "\n") + "\n")), Version: v}, nil
}

func (*shelf) String() string { return "the shelf" }

func (s *shelf) Cleanup() error {
	s.cleaned.Store(true)
	return nil
}

func (s *shelf) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	s.Entries = d.RemainingArgs()
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		s.Entries = append(s.Entries, d.Val())
	}
	return nil
}

// noList is in the namespace and supplies nothing.
type noList struct{}

func (*noList) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "doorward.lists.test_none", New: func() caddy.Module { return new(noList) }}
}

func (*noList) UnmarshalCaddyfile(*caddyfile.Dispenser) error { return nil }

func TestListsInACaddyfile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines string
		want  config.List
	}{
		"a URL":            {"list vpn https://lists.test/vpn", config.List{Name: "vpn", Source: "https://lists.test/vpn"}},
		"a URL, announced": {"list vpn url https://lists.test/vpn", config.List{Name: "vpn", Source: "https://lists.test/vpn"}},
		"a file":           {"list vpn file /etc/vpn.txt", config.List{Name: "vpn", Source: "/etc/vpn.txt"}},
		"all settings": {
			"list dc {\nsource https://10.0.0.1/x.csv.gz\nrefresh 6h\nformat csv\nfield cidr\nkeep 2d\nmax_loss 20%\nallow_private\n}",
			config.List{
				Name: "dc", Source: "https://10.0.0.1/x.csv.gz", Refresh: config.Duration(6 * time.Hour), Format: "csv", Field: "cidr",
				Keep: config.Duration(48 * time.Hour), MaxLoss: 20, AllowPrivate: true,
			},
		},
		"a module": {
			"list bad {\nfrom test_shelf 192.0.2.1 192.0.2.2 {\n192.0.2.3\n}\nrefresh 1m\n}",
			config.List{Name: "bad", Refresh: config.Duration(time.Minute), From: json.RawMessage(`{"entries":["192.0.2.1","192.0.2.2","192.0.2.3"],"source":"test_shelf"}`)},
		},
		"the module file": {"list bad {\nfrom file /etc/x\n}", config.List{Name: "bad", From: json.RawMessage(`{"path":"/etc/x","source":"file"}`)}},
		"the module url": {
			"list bad {\nfrom url https://lists.test/x allow_private\n}",
			config.List{Name: "bad", From: json.RawMessage(`{"allow_private":true,"source":"url","url":"https://lists.test/x"}`)},
		},
	} {
		app, err := parseApp(t, "doorward {\n"+c.lines+"\n}")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(app.AddressLists) != 1 {
			t.Errorf("%s: %d lists", name, len(app.AddressLists))
			continue
		}
		got, want := app.AddressLists[0], c.want
		if string(got.From) != string(want.From) {
			t.Errorf("%s: from %s, want %s", name, got.From, want.From)
		}
		got.From, want.From = nil, nil
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestMistakesInListsAreExplained(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]string{
		"list tor https://lists.test/x":                        "write `tor {`",
		"list VPN https://lists.test/x":                        "lower-case letters",
		"list login https://lists.test/x":                      "word of the policy",
		"list vpn":                                             "source is missing",
		"list vpn ftp://lists.test/x":                          "no http or https URL",
		"list vpn file https://lists.test/x":                   "leave the word out",
		"list vpn s3 bucket":                                   "from s3 bucket",
		"list vpn /a\nlist vpn /b":                             "a second one of this name",
		"list vpn /a {\nsource /b\n}":                          "keep one",
		"list vpn /a {\nfrom file /b\n}":                       "keep one",
		"list vpn /a {\nformat xml\n}":                         "text, csv, json or onionoo",
		"list vpn /a {\nmax_loss 0%\n}":                        "1% to 100%",
		"list vpn /a {\nkeep 90d\n}":                           "up to 31d",
		"list vpn /a {\nallow_private\n}":                      "for URLs",
		"list vpn /a {\nrefesh 1h\n}":                          "did you mean `refresh 1h`",
		"list vpn {\nfrom nothing_like_it x\n}":                "nothing_like_it",
		"list vpn {\nfrom url\n}":                              "write `from url",
		"list vpn https://lists.test/x?token=s3cret {\nfoo\n}": "unknown line",
		"list vpn ftp://lists.test/x?token=s3cret":             "no http or https URL",
	} {
		_, err := parseApp(t, "doorward {\n"+lines+"\n}")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", lines, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows the token: %v", lines, err)
		}
	}
}

// TestModulesSupplyLists loads, reloads and fails to reload configurations with
// lists that modules supply; it uses the one Caddy of the process.
func TestModulesSupplyLists(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain.csv")
	if err := os.WriteFile(plain, []byte("ip,x\n198.51.100.7,y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	load := func(options string) error {
		return caddy.Load(adapted(t, dir, options, ""), true)
	}
	defer func() { _ = caddy.Stop() }()
	if err := load("list bad {\nfrom test_shelf 192.0.2.1\nrefresh 1s\n}\nlist plain {\nfrom file " + plain + "\n}"); err != nil {
		t.Fatal(err)
	}
	s, done := borrowState()
	if s == nil {
		t.Fatal("no state")
	}
	defer done()
	waitLists(t, s, "192.0.2.1", "bad")
	waitLists(t, s, "198.51.100.7", "plain")

	// The list goes on with the new instance; the one before is cleaned up.
	if err := load("list bad {\nfrom test_shelf 192.0.2.1\nrefresh 2s\n}"); err != nil {
		t.Fatal(err)
	}
	waitLists(t, s, "198.51.100.7", "")
	if got := s.lists.Load().Lookup(netip.MustParseAddr("192.0.2.1")).String(); got != "bad" {
		t.Errorf("after a reload on %q", got)
	}
	before := time.Now()
	s.lists.Load().Refresh("bad")
	for deadline := before.Add(20 * time.Second); time.Now().Before(deadline) && !s.shownLists(before)[0].CheckedAt.After(before); {
		time.Sleep(5 * time.Millisecond)
	}
	for _, l := range s.shownLists(time.Now()) {
		if l.LastError != "" || l.Entries != 1 || l.Source != "the shelf" {
			t.Errorf("after a reload: %+v", l)
		}
	}

	// A configuration that is refused changes nothing.
	if err := load("list bad {\nfrom test_none\n}"); err == nil || !strings.Contains(err.Error(), "supplies no list") {
		t.Errorf("a module that is none: %v", err)
	}
	waitLists(t, s, "192.0.2.1", "bad")
}

func waitLists(t *testing.T, s *state, addr, want string) {
	t.Helper()
	var got []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		got = s.lists.Load().Lookup(netip.MustParseAddr(addr)).Names()
		if strings.Join(got, ",") == want {
			return
		}
	}
	t.Fatalf("%s is on %v, want %q", addr, slices.Clone(got), want)
}

// TestTheFileModuleIsWatched: a file that a module gives is looked at as often
// as one that is written directly.
func TestTheFileModuleIsWatched(t *testing.T) {
	t.Parallel()
	var source ListSource = new(ListFile)
	if local, ok := source.(interface{ Local() bool }); !ok || !local.Local() {
		t.Error("the module file is asked like a server")
	}
}
