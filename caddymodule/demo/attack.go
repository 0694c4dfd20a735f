package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
)

// Users are the accounts of the demo: a real user, and one whose password has
// leaked elsewhere.
func Users() map[string]string {
	return map[string]string{
		"alice@shop.example": "correct horse battery staple",
		"bob@shop.example":   "letmein-2019",
	}
}

// Attack plays a real user and two attackers against the site at URL and
// tells in words what happened.
type Attack struct {
	// URL is the site behind Doorward. It must trust X-Forwarded-For from
	// this machine, so that the players can have addresses of their own.
	URL string
	// Out is told what happens.
	Out io.Writer
	// Reached counts the login requests that arrived at the app.
	Reached func() int
}

// The addresses of the players, from the ranges for documentation (RFC 5737).
const (
	homeOfAlice = "198.51.100.10"
	guesser     = "203.0.113.7"
	stuffer     = "203.0.113.99"
)

// tries is how often each attacker tries; rightOne is which of them is right.
const (
	tries    = 30
	rightOne = 20
)

// Run plays. The error tells what did not go as it must: then the demo is
// broken and says so.
func (a *Attack) Run(ctx context.Context) error {
	a.say("A real user first. Alice logs in from home (%s), with one typing error:", homeOfAlice)
	if err := a.alice(ctx, true); err != nil {
		return err
	}
	a.say("\nBrute force. %s tries %d passwords for alice; number %d is the right one:", guesser, tries, rightOne)
	guesses := a.play(ctx, guesser, func(i int) (string, string) {
		if i == rightOne {
			return "alice@shop.example", Users()["alice@shop.example"]
		}
		return "alice@shop.example", fmt.Sprintf("guess-%d", i)
	})
	if err := a.tell(guesses, "guess", "guesses"); err != nil {
		return err
	}
	a.say("\nCredential stuffing. %s tries %d leaked pairs of name and password; number %d is right:", stuffer, tries, rightOne)
	pairs := a.play(ctx, stuffer, func(i int) (string, string) {
		if i == rightOne {
			return "bob@shop.example", Users()["bob@shop.example"]
		}
		return fmt.Sprintf("user%d@shop.example", i), fmt.Sprintf("leaked-%d", i)
	})
	if err := a.tell(pairs, "pair", "pairs"); err != nil {
		return err
	}
	a.say("\nAnd alice, whose account was under attack, logs in again from home:")
	if err := a.alice(ctx, false); err != nil {
		return err
	}
	a.say("\nThe app itself has no protection at all and was not changed. Of %d login requests it received %d.",
		3+2*tries, a.Reached())
	return nil
}

func (a *Attack) say(format string, args ...any) { fmt.Fprintf(a.Out, format+"\n", args...) }

func (a *Attack) alice(ctx context.Context, mistypes bool) error {
	password := Users()["alice@shop.example"]
	if mistypes {
		answer, err := a.login(ctx, homeOfAlice, "alice@shop.example", password+"e")
		if err != nil {
			return err
		}
		a.say("  wrong password: %s", answer)
	}
	answer, err := a.login(ctx, homeOfAlice, "alice@shop.example", password)
	if err != nil {
		return err
	}
	if !answer.entered {
		return fmt.Errorf("the real user did not get in: %s", answer)
	}
	a.say("  right password: %s", answer)
	return nil
}

// answer is what one login request led to.
type answer struct {
	status  int
	entered bool
	wait    string
	id      string
	err     error
}

func (x answer) refused() bool {
	return x.status == http.StatusTooManyRequests || x.status == http.StatusForbidden
}

func (x answer) String() string {
	switch {
	case x.err != nil:
		return x.err.Error()
	case x.refused():
		return fmt.Sprintf("refused by Doorward with %d, id %s", x.status, x.id)
	case x.entered:
		return "the app lets alice in"
	default:
		return "the app shows the form again"
	}
}

func (a *Attack) play(ctx context.Context, from string, pair func(i int) (name, password string)) []answer {
	answers := make([]answer, 0, tries)
	for i := 1; i <= tries; i++ {
		name, password := pair(i)
		x, err := a.login(ctx, from, name, password)
		x.err = err
		answers = append(answers, x)
	}
	return answers
}

// tell summarises and checks what an attacker achieved.
func (a *Attack) tell(answers []answer, what, several string) error {
	first, refused := 0, 0
	for i, x := range answers {
		if x.err != nil {
			return x.err
		}
		if x.entered {
			return fmt.Errorf("the attacker got in with %s %d", what, i+1)
		}
		if x.refused() {
			refused++
			if first == 0 {
				first = i + 1
			}
		}
	}
	if first == 0 {
		return errors.New("no attempt of the attacker was refused")
	}
	a.say("  %s 1 to %d reach the app and are wrong", several, first-1)
	a.say("  %s %d and all after it: refused, %d in all; try again %s", what, first, refused, answers[first-1].wait)
	a.say("  the right one, number %d, never reached the app", rightOne)
	return nil
}

func (a *Attack) login(ctx context.Context, from, name, password string) (answer, error) {
	form := url.Values{"email": {name}, "password": {password}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL+"/login", strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", from)
	resp, err := browser.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("logging in: %w", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	return answer{
		status: resp.StatusCode, entered: resp.StatusCode == http.StatusFound,
		wait: waitOf(resp.Header.Get("Retry-After")), id: resp.Header.Get("Doorward-Id"),
	}, nil
}

func waitOf(retryAfter string) string {
	d, err := time.ParseDuration(retryAfter + "s")
	if err != nil {
		return "later"
	}
	return "in " + config.Duration(d).String()
}

// browser does not follow redirects: where the app sends a login tells how it
// ended.
var browser = &http.Client{
	Timeout:       10 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}
