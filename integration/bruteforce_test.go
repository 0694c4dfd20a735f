package integration

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"
)

// shop is an edge in front of one style, in mode enforce.
func shop(t *testing.T, style, doorward string) (*apps, *edge) {
	t.Helper()
	apps := startApps(t, style)
	edge := startEdge(t, edgeConfig{sites: []site{{
		host: "shop.test", doorward: "mode enforce\n" + doorward, app: apps.address(style),
	}}})
	return apps, edge
}

// TestBruteForce is the main job: a hundred wrong passwords for one account
// from one address. Ten reach the app, the rest are refused, and the real user
// gets in from elsewhere all the while.
func TestBruteForce(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"default401", "redirect", "json", "rerender", "flash"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := styleNamed(name)
			apps, edge := shop(t, name, "")
			guesser := edge.visitor(t, "shop.test", "127.0.0.9")
			refused := 0
			for i := range 100 {
				got := s.submit(t, guesser, alice, fmt.Sprint("guess ", i))
				if got.status != 429 {
					continue
				}
				refused++
				if seconds, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || seconds < 1 {
					t.Fatalf("refusal %v; want Retry-After in whole seconds", got)
				}
			}
			if reached := apps.counts(t, name).Tries[alice]; reached != 10 || refused != 90 {
				t.Errorf("%d of 100 guesses reached the app and %d were refused; want 10 and 90", reached, refused)
			}
			owner := edge.visitor(t, "shop.test", "127.0.0.10")
			if got := s.submit(t, owner, alice, alicePassword); got.status != s.success.status {
				t.Errorf("the real user from elsewhere: %v; want %d", got, s.success.status)
			}
			edge.waitEvent(t, "a detected brute force", func(ev event) bool { return ev.Detection == "brute_force" })
			edge.waitEvent(t, "the real user's login", func(ev event) bool {
				return ev.SourceIP == "127.0.0.10" && ev.attempt("login", "success")
			})
		})
	}
}

func styleNamed(name string) style {
	for _, s := range styles {
		if s.name == name {
			return s
		}
	}
	panic("no style " + name)
}

// TestParallelGuesses: five hundred guesses at once at an app that takes 150 ms
// to answer. No more than the threshold reach it although no answer is there
// when they arrive, and the real user gets in meanwhile.
func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	apps, edge := shop(t, "slow", "")
	guesser := edge.visitor(t, "shop.test", "127.0.0.9")
	owner := edge.visitor(t, "shop.test", "127.0.0.10")

	var all sync.WaitGroup
	defer all.Wait()
	var mu sync.Mutex
	statuses := map[int]int{}
	for i := range 500 {
		req := guesser.request(t, "POST", "/login", formType, form("username", alice, "password", fmt.Sprint("guess ", i)))
		all.Go(func() {
			got, err := guesser.try(req)
			if err != nil {
				t.Errorf("guess %d: %v", i, err)
			}
			mu.Lock()
			defer mu.Unlock()
			statuses[got.status]++
		})
	}
	if got := owner.login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("the real user during the attack: %v; want 200", got)
	}
	all.Wait()
	if reached := apps.counts(t, "slow").Tries[alice] - 1; reached != 10 || statuses[401] != 10 || statuses[429] != 490 {
		t.Errorf("%d of 500 guesses reached the app, statuses %v; want 10 and 490 refused", reached, statuses)
	}
	if got := owner.login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("the real user after the attack: %v; want 200", got)
	}
}

// TestCredentialStuffing: fifty accounts with one password each from one
// address.
func TestCredentialStuffing(t *testing.T) {
	t.Parallel()
	apps, edge := shop(t, "redirect", "threshold contacts 4/24h")
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	refused := 0
	for i := range 50 {
		if v.login(t, fmt.Sprintf("user-%d@x.test", i), fmt.Sprint("leaked ", i)).status == 429 {
			refused++
		}
	}
	if reached := apps.logins(t, "redirect"); reached != 4 || refused != 46 {
		t.Errorf("%d of 50 reached the app and %d were refused; want 4 and 46", reached, refused)
	}
	edge.waitEvent(t, "detected stuffing", func(ev event) bool { return ev.Detection == "credential_stuffing" })
	if got := edge.visitor(t, "shop.test", "127.0.0.10").login(t, alice, alicePassword); got.header.Get("Location") != "/" {
		t.Errorf("a user from elsewhere: %v; want a login", got)
	}
}

