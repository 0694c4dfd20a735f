package recognize

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

// aLogin is a login as a browser sends it, with a form of 1 KiB, and the two
// usual answers to it.
func aLogin() (*Request, map[string]*Response) {
	token := strings.Repeat("0123456789abcdef", 56)
	body := "csrf_token=" + token + "&username=maria.schmidt%40example.org&password=correct+horse+battery&remember=on&next=%2Fhome"
	r := &Request{
		Method: http.MethodPost, Host: "app.example", Path: "/accounts/login", Body: []byte(body), Complete: true,
		Header: http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "Referer": {"https://app.example/accounts/login"},
			"Cookie": {"session=0123456789abcdef0123456789abcdef; csrftoken=fedcba9876543210; theme=dark"},
			"Accept": {"text/html,application/xhtml+xml"}, "User-Agent": {"Mozilla/5.0"}, "Origin": {"https://app.example"},
		},
	}
	page := "<html><head><title>Sign in</title></head><body>" + strings.Repeat("<p>Welcome to the shop</p>", 40) +
		`<div class="error">Wrong user name or password.</div><form method="post"><input name="username">` +
		`<input type="password" name="password"><button>Sign in</button></form></body></html>`
	return r, map[string]*Response{
		"redirect": {Status: 302, Complete: true, Header: http.Header{
			"Location": {"/home"}, "Set-Cookie": {"session=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; Path=/; HttpOnly", "csrftoken=bbbbbbbbbbbbbbbb; Path=/"},
		}},
		"page": {Status: 200, Complete: true, Body: []byte(page), Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}},
		"JSON": {
			Status: 401, Complete: true, Header: http.Header{"Content-Type": {"application/json"}},
			Body: []byte(`{"error":{"code":"invalid_credentials","message":"Invalid email or password"}}`),
		},
	}
}

// maxLoginAllocs is how often the recognition of one login may allocate, request
// and answer together: what is found are copies, so that the body can go.
const maxLoginAllocs = 40

func TestALoginAllocatesLittle(t *testing.T) {
	r, answers := aLogin()
	for name, resp := range answers {
		var shapes Shapes
		allocs := testing.AllocsPerRun(100, func() {
			found, ok := Automatic(r)
			if !ok || found.Kind != config.KindLogin {
				t.Fatalf("found %+v, %t", found, ok)
			}
			Classify(r.Exchange(&found, resp, RouteFacts{Shapes: &shapes}))
		})
		if !underRace && allocs >= maxLoginAllocs {
			t.Errorf("%s: %.0f allocations, want fewer than %d", name, allocs, maxLoginAllocs)
		}
	}
}

func BenchmarkLogin(b *testing.B) {
	r, answers := aLogin()
	for name, resp := range answers {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var shapes Shapes
			for b.Loop() {
				found, _ := Automatic(r)
				Classify(r.Exchange(&found, resp, RouteFacts{Shapes: &shapes}))
			}
		})
	}
}

func TestCookieNames(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("c=1; ", 2*maxCookieNames)
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"none":                    {nil, ""},
		"one":                     {[]string{"sid=1"}, "sid"},
		"several, two lines":      {[]string{"a=1;b=2 ; c=", "d=x=y"}, "a b c d"},
		"no value, no name":       {[]string{"bare; =1; ;a=1"}, "a"},
		"more than are looked at": {[]string{many}, strings.TrimSpace(strings.Repeat("c ", maxCookieNames))},
	} {
		if got := strings.Join(cookieNames(c.lines), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
