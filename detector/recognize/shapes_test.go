package recognize

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// redirect is an answer of a login route to the user called name.
func redirectOf(name, location string, cookies ...string) Exchange {
	h := http.Header{"Location": {location}}
	for _, c := range cookies {
		h.Add("Set-Cookie", c)
	}
	return Exchange{
		Host: "app.test", Path: "/login", Echoes: []string{name},
		Response: &Response{Status: 302, Header: h, Complete: true},
	}
}

func page(status int, body string) Exchange {
	return Exchange{Host: "app.test", Path: "/login", Response: &Response{
		Status: status, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(body), Complete: true,
	}}
}

func TestAnswersOfOneOutcomeHaveOneShape(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("<p>news</p>", 100)
	for name, c := range map[string]struct {
		a, b Exchange
		want bool
	}{
		"a user's own page":            {redirectOf("alice", "/~alice", "sid=aaaa"), redirectOf("bob", "/~bob", "sid=bbbb"), true},
		"a name in the middle":         {redirectOf("alice", "/u/alice/home"), redirectOf("bob", "/u/bob/home"), true},
		"query values":                 {redirectOf("a", "/home?welcome=alice"), redirectOf("b", "/home?welcome=bob"), true},
		"the same cookies, other way":  {redirectOf("a", "/", "x=one", "y=two"), redirectOf("a", "/", "y=three", "x=four"), true},
		"pages a name longer":          {page(200, long+"Hello alice"), page(200, long+"Hello bob"), true},
		"another target":               {redirectOf("a", "/home"), redirectOf("a", "/login"), false},
		"another query key":            {redirectOf("a", "/login?next=x"), redirectOf("a", "/login?error=x"), false},
		"another host":                 {redirectOf("a", "https://app.test/home"), redirectOf("a", "https://other.test/home"), false},
		"one more cookie":              {redirectOf("a", "/", "sid=1"), redirectOf("a", "/", "sid=1", "remember=1"), false},
		"a cookie taken away":          {redirectOf("a", "/", "sid=1"), redirectOf("a", "/", "sid=; Max-Age=0"), false},
		"another status":               {page(200, long), page(403, long), false},
		"a page with a password field": {page(200, long), page(200, long[:len(long)-30]+`<input type="password">`), false},
		"a page of half the length":    {page(200, long), page(200, long[:len(long)/2]), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if same := ShapeOf(c.a) == ShapeOf(c.b); same != c.want {
				t.Errorf("same shape: %t, want %t", same, c.want)
			}
		})
	}
	if s := ShapeOf(Exchange{Response: &Response{}}); !s.IsZero() {
		t.Error("no answer has a shape")
	}
}

func vote(s *Shapes, x Exchange, r Result, times int) {
	for range times {
		s.Vote(x, r)
	}
}

// classified is what becomes of an answer that by itself is read as o.
func classified(s *Shapes, x Exchange, o Outcome) Outcome {
	x.Known.Shapes = s
	return byShape(x, o)
}

func TestAShapeThatWasProvedDecidesWhatSaysTooLittle(t *testing.T) {
	t.Parallel()
	x := redirectOf("alice", "/portal")
	for name, c := range map[string]struct {
		successes, failures int
		read                Outcome
		want                Result
		sure                bool
	}{
		"nothing known":                     {0, 0, outcome(Unknown, 0), Unknown, false},
		"too few votes":                     {2, 0, outcome(Unknown, 0), Unknown, false},
		"always a success":                  {3, 0, outcome(Unknown, 0), Success, true},
		"always a failure":                  {0, 3, outcome(Unknown, 0), Failure, true},
		"both outcomes look so":             {9, 1, outcome(Unknown, 0), Unknown, false},
		"a weak success was always failure": {0, 3, outcome(Success, 0.8), Failure, true},
		"a weak failure stays one":          {3, 0, outcome(Failure, 0.8), Failure, false},
		"what agrees grows sure":            {3, 0, outcome(Success, 0.8), Success, true},
		"a plain answer is believed":        {0, 3, outcome(Success, 0.95), Success, true},
		"a lockout stays one":               {3, 0, outcome(Throttled, 0.8), Throttled, false},
		"an abort stays open":               {3, 0, Outcome{Result: Unknown, Aborted: true}, Unknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Shapes
			vote(&s, x, Success, c.successes)
			vote(&s, x, Failure, c.failures)
			got := classified(&s, x, c.read)
			if got.Result != c.want || (got.Confidence >= sureEnough) != c.sure {
				t.Errorf("%s at %.2f, want %s, sure %t", got.Result, got.Confidence, c.want, c.sure)
			}
		})
	}
}