// TestRefusalsEndWhenTheySay: a source that waits as long as Retry-After says
// is let through, however often it was refused meanwhile: the edge's own
// answers are no failures. Then one more failure is enough to close it again.
func TestRefusalsEndWhenTheySay(t *testing.T) {
	t.Parallel()
	_, edge := shop(t, "default401", "on credential_stuffing limit 5s\non brute_force limit 5s")
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	for i := range 10 {
		v.login(t, fmt.Sprintf("user-%d@x.test", i), "wrong")
	}
	first := v.login(t, "user-10@x.test", "wrong")
	seconds, err := strconv.Atoi(first.header.Get("Retry-After"))
	if first.status != 429 || err != nil || seconds < 1 || seconds > 7 {
		t.Fatalf("the eleventh failure: %v; want 429 and a Retry-After of 5 to 7 seconds", first)
	}
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	// Retry-After is rounded up to whole seconds: the last one is left alone.
	const rounding = 1500 * time.Millisecond
	hammered := 0
	for ; time.Until(end) > rounding; hammered++ {
		got := v.login(t, fmt.Sprintf("user-%d@x.test", 20+hammered), "wrong")
		if time.Until(end) > rounding && got.status != 429 {
			t.Fatalf("before the end of the refusal: %v; want 429", got)
		}
	}
	time.Sleep(time.Until(end))
	if got := v.login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("after Retry-After, and %d refused tries: %v; want to be let in", hammered, got)
	}
	statuses := []int{v.login(t, "user-11@x.test", "wrong").status, v.login(t, "user-12@x.test", "wrong").status}
	if statuses[1] != 429 {
		t.Errorf("two failures after the end: %v; want the second refused: evidence is not fresh", statuses)
	}
}

// TestDuplicateFieldsChargeEveryName: apps disagree which of two values counts,
// so both names are charged.
func TestDuplicateFieldsChargeEveryName(t *testing.T) {
	t.Parallel()
	_, edge := shop(t, "flash", "threshold source 500/10m")
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	v.field = "email"
	for i := range 10 {
		v.post(t, "/login", "email", alice, "email", bob, "password", fmt.Sprint("guess ", i))
	}
	for name, want := range map[string]int{alice: 429, bob: 429, "nobody@x.test": 302} {
		if got := v.login(t, name, "guess 11"); got.status != want {
			t.Errorf("the eleventh guess, at %s alone: %v; want %d", name, got, want)
		}
	}
}

// TestSpellingsShareOneLimit: letter case and blanks are no way around the
// limit of an account.
func TestSpellingsShareOneLimit(t *testing.T) {
	t.Parallel()
	for _, field := range []struct{ style, name string }{{"flash", "email"}, {"redirect", "username"}} {
		t.Run(field.name, func(t *testing.T) {
			t.Parallel()
			apps, edge := shop(t, field.style, "threshold source 500/10m")
			v := edge.visitor(t, "shop.test", "127.0.0.9")
			v.field = field.name
			spellings := []string{"BOB@x.test", "bob@x.test", " bob@X.test ", "Bob@X.TEST\t", "ｂｏｂ@x.test"}
			refused := 0
			for i := range 30 {
				if v.login(t, spellings[i%len(spellings)], fmt.Sprint("guess ", i)).status == 429 {
					refused++
				}
			}
			if reached := apps.logins(t, field.style); reached != 10 || refused != 20 {
				t.Errorf("%d of 30 guesses reached the app and %d were refused; want 10 and 20", reached, refused)
			}
		})
	}
}

// TestStaleClient: the same wrong password two hundred times is one guess.
func TestStaleClient(t *testing.T) {
	t.Parallel()
	apps, edge := shop(t, "default401", "")
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	for range 200 {
		v.login(t, alice, "last year's password")
	}
	if reached := apps.logins(t, "default401"); reached != 200 {
		t.Errorf("%d of 200 repeats reached the app; want all", reached)
	}
	if got := v.login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("then the right password: %v; want 200", got)
	}
}

// TestLimitLine: `limit` counts every attempt, the successful ones too, and
// names itself in the event.
func TestLimitLine(t *testing.T) {
	t.Parallel()
	apps, edge := shop(t, "default401", "limit login 5/10m per source")
	v := edge.visitor(t, "shop.test", "127.0.0.9")
	statuses := map[int]int{}
	for range 12 {
		statuses[v.login(t, alice, alicePassword).status]++
	}
	if statuses[200] != 5 || statuses[429] != 7 || apps.logins(t, "default401") != 5 {
		t.Errorf("12 right passwords under `limit login 5/10m`: %v; want 5 let through", statuses)
	}
	ev := edge.waitEvent(t, "a refusal by the limit", func(ev event) bool { return ev.Verdict == "limit" })
	if ev.Detection != "rate_limit" || ev.Rule != "limit login 5/10m per source" {
		t.Errorf("event %+v; want the line named as the rule", ev)
	}
	if got := edge.visitor(t, "shop.test", "127.0.0.10").login(t, alice, alicePassword); got.status != 200 {
		t.Errorf("another source: %v; want 200", got)
	}
}
