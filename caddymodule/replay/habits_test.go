package replay

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/detector/recognize"
)

// visit is one request of a combined log: when, of whom, what, and how it was
// answered.
type visit struct {
	second  int
	client  string
	request string
	status  int
}

func (v visit) line() string {
	at := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC).Add(time.Duration(v.second) * time.Second)
	return fmt.Sprintf(`%s - - [%s] "%s HTTP/1.1" %d 512 "-" "agent"`, v.client, at.Format("02/Jan/2006:15:04:05 -0700"), v.request, v.status)
}

// outcomesOf are how the attempts among visits ended.
func outcomesOf(t *testing.T, visits ...visit) string {
	t.Helper()
	h := newHabits()
	var ended []*recognize.Outcome
	for _, v := range visits {
		r, err := read(t, FormatCombined, v.line())
		if err != nil {
			t.Fatal(err)
		}
		h.read(&r)
		switch {
		case r.line.Kind != "login":
		case r.line.Late != nil:
			ended = append(ended, r.line.Late)
		default:
			ended = append(ended, &r.line.Outcome)
		}
	}
	var list []string
	for _, o := range ended {
		list = append(list, string(o.Result))
	}
	return strings.Join(list, " ")
}

func TestWhatFollowsTellsHowALoginEnded(t *testing.T) {
	t.Parallel()
	const a, b, post = "192.0.2.1", "192.0.2.2", "POST /login"
	for name, c := range map[string]struct {
		want   string
		visits []visit
	}{
		"the form is shown again":          {"failure", []visit{{0, a, post, 200}}},
		"the login is sent again":          {"failure failure", []visit{{0, a, post, 200}, {3, a, post, 200}}},
		"a redirect leads on":              {"success", []visit{{0, a, post, 302}, {0, a, "GET /home", 200}}},
		"a redirect leads back":            {"failure", []visit{{0, a, post, 302}, {0, a, "GET /login", 200}}},
		"nobody follows the redirect":      {"unknown", []visit{{0, a, post, 302}}},
		"redirects that nobody follows":    {"failure failure unknown", []visit{{0, a, post, 302}, {1, a, post, 302}, {2, a, post, 302}}},
		"another client goes on":           {"unknown", []visit{{0, a, post, 302}, {0, b, "GET /home", 200}}},
		"it goes on much later":            {"unknown", []visit{{0, a, post, 302}, {60, a, "GET /home", 200}}},
		"pictures are no page":             {"unknown", []visit{{0, a, post, 302}, {0, a, "GET /style.css", 200}}},
		"an error is no page":              {"unknown", []visit{{0, a, post, 302}, {0, a, "GET /home", 500}}},
		"a second step is no page":         {"unknown", []visit{{0, a, post, 302}, {0, a, "GET /login/check", 200}}},
		"others were shown the form":       {"failure success", []visit{{0, b, post, 200}, {0, a, post, 302}}},
		"others were redirected":           {"success failure", []visit{{0, b, post, 302}, {1, b, "GET /home", 200}, {2, a, post, 200}}},
		"others were refused":              {"failure success", []visit{{0, b, post, 401}, {2, a, post, 200}}},
		"an API that says nothing":         {"unknown", []visit{{0, a, "POST /api/login", 200}}},
		"an API whose client goes on":      {"success", []visit{{0, a, "POST /api/login", 200}, {1, a, "GET /api/me", 200}}},
		"an API whose client tries again":  {"failure unknown", []visit{{0, a, "POST /api/login", 200}, {5, a, "POST /api/login", 200}}},
		"the redirect of a refused server": {"failure success", []visit{{0, a, post, 401}, {9, a, post, 302}}},
	} {
		if got := outcomesOf(t, c.visits...); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestHabitsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHabits()
	first, err := read(t, FormatCombined, visit{0, "192.0.2.1", "POST /login", 302}.line())
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxFollowed + 1000 {
		r := first
		r.client, r.route = uint64(i), uint64(i)
		h.read(&r)
	}
	if len(h.clients) != maxFollowed || len(h.routes) != maxRouteHabits {
		t.Errorf("%d clients and %d routes are remembered, want %d and %d", len(h.clients), len(h.routes), maxFollowed, maxRouteHabits)
	}
	r, _ := read(t, FormatCombined, visit{60, "192.0.2.1", "POST /login", 200}.line())
	h.read(&r)
	if len(h.clients) != 1 {
		t.Errorf("%d clients are remembered a minute later, want the last one only", len(h.clients))
	}
}
