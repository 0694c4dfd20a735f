package replay

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

// login is a line of events: who tried which password from where, and how it
// ended.
func login(second int, ip, user, password, outcome string) string {
	return fmt.Sprintf(`{"time":%q,"kind":"login","route":"/login","ip":%q,"identity":{"email":%q},"credential":%q,"outcome":%q}`+"\n",
		newYear.Add(time.Duration(second)*time.Second).Format(time.RFC3339), ip, user, password, outcome)
}

// tries are n wrong passwords for one user from one address.
func tries(n, from int, ip, user string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(login(from+10*i, ip, user, fmt.Sprint("wrong", i), "failure"))
	}
	return b.String()
}

func TestTheReportTellsWhoWouldHaveBeenRefused(t *testing.T) {
	t.Parallel()
	const bob, eve = "bob@example.com", "eve@example.com"
	for name, c := range map[string]struct {
		events  string
		want    []string
		without []string
	}{
		"nothing to refuse": {
			login(0, "192.0.2.1", bob, "right", "success"),
			[]string{"1 line from 2026-01-01 00:00:00 to 2026-01-01 00:00:00 UTC, 1 attempt (login 1)", "1 succeeded, 0 failed.", "would have refused none", "refused: nobody"},
			[]string{"Incidents", "Sources"},
		},
		"somebody guesses": {
			login(0, "192.0.2.1", bob, "right", "success") + tries(15, 100, "203.0.113.7", bob),
			[]string{
				"would have refused 5 of them, 31.2 % (limit 5)", "Incidents: 1", "brute_force, 2026-01-01 00:03:20 to 2026-01-01 00:04:00",
				"5 attempts refused from 1 source for 1 account (b•••@example.com); in the log 0 succeeded, 5 failed",
				"first: events:12, 203.0.113.7 at /login", "why: 11 different passwords for one account from one source in 1d; 10 are let through (rule pair)",
				"203.0.113.7: 5 refused", "would have been refused: nobody",
			},
			[]string{"bob@", "wrong"},
		},
		"the owner remembers his password": {
			login(0, "192.0.2.1", bob, "right", "success") + tries(12, 100, "203.0.113.7", bob) + login(300, "203.0.113.7", bob, "right", "success"),
			[]string{"would have been refused: 1\n", "b•••@example.com from 203.0.113.7, refused at 2026-01-01 00:03:20, the right password itself once"},
			nil,
		},
		"the owner gets in elsewhere": {
			login(0, "192.0.2.1", bob, "right", "success") + tries(12, 100, "203.0.113.7", bob) + login(400, "192.0.2.1", bob, "right", "success"),
			[]string{"would have been refused: 1\n", "b•••@example.com from 192.0.2.1, refused at 2026-01-01 00:03:20, let in at 2026-01-01 00:06:40"},
			nil,
		},
		"a program finds the password": {
			login(0, "192.0.2.1", bob, "right", "success") + tries(40, 100, "203.0.113.7", bob) + login(600, "203.0.113.7", bob, "right", "success"),
			[]string{"would have been refused: nobody", "look after these accounts: 1\n", "b•••@example.com from 203.0.113.7"},
			nil,
		},
		"the owner of an attacked account gets in": {
			login(0, "192.0.2.1", bob, "right", "success") + tries(40, 100, "203.0.113.7", bob) + login(600, "192.0.2.1", bob, "right", "success"),
			[]string{"would have been refused: nobody", "Attacked from elsewhere while their owners got in: 1 account"},
			nil,
		},
		"the owner of an account attacked from all sides gets in": {
			login(0, "192.0.2.1", bob, "right", "success") + tries(18, 100, "203.0.113.7", bob) + tries(18, 300, "203.0.113.8", bob) +
				tries(18, 500, "203.0.113.9", bob) + tries(18, 700, "203.0.113.10", bob) + login(1000, "192.0.2.1", bob, "right", "success"),
			[]string{"would have been refused: nobody", "Attacked from elsewhere while their owners got in: 1 account"},
			nil,
		},
		"who gets in two days later is somebody else": {
			tries(12, 100, "203.0.113.7", eve) + login(200_000, "192.0.2.1", eve, "right", "success"),
			[]string{"1 that had not logged in", "would have been refused: nobody"},
			[]string{"e•••"},
		},
		"a name that never logged in may be a password": {
			tries(12, 100, "203.0.113.7", "hunter2"),
			[]string{"for 1 account (1 that had not logged in)"},
			[]string{"hunter", "h•••"},
		},
		"two attacks a day apart": {
			tries(12, 100, "203.0.113.7", bob) + tries(12, 100_000, "203.0.113.8", eve),
			[]string{"Incidents: 2", "Sources refused: 2 sources"},
			nil,
		},
		"a network of IPv6": {
			tries(12, 100, "2001:db8::1", bob),
			[]string{"2001:db8::/64: 2 refused"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := replay(t, RunOptions{Format: FormatEvents}, file{"events", c.events})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q is missing in:\n%s", want, out)
				}
			}
			for _, without := range c.without {
				if strings.Contains(out, without) {
					t.Errorf("%q is in:\n%s", without, out)
				}
			}
		})
	}
}