func TestOnlySuccessAndFailureAreLearned(t *testing.T) {
	t.Parallel()
	var s Shapes
	for _, r := range []Result{Unknown, Challenge, Rejected, Throttled, Malformed, ""} {
		vote(&s, page(200, "x"), r, decisiveVotes)
	}
	s.Vote(Exchange{}, Success)
	if n := len(s.Status()); n != 0 {
		t.Errorf("%d shapes, want none", n)
	}
}

func TestShapesAreBoundedAndKeepWhatIsEstablished(t *testing.T) {
	t.Parallel()
	var s Shapes
	known := redirectOf("alice", "/home")
	vote(&s, known, Success, decisiveVotes)
	for i := range 10 * MaxShapes {
		s.Vote(redirectOf("x", fmt.Sprintf("/odd-%c%c", 'a'+i/26, 'a'+i%26)), Failure)
	}
	if n := len(s.Status()); n != MaxShapes {
		t.Errorf("%d shapes, want %d", n, MaxShapes)
	}
	if got := classified(&s, known, outcome(Unknown, 0)); got.Result != Success {
		t.Errorf("what was established was forgotten: %s", got.Result)
	}
}

func TestStatusTellsShapesWithoutNamingAnybody(t *testing.T) {
	t.Parallel()
	var s Shapes
	vote(&s, redirectOf("alice@example.test", "/u/alice@example.test?token=s3cret", "sid=s3cret", "old=; Max-Age=0"), Success, 3)
	got := s.Status()[0]
	want := "status 302, no body, leads to /u/*?token, sets cookie sid, deletes cookie old"
	if got.Answer != want || got.Decides != Success || got.Successes != 3 {
		t.Errorf("got %+v, want %q", got, want)
	}
}

func TestAPageWithoutTheFormThatFailuresShowIsASuccess(t *testing.T) {
	t.Parallel()
	form := page(200, `<p>Wrong.</p><form method="post"><input type="password" name="p"></form>`)
	empty := page(200, "<h1>Reservations</h1><p>Nothing is booked today.</p>")
	cut := page(200, string(empty.Response.Body))
	cut.Response.Complete = false
	for name, c := range map[string]struct {
		failures []Exchange
		x        Exchange
		want     Result
	}{
		"failures show the form":      {[]Exchange{form, form, form}, empty, Success},
		"too few failures were seen":  {[]Exchange{form, form}, empty, Unknown},
		"one failure shows no form":   {[]Exchange{form, form, form, page(403, "No.")}, empty, Unknown},
		"the page goes on":            {[]Exchange{form, form, form}, cut, Unknown},
		"the page speaks of the form": {[]Exchange{form, form, form}, page(200, "<p>Change your password soon.</p>"), Unknown},
		"an error page":               {[]Exchange{form, form, form}, page(403, "<p>Nothing here.</p>"), Unknown},
		"no page at all":              {[]Exchange{form, form, form}, redirectOf("a", "/home"), Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Shapes
			for _, f := range c.failures {
				s.Vote(f, Failure)
			}
			got := classified(&s, c.x, outcome(Unknown, 0))
			if got.Result != c.want || got.Confidence >= sureEnough {
				t.Errorf("%s at %.2f, want %s, not sure", got.Result, got.Confidence, c.want)
			}
		})
	}
}
