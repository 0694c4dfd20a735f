package interstitial

import (
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// nodes returns all elements of a name.
func nodes(root *html.Node, name string) []*html.Node {
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func parse(t *testing.T, body string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// Both pages in every language can be read by everybody.
func TestEveryPageIsWhole(t *testing.T) {
	t.Parallel()
	for _, tag := range slices.Sorted(maps.Keys(texts().byTag)) {
		for kind, write := range map[string]writer{"challenge": Write, "wait": WriteWait} {
			t.Run(tag+"/"+kind, func(t *testing.T) {
				t.Parallel()
				body := bodyOf(t, ask(write, "GET", sample(), "Accept-Language", tag))
				root := parse(t, body)
				checkFrame(t, root, tag)
				checkControls(t, root)
				if strings.Contains(body, "{n}") != (kind == "challenge") || strings.Contains(body, "{contact}") || strings.Contains(body, "{id}") {
					t.Error("a placeholder is left, or the one that the script fills is not there")
				}
				for _, elsewhere := range []string{"http:", "https:", "src=\"//", "url("} {
					if strings.Contains(body, elsewhere) {
						t.Errorf("it refers to another place: %s", elsewhere)
					}
				}
			})
		}
	}
}

func checkFrame(t *testing.T, root *html.Node, tag string) {
	top := nodes(root, "html")[0]
	if attribute(top, "lang") != tag || attribute(top, "dir") != texts().byTag[tag].Dir {
		t.Errorf("lang %s, dir %s", attribute(top, "lang"), attribute(top, "dir"))
	}
	for _, name := range []string{"title", "main", "h1", "style", "footer"} {
		if got := len(nodes(root, name)); got != 1 {
			t.Errorf("%d elements %s", got, name)
		}
	}
	for _, name := range []string{"link", "iframe", "base", "object"} {
		if got := len(nodes(root, name)); got != 0 {
			t.Errorf("%d elements %s", got, name)
		}
	}
}

// checkControls: every form is a POST with a token and a button that has a text.
func checkControls(t *testing.T, root *html.Node) {
	for _, form := range nodes(root, "form") {
		if attribute(form, "method") != "post" || !strings.HasPrefix(attribute(form, "action"), "/.doorward/") {
			t.Errorf("a form goes to %s %q", attribute(form, "method"), attribute(form, "action"))
		}
		token, buttons := "", nodes(form, "button")
		for _, input := range nodes(form, "input") {
			if attribute(input, "name") == "token" {
				token = attribute(input, "value")
			}
		}
		if token != sample().Token || len(buttons) != 1 || buttons[0].FirstChild == nil {
			t.Errorf("a form has the token %q and %d buttons", token, len(buttons))
		}
	}
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("the attribute %s of %s is refused by the policy", a.Key, n.Data)
			}
		}
	}
}

// The policy lets through what the page has, and nothing else.
func TestContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	bare, data := sample(), sample()
	bare.Logo, data.Logo = "", "data:image/png;base64,AAAA"
	for _, c := range []struct {
		name, images string
		p            Page
	}{
		{"a logo of the site", "; img-src 'self'", sample()},
		{"a logo in the page", "; img-src data:", data},
		{"no logo", "", bare},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			resp := ask(Write, "GET", c.p)
			body := bodyOf(t, resp)
			nonces := nonceOfPage.FindAllStringSubmatch(body, -1)
			if len(nonces) != 2 || nonces[0][1] != nonces[1][1] {
				t.Fatalf("nonces %q, want the same one for style and script", nonces)
			}
			n := nonces[0][1]
			want := "default-src 'none'; script-src 'nonce-" + n + "'; style-src 'nonce-" + n + "'" + c.images +
				"; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'"
			if got := resp.Header.Get("Content-Security-Policy"); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if again := bodyOf(t, ask(Write, "GET", c.p)); strings.Contains(again, n) {
				t.Error("two pages have the same nonce")
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for kind, write := range map[string]writer{"challenge": Write, "wait": WriteWait} {
		resp := ask(write, "GET", sample(), "Accept-Language", "fr")
		for name, value := range map[string]string{
			"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8", "Content-Language": "fr",
			"Vary": "Accept-Language", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "X-Robots-Tag": "noindex",
		} {
			if got := resp.Header.Get(name); got != value {
				t.Errorf("%s: %s: %q, want %q", kind, name, got, value)
			}
		}
		if resp.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%s: status %d", kind, resp.StatusCode)
		}
	}
}

func TestHeadHasTheHeadersOfGetAndNoBody(t *testing.T) {
	t.Parallel()
	get, head := ask(Write, "GET", sample()), ask(Write, "HEAD", sample())
	for name := range get.Header {
		if g, h := get.Header.Get(name), head.Header.Get(name); g != h && name != "Content-Security-Policy" {
			t.Errorf("%s is %q for GET and %q for HEAD", name, g, h)
		}
	}
	if n, body := head.ContentLength, bodyOf(t, head); n <= 0 || body != "" {
		t.Errorf("HEAD has a length of %d and the body %q", n, body)
	}
}