func TestTheReportOfALogTellsWhatWasLeftOut(t *testing.T) {
	t.Parallel()
	page := strings.ReplaceAll(failures(3, "192.0.2.1", newYear, time.Second), "POST /login", "GET /admin")
	out, err := replay(t, RunOptions{Options: Options{Open: true}, Format: FormatCombined}, file{"access.log", page + "rubbish\n"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"3 lines", "0 attempts", "nothing would have been refused", "Could not be read: 1 line", "access.log:4: not in the combined log format",
		"Not counted: 3 requests answered 401, but no credentials were sent: the server asked for them, nobody guessed.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

func TestALogWithoutNamesTellsPeopleBySource(t *testing.T) {
	t.Parallel()
	right := strings.Replace(failures(1, "192.0.2.1", newYear.Add(2*time.Minute), 0), `401`, `302`, 1)
	home := strings.Replace(failures(1, "192.0.2.1", newYear.Add(2*time.Minute), 0), `POST /login HTTP/1.1" 401`, `GET /home HTTP/1.1" 200`, 1)
	out, err := replay(t, RunOptions{Options: Options{Open: true}, Format: FormatCombined},
		file{"access.log", failures(12, "192.0.2.1", newYear, 5*time.Second) + right + home})
	if err != nil {
		t.Fatal(err)
	}
	if want := "somebody from 192.0.2.1, refused at 2026-01-01 00:00:50, the right password itself once"; !strings.Contains(out, want) {
		t.Errorf("%q is missing in:\n%s", want, out)
	}
}

func TestTheReportIsBounded(t *testing.T) {
	t.Parallel()
	r := newReport()
	for i := range maxRefused + 1000 {
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		l := Line{Time: newYear.Add(time.Duration(i/1000) * time.Hour), Kind: config.KindLogin, Addr: addr}
		l.Identities = []identity.Identity{identity.New(identity.Pair{Key: "email", Value: fmt.Sprint(i, "@x.test")})}
		v := Verdict{Verdict: config.AnswerLimit, Detection: config.BruteForce, account: identity.Pseudonym{1, byte(i), byte(i >> 8), byte(i >> 16)}, fate: new(fate)}
		if i%1000 > 0 {
			l.Time = newYear // all at once
		}
		f := refusal{line: &l, verdict: &v, source: addr, account: account{v.account, "x"}}
		v.fate.incident = r.incidents.add(&f)
		r.sources.add(&f)
		r.people.refused(&f)
		r.people.tell(&trouble{}, nil, &l, addr, f.account, true)
	}
	i := r.incidents.open[config.BruteForce]
	if len(i.sources.by) > maxNames || len(i.accounts.by) > maxNames || len(i.display) > maxNames {
		t.Errorf("an incident has %d sources and %d accounts, want at most %d", len(i.sources.by), len(i.accounts.by), maxNames)
	}
	if len(r.sources.by) != maxSources || r.sources.dropped == 0 {
		t.Errorf("%d sources are kept, %d were dropped, want %d", len(r.sources.by), r.sources.dropped, maxSources)
	}
	if len(r.people.byAccount) > maxRefused || len(r.people.bySource) > maxRefused || len(r.people.list) != maxPeople || r.people.further == 0 {
		t.Errorf("%d accounts, %d sources, %d people and %d more are kept", len(r.people.byAccount), len(r.people.bySource), len(r.people.list), r.people.further)
	}
}

func TestIncidentsAreBounded(t *testing.T) {
	t.Parallel()
	s := incidents{open: map[config.Detection]*incident{}}
	for i := range maxIncidents + 5 {
		l := Line{Time: newYear.Add(time.Duration(i) * time.Hour), Kind: config.KindLogin, Addr: netip.AddrFrom4([4]byte{10})}
		s.add(&refusal{line: &l, verdict: &Verdict{Verdict: config.AnswerLimit, Detection: config.BruteForce}, source: l.Addr})
	}
	if len(s.list) != maxIncidents || s.further != 5 {
		t.Errorf("%d incidents are kept and %d counted, want %d and 5", len(s.list), s.further, maxIncidents)
	}
	if first := s.list[0]; first.sources.by != nil || first.numbers.sources != 1 {
		t.Errorf("an incident that is over keeps %d names and tells of %d", len(first.sources.by), first.numbers.sources)
	}
}
