package caddymodule

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/recognize"
)

func printed(t *testing.T, s Status) string {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := printStatus(&out, text); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestStatusShowsWhatWasLearnedOfRoutes(t *testing.T) {
	t.Parallel()
	got := printed(t, Status{
		Health: []Notice{{Notice: "route_silent", About: "shop.test: login /session", Since: time.Now(), Advice: "look"}},
		Sites: []detector.SiteStatus{{
			Site: "shop.test", Mode: config.ModeGraduated, Attempts: 1012, Refused: 7, Would: 1,
			Routes: []detector.RouteStatus{
				{Path: "/a\nb", Kind: config.KindSignup, Attempts: 3, Answered: 3, Unknown: 2, Failures: 1, Missing: "200 attempts", Unconfirmed: "a success that is plain"},
				{Path: "/login", Kind: config.KindLogin, Attempts: 1000, Answered: 900, Successes: 700, Failures: 150, Unknown: 9, Graduated: true, Confirmed: true, Answers: []recognize.ShapeStatus{
					{Answer: "302 to /home, sets sid", Successes: 70, Decides: recognize.Success},
					{Answer: "401", Failures: 9, Decides: recognize.Failure},
					{Answer: "200 page", Successes: 2, Failures: 1},
					{Answer: "204", Successes: 1},
					{Answer: "500", Failures: 1},
					{Answer: "418", Failures: 1},
				}},
				{Path: "/session", Kind: config.KindLogin, Declared: true, Attempts: 9, Missing: "24 hours", Confirmed: true},
			},
		}},
	})
	want := `site shop.test: enforce, gently on routes that have not graduated
  attempts 1012, refused 7, would have refused 1
  KIND    PATH      ROUTE      ATTEMPTS  SUCCEEDED  FAILED  OTHER  UNKNOWN  STATE
  login   /login    graduated  1000      700        150     41     1 %      confirmed
  login   /session  declared   9         0          0       0      0 %      confirmed; to graduate: 24 hours
  signup  /a\nb     automatic  3         0          1       0      66 %     unconfirmed: needs a success that is plain; to graduate: 200 attempts
  learned answers of login /login
    302 to /home, sets sid  proved success 70 times                   stands for success
    401                     proved failure 9 times                    stands for failure
    200 page                proved success 2 times, failure 1 times   decides nothing: it was both
    204                     proved success 1 times                    decides nothing yet
    … 2 more
`
	if !strings.Contains(strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(want), " ")) {
		t.Errorf("status prints\n%swant in it\n%s", got, want)
	}
	if !strings.Contains(got, "HEALTH route_silent (shop.test: login /session) since") {
		t.Errorf("the notice does not say what it is about:\n%s", got)
	}
}

func TestStatusColumnsAreAligned(t *testing.T) {
	t.Parallel()
	var site detector.SiteStatus
	for i := range 3 * shownRoutes {
		site.Routes = append(site.Routes, detector.RouteStatus{
			Path: "/in" + strings.Repeat("x", i), Kind: config.KindLogin, Attempts: uint32(i * i * i), Missing: "200 attempts",
		})
	}
	got := printed(t, Status{Sites: []detector.SiteStatus{site}})
	at, rows := -1, 0
	for line := range strings.Lines(got) {
		for _, word := range []string{"STATE", "unconfirmed"} {
			i := strings.Index(line, word)
			if i < 0 {
				continue
			}
			if at < 0 {
				at = i
			}
			if rows++; i != at {
				t.Errorf("the state begins at column %d, not %d: %s", i, at, line)
			}
		}
	}
	if more := fmt.Sprintf("… %d more", 2*shownRoutes); rows != shownRoutes+1 || !strings.Contains(got, more) {
		t.Errorf("%d lines, want %d and %q:\n%s", rows, shownRoutes+1, more, got)
	}
	if !strings.Contains(got, fmt.Sprint((3*shownRoutes-1)*(3*shownRoutes-1)*(3*shownRoutes-1))) {
		t.Error("the route with most attempts is left out")
	}
}