func TestHeadersOfTheAnswerThatIsNotSentAreGone(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	for _, name := range []string{"Content-Encoding", "ETag", "Last-Modified", "Content-Length"} {
		w.Header().Set(name, "1")
	}
	Write(w, httptest.NewRequest("GET", "/", nil), 200, sample())
	h := w.Result().Header
	if h.Get("Content-Encoding")+h.Get("ETag")+h.Get("Last-Modified") != "" || h.Get("Content-Length") == "1" {
		t.Errorf("headers %v", h)
	}
}

// Whatever a value holds, it is text, and leads nowhere else.
func TestValuesCannotBecomeMarkup(t *testing.T) {
	t.Parallel()
	const evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{.}} {id} {n}"
	p := Page{
		ID: evil, Token: evil, Prefix: "/.doorward/", Return: evil, WaitAction: "/.doorward/wait",
		SiteName: evil, Logo: "javascript:alert(1)", Contact: evil,
	}
	for _, write := range []writer{Write, WriteWait} {
		body := bodyOf(t, ask(write, "GET", p))
		root := parse(t, body)
		if strings.Contains(body, "<script>") || strings.Contains(body, "javascript:") || len(nodes(root, "img")) > 0 {
			t.Errorf("markup in the page:\n%s", body)
		}
		if !strings.Contains(body, "{id} {n}") {
			t.Error("a value is not shown as it is")
		}
	}
}

func TestReturnIsAPathOfThisSite(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/login": "/login", "/login?next=%2Fa&b=c": "/login?next=%2Fa&b=c", "/": "/", "/ünï": "/ünï",
		"": "/", "login": "/", "//evil.test/": "/", `/\evil.test/`: "/", "https://evil.test/": "/", "/a\r\nb": "/", "/\tevil": "/",
		"javascript:alert(1)": "/", " /login": "/", "/a\x00": "/",
	} {
		if got := (Page{Return: path}).returnPath(); got != want {
			t.Errorf("%q becomes %q, want %q", path, got, want)
		}
	}
}

func TestCheckLogo(t *testing.T) {
	t.Parallel()
	for logo, ok := range map[string]bool{
		"/logo.svg": true, "data:image/png;base64,iVBORw0KGgo=": true, "/a/b.png?v=2": true,
		"": false, "logo.svg": false, "//cdn.test/logo.svg": false, "https://cdn.test/logo.svg": false, `/\cdn.test/`: false,
		"data:text/html,x": false, "/logo .svg": false, "/logo\n.svg": false, "javascript:1": false,
		"data:image/png;base64," + strings.Repeat("A", maxLogo): false,
	} {
		if err := CheckLogo(logo); (err == nil) != ok {
			t.Errorf("%.60q: %v", logo, err)
		}
		p := sample()
		p.Logo = logo
		images := nodes(parse(t, bodyOf(t, ask(Write, "GET", p))), "img")
		if (len(images) == 1) != ok || ok && attribute(images[0], "src") != logo {
			t.Errorf("%.60q: %d pictures on the page", logo, len(images))
		}
	}
}

// WCAG 2.2, 1.4.6 and 1.4.11: 7:1 for text, 3:1 for the bar and its track's end.
func TestColoursHaveEnoughContrast(t *testing.T) {
	t.Parallel()
	variable := regexp.MustCompile(`--(\w+):(#[0-9a-f]{6})`)
	schemes := 0
	for line := range strings.Lines(style) {
		colours := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(line, -1) {
			colours[m[1]] = m[2]
		}
		if len(colours) == 0 {
			continue
		}
		schemes++
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"text", "back", 7},
			{"text", "card", 7},
			{"text", "note", 7},
			{"quiet", "back", 7},
			{"quiet", "card", 7},
			{"onmark", "mark", 7},
			{"mark", "card", 7},
			{"mark", "back", 7},
			{"mark", "line", 3},
			{"mark", "note", 3},
		} {
			if got := contrast(t, colours[pair.front], colours[pair.back]); got < pair.least {
				t.Errorf("%s on %s of scheme %d: %.1f, want %.0f", pair.front, pair.back, schemes, got, pair.least)
			}
		}
	}
	if schemes != 2 || !strings.Contains(style, "prefers-color-scheme:dark") {
		t.Errorf("%d colour schemes, want light and dark", schemes)
	}
}

func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) (sum float64) {
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			sum += share * c / 12.92
		} else {
			sum += share * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}

func BenchmarkWrite(b *testing.B) {
	r := httptest.NewRequest("GET", "/login", nil)
	r.Header.Set("Accept-Language", "de-DE,de;q=0.9,en;q=0.8")
	p := sample()
	b.ReportAllocs()
	for b.Loop() {
		Write(discard{http.Header{}}, r, 429, p)
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(p []byte) (int, error) { return len(p), nil }
func (d discard) WriteHeader(int)             {}
