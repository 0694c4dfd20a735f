package sanction

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

var day0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func block(r string) Entry {
	return Entry{ID: NewID(), Range: netip.MustParsePrefix(r), Classes: Everything, Answer: config.AnswerBlock, Created: day0}
}

func allow(r string) Entry {
	return Entry{ID: NewID(), Range: netip.MustParsePrefix(r), Allow: true, Created: day0}
}

func TestMostSpecificEntryDecides(t *testing.T) {
	t.Parallel()
	var b Book
	login := block("198.51.100.0/24")
	login.Classes = Login
	expired := allow("10.9.0.0/16")
	expired.Until = day0.Add(time.Hour)
	onlyB := block("192.0.2.0/24")
	onlyB.Site = "b.test"
	for _, e := range []Entry{
		block("10.0.0.0/8"), allow("10.1.0.0/16"), block("10.1.2.0/24"), expired,
		block("2001:db8::/32"), allow("2001:db8:1::/48"), login, onlyB,
	} {
		if err := b.Add(day0, e); err != nil {
			t.Fatal(err)
		}
	}
	now := day0.Add(2 * time.Hour)
	for name, c := range map[string]struct {
		addr, site string
		class      config.Class
		want       string // blocked, allowed or nothing
	}{
		"wide block":                    {"10.200.0.1", "a.test", config.ClassNone, "blocked"},
		"allowed inside a block":        {"10.1.200.1", "a.test", config.ClassNone, "allowed"},
		"blocked inside an allowed one": {"10.1.2.3", "a.test", config.ClassNone, "blocked"},
		"expired entry is skipped":      {"10.9.0.1", "a.test", config.ClassNone, "blocked"},
		"IPv6 block":                    {"2001:db8:ff::1", "a.test", config.ClassLogin, "blocked"},
		"IPv6 allowed inside":           {"2001:db8:1::1", "a.test", config.ClassLogin, "allowed"},
		"IPv4 as IPv6":                  {"::ffff:10.200.0.1", "a.test", config.ClassNone, "blocked"},
		"class of a block: login":       {"198.51.100.1", "a.test", config.ClassLogin, "blocked"},
		"class of a block: page":        {"198.51.100.1", "a.test", config.ClassNone, "nothing"},
		"another site":                  {"192.0.2.1", "a.test", config.ClassLogin, "nothing"},
		"that site":                     {"192.0.2.1", "b.test", config.ClassLogin, "blocked"},
		"nobody's":                      {"203.0.113.1", "a.test", config.ClassLogin, "nothing"},
	} {
		e := b.Find(now, c.site, netip.MustParseAddr(c.addr), c.class)
		got := "nothing"
		if e != nil {
			got = map[bool]string{true: "allowed", false: "blocked"}[e.Allow]
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if b.Find(now, "a.test", netip.Addr{}, config.ClassLogin) != nil {
		t.Error("an entry matched an invalid address")
	}
}

func TestAddReplacesRemoveEndsConfiguredStay(t *testing.T) {
	t.Parallel()
	var b Book
	if b.Blocks() {
		t.Error("an empty book blocks")
	}
	b.Configure([]Entry{allow("10.0.0.0/8")})
	if b.Blocks() {
		t.Error("an allow entry blocks")
	}
	for range 3 {
		if err := b.Add(day0, block("192.0.2.0/24")); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(b.List(day0)); got != 2 || !b.Blocks() {
		t.Errorf("%d entries, want 2: the same range is replaced", got)
	}
	if n := b.Remove(netip.MustParsePrefix("10.0.0.0/8"), true); n != 0 {
		t.Error("a configured entry was removed by command")
	}
	if n := b.Remove(netip.MustParsePrefix("192.0.2.0/24"), false); n != 1 || b.Blocks() {
		t.Errorf("removed %d, want 1", n)
	}
	e := block("192.0.2.7/32")
	if err := b.Add(day0, e); err != nil {
		t.Fatal(err)
	}
	b.Configure(nil)
	if got := b.List(day0); len(got) != 1 || got[0].ID != e.ID {
		t.Errorf("a new configuration left %+v, want the entry made by command", got)
	}
	if !b.RemoveID(e.ID) {
		t.Error("not removed by id")
	}
}

func TestBookIsBounded(t *testing.T) {
	t.Parallel()
	var b Book
	entries := make([]Entry, MaxEntries)
	for i := range entries {
		addr := netip.AddrFrom4([4]byte{100, 64, byte(i >> 8), byte(i)})
		entries[i] = Entry{ID: uint64(i + 1), Range: netip.PrefixFrom(addr, 32), Classes: Everything}
	}
	b.Configure(entries)
	if err := b.Add(day0, block("192.0.2.1/32")); !errors.Is(err, ErrFull) {
		t.Errorf("adding to a full book: %v, want ErrFull", err)
	}
	if err := b.Add(day0, Entry{}); err == nil {
		t.Error("an entry without a range was taken")
	}
}
