package recognize

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

var allResults = []Result{Success, Failure, Challenge, Rejected, Throttled, Malformed, Unknown}

func FuzzClassify(f *testing.F) {
	f.Add(200, "Content-Type: text/html", []byte(loginForm), true, "/login", "q=1")
	f.Add(200, "Content-Type: application/json", []byte(`{"success":false,"a":[{"b":null}]}`), true, "/api", "")
	f.Add(302, "Location: ?error=1&next=//x", []byte(nil), true, "/", "next=%zz")
	f.Add(200, "Content-Type: text/xml", []byte(`<methodResponse><fault>`), false, "/xmlrpc", "")
	f.Add(401, `WWW-Authenticate: Digest stale=`, []byte("x"), true, "", "")
	f.Add(200, "Set-Cookie: a=; expires=x; max-age=9999999999999999999", []byte("<a<input type='password"), false, "/", "%")
	kinds := slices.Concat(config.Kinds, []config.Kind{config.KindNone})
	f.Fuzz(func(t *testing.T, status int, header string, body []byte, complete bool, path, query string) {
		lines := strings.Split(header, "\n")
		for i, line := range lines {
			if !strings.Contains(line, ": ") {
				lines[i] = "X: " + line
			}
		}
		resp := reply(status, string(body), lines...)
		resp.Complete = complete
		for _, kind := range kinds {
			for _, format := range []Format{FormatForm, FormatDigest} {
				got := Classify(Exchange{
					Host: "app.example", Path: path, RawQuery: query, Referer: query, Echoes: []string{path},
					Credentials: &Credentials{Kind: kind, Format: format}, Response: resp,
				})
				if !slices.Contains(allResults, got.Result) || got.Confidence < 0 || got.Confidence > 1 {
					t.Fatalf("got %q %v", got.Result, got.Confidence)
				}
				if got.Result == Unknown != (got.Confidence == 0) {
					t.Fatalf("%s with confidence %v", got.Result, got.Confidence)
				}
			}
		}
	})
}

// A cut answer is never a success that the whole answer is not, unless the
// deciding part was in front.
func FuzzCutPageIsNoSuccess(f *testing.F) {
	f.Add("<html><body>hello ")
	f.Add(homePage)
	f.Fuzz(func(t *testing.T, front string) {
		resp := cutReply(200, "<html>"+front, asPage, session)
		got := Classify(attempt(resp))
		facts := readPage(resp.Body)
		positive := facts.refresh != "" || facts.login || facts.code || facts.hands
		if got.Result == Success && !positive {
			t.Errorf("a cut page is a success: %q", got.Evidence)
		}
	})
}

func BenchmarkClassifyPage64KiB(b *testing.B) {
	benchmarkBody(b, asPage, strings.Repeat(`<p class="row">some words of text &amp; more</p>`, 1400)+loginForm)
}

// Every tag has attributes that are looked at, and every text an entity.
func BenchmarkClassifyWorstPage64KiB(b *testing.B) {
	benchmarkBody(b, asPage, strings.Repeat(`<b id=error>no &lt;<input type=password>`, 1630))
}

func BenchmarkClassifyJSON64KiB(b *testing.B) {
	benchmarkBody(b, asJSON, `{"items":[`+strings.Repeat(`{"id":1,"title":"some words of text","tags":["a","b"]},`, 1180)+`{}],"token":"0123456789abcdef"}`)
}

func BenchmarkClassifyWorstJSON64KiB(b *testing.B) {
	benchmarkBody(b, asJSON, strings.Repeat(`{"errors":["wrong user",`, 2700))
}

func BenchmarkClassifyRedirect(b *testing.B) {
	x := attempt(reply(302, "", "Location: /home?tab=1", session))
	b.ReportAllocs()
	for b.Loop() {
		Classify(x)
	}
}

func benchmarkBody(b *testing.B, contentType, body string) {
	b.Helper()
	body = body[:min(len(body), 64<<10)]
	x := attempt(reply(200, body, contentType, session))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		Classify(x)
	}
}

func BenchmarkClassifyWorstXML64KiB(b *testing.B) {
	benchmarkBody(b, "Content-Type: text/xml", strings.Repeat(`<error code="x" type="y">wrong user &amp; `, 1600))
}

func BenchmarkClassifyWorstText64KiB(b *testing.B) {
	benchmarkBody(b, asText, strings.Repeat("wrong user ", 6000))
}

func BenchmarkClassifyWorstScripts64KiB(b *testing.B) {
	benchmarkBody(b, asPage, strings.Repeat(`<script>"error":"wrong user";alert("no");location="x"</script>`, 1100))
}

func BenchmarkClassifyWorstCookies(b *testing.B) {
	resp := reply(302, "", "Location: /home")
	for i := range 2 * maxSetCookies {
		resp.Header.Add("Set-Cookie", "session_"+itoa(i)+"_user=0123456789abcdef; Path=/; Expires=Wed, 07 Jan 2026 09:59:00 GMT; HttpOnly")
	}
	b.ReportAllocs()
	for b.Loop() {
		Classify(attempt(resp))
	}
}

func BenchmarkClassifyTypicalJSON(b *testing.B) {
	benchmarkBody(b, asJSON, `{"user":{"id":1,"email":"ada@example.org","name":"Ada"},"token":"0123456789abcdef"}`)
}

func BenchmarkClassifyTypicalPage(b *testing.B) {
	benchmarkBody(b, asPage, `<!doctype html><html><head><title>Log in</title></head><body><p class="error">Wrong user name or password</p>`+loginForm+`</body></html>`)
}

func BenchmarkClassifyWorstLinks64KiB(b *testing.B) {
	benchmarkBody(b, asPage, strings.Repeat(`<a href=/logs?outs class=errs></a>`, 1930))
}
