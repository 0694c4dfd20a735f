package detector

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// world drives one site of a detector with a clock of its own.
type world struct {
	t      testing.TB
	d      *Detector
	policy *Policy
	site   *Site
	now    time.Time
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, cfg config.Site) *world {
	t.Helper()
	w := &world{t: t, d: New(), now: start}
	if err := w.d.Open(4096, make([]byte, 32), func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	if cfg.Name == "" {
		cfg.Name = "shop.test"
	}
	return w.on(cfg)
}

// on is the same detector and clock with another site block.
func (w *world) on(cfg config.Site) *world {
	w.t.Helper()
	p, err := NewPolicy(cfg, []string{config.ListTor})
	if err != nil {
		w.t.Fatal(err)
	}
	return &world{t: w.t, d: w.d, policy: p, site: w.d.Site(p.Site().Name), now: w.now}
}

// strictly is a site that enforces from the first request.
var strictly = config.Site{Mode: config.ModeEnforce}

func user(name string) []identity.Identity {
	return []identity.Identity{identity.New(identity.Pair{Key: "email", Value: name})}
}

// login is a login attempt; password 0 means none could be read.
func login(ip, name string, password uint64) *Attempt {
	a := &Attempt{Kind: config.KindLogin, Route: "/login", Credential: password, Confidence: 1, Served: true}
	a.Source = Source{Addr: netip.MustParseAddr(ip), Peer: netip.MustParseAddr(ip)}
	if name != "" {
		a.Identities = user(name)
	}
	return a
}

var (
	failed    = recognize.Outcome{Result: recognize.Failure, Confidence: 0.97}
	succeeded = recognize.Outcome{Result: recognize.Success, Confidence: 0.97}
)

// try admits a and, if it is let through, settles it with o.
func (w *world) try(a *Attempt, o recognize.Outcome) Verdict {
	a.Time = w.now
	v := w.d.Admit(w.now, w.policy, w.site, a)
	if v.LetsThrough() {
		w.d.Settle(w.now, w.policy, w.site, a, o)
	}
	return v
}

// guess is a wrong password that is let through or not.
func (w *world) guess(ip, name string, password uint64) bool {
	return w.try(login(ip, name, password), failed).LetsThrough()
}

// guesses tries n different wrong passwords, a second apart, and counts those
// that reach the app.
func (w *world) guesses(ip, name string, from, n uint64) (through int) {
	for i := range n {
		if w.guess(ip, name, from+i) {
			through++
		}
		w.now = w.now.Add(time.Second)
	}
	return through
}

// patient is a site that judges nobody by first contacts, for what is limited
// otherwise.
func patient() config.Site {
	return config.Site{Mode: config.ModeEnforce, Thresholds: config.Thresholds{
		Contacts: config.Rate{N: 1000, Window: config.Duration(24 * time.Hour)},
	}}
}

// apart is address i of a network of its own, IPv4 /24 and up.
func apart(i int) string { return fmt.Sprintf("%d.%d.%d.9", 20+i>>16, i>>8&255, i&255) }

// address is address i of a few networks.
func address(i int) string { return fmt.Sprintf("203.0.%d.%d", 113+i/200, 1+i%200) }
