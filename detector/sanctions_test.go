package detector

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/sanction"
)

func TestSanctionIsRenewedByOneFailureAndForgottenAfterQuiet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	v := w.try(login("192.0.2.1", "", 0), failed)
	if v.LetsThrough() || v.Sanction == 0 {
		t.Fatalf("no sanction after 11 failures: %+v", v)
	}
	if length := v.Until.Sub(w.now); length < 9*time.Minute || length > 13*time.Minute {
		t.Errorf("the first sanction lasts %s, want 10 minutes and up to a quarter more", length)
	}
	w.now = v.Until.Add(time.Second)
	if !w.guess("192.0.2.1", "", 0) {
		t.Fatal("the first attempt after the sanction was refused")
	}
	again := w.try(login("192.0.2.1", "", 0), failed)
	if again.LetsThrough() {
		t.Fatal("the second attempt after a failed first one was let through")
	}
	if length := again.Until.Sub(w.now); length < 19*time.Minute || length > 26*time.Minute {
		t.Errorf("the second sanction lasts %s, want 20 minutes and up to a quarter more", length)
	}
	w.now = again.Until.Add(again.Until.Sub(w.now) + time.Minute)
	if got := w.guesses("192.0.2.1", "", 0, 5); got != 5 {
		t.Errorf("%d of 5 attempts let through after a quiet probation, want all", got)
	}
}

func TestOnlyOneAttemptAtATimeOnProbation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	w.now = w.try(login("192.0.2.1", "", 0), failed).Until.Add(time.Second)
	through := 0
	for range 50 {
		if w.d.Admit(w.now, w.policy, w.site, login("192.0.2.1", "", 0)).LetsThrough() {
			through++
		}
	}
	if through != 1 {
		t.Errorf("%d parallel attempts let through on probation, want 1", through)
	}
}

func TestClosedPairOpensByTheOwnersLoginElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.try(login("198.51.100.7", "a@x.test", 1), failed)
	w.try(login("198.51.100.7", "a@x.test", 2), succeeded)
	w.try(login("198.51.100.7", "a@x.test", 2), succeeded) // familiar now
	w.guesses("192.0.2.1", "a@x.test", 100, 10)
	w.now = w.now.Add(3 * time.Hour) // the source's own failures have passed
	if w.guess("192.0.2.1", "a@x.test", 300) {
		t.Fatal("the pair is not closed")
	}
	if !w.guess("192.0.2.1", "b@x.test", 300) {
		t.Fatal("a closed pair closes the source to another account")
	}
	w.now = w.now.Add(6 * 24 * time.Hour)
	if w.guess("192.0.2.1", "a@x.test", 301) {
		t.Fatal("the pair opened before seven quiet days")
	}
	w.now = w.now.Add(time.Minute)
	if v := w.try(login("198.51.100.7", "a@x.test", 2), succeeded); !v.LetsThrough() {
		t.Fatal("the owner was refused")
	}
	w.now = w.now.Add(time.Second)
	if !w.guess("192.0.2.1", "a@x.test", 302) {
		t.Error("the pair stayed closed after the owner logged in at home")
	}
}

func TestSanctionSpeaksAboutLoginAndSignupOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	for kind, through := range map[config.Kind]bool{
		config.KindLogin: false, config.KindSignup: false,
		config.KindLogout: true, config.KindResetRequest: true, config.KindReset: true,
		config.KindMFA: true, config.KindPasswordChange: true,
	} {
		a := login("192.0.2.1", "a@x.test", 1)
		a.Kind = kind
		if got := w.try(a, succeeded).LetsThrough(); got != through {
			t.Errorf("%s from a sanctioned source: let through %t, want %t", kind, got, through)
		}
	}
}

func TestUnblockOfAPairGivesItsGuessesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "a@x.test", 1, 10)
	v := w.try(login("192.0.2.1", "a@x.test", 50), failed)
	if v.Axis != config.AxisPair || v.Sanction == 0 {
		t.Fatalf("verdict %+v, want the pair closed", v)
	}
	if n, err := w.d.Unblock(w.now, sanction.FormatID(v.Sanction)); n != 1 || err != nil {
		t.Fatalf("unblock ended %d (%v), want 1", n, err)
	}
	w.now = w.now.Add(time.Hour) // the failures of the source have passed
	if got := w.guesses("192.0.2.1", "a@x.test", 60, 15); got != 10 {
		t.Errorf("%d guesses let through after unblock, want 10", got)
	}
}

func TestFloodOfAddressesFreesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	w.guesses("192.0.2.2", "", 0, 9)
	for i := range 20_000 {
		addr := netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)})
		w.guess(addr.String(), fmt.Sprintf("f%d@x.test", i), 1)
	}
	if w.guess("192.0.2.1", "", 0) {
		t.Error("a flood of addresses freed a sanctioned source")
	}
	if got := w.guesses("192.0.2.2", "", 0, 5); got != 1 {
		t.Errorf("a source with 9 failures had %d attempts left after the flood, want 1", got)
	}
	m := w.d.Memory()
	for table, n := range m.Tracked {
		if n > m.Cap {
			t.Errorf("table %s holds %d entries, more than %d", table, n, m.Cap)
		}
	}
}

func TestOpenRebuildsForAnotherCapAndKeepsSanctions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	w.guesses("192.0.2.2", "", 0, 9)
	if err := w.d.Open(2048, make([]byte, 32), func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	if w.guess("192.0.2.1", "", 0) {
		t.Error("the sanction was lost")
	}
	if got := w.guesses("192.0.2.2", "", 0, 5); got != 1 {
		t.Errorf("%d attempts left after the rebuild, want 1", got)
	}
}

func TestUnblockForgetsWhatLedToTheSanction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strictly)
	w.guesses("192.0.2.1", "", 0, 11)
	x := w.d.ExplainSource(w.now, netip.MustParseAddr("192.0.2.1"))
	if len(x) != 1 || x[0].Sanction == nil {
		t.Fatalf("explanation %+v, want a sanction", x)
	}
	if n, err := w.d.Unblock(w.now, "192.0.2.1"); n != 1 || err != nil {
		t.Fatalf("unblock ended %d (%v), want 1", n, err)
	}
	if got := w.guesses("192.0.2.1", "", 0, 5); got != 5 {
		t.Errorf("%d attempts let through after unblock, want 5", got)
	}
}
