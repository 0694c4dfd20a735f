package interstitial

import (
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files under testdata")

func sample() Page {
	return Page{
		ID: "01JGK9XQ2R0000000000000000", Token: "v1.AbC-_09", Parts: 16, Bits: 14, Lifetime: 5 * time.Minute,
		Prefix: "/.doorward/", Return: "/login?next=%2Fcart", WaitAction: "/.doorward/wait",
		SiteName: "Shop", Contact: "help@shop.example", Logo: "/logo.svg",
	}
}

type writer func(http.ResponseWriter, *http.Request, int, Page)

func ask(write writer, method string, p Page, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "/login", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	write(w, r, http.StatusTooManyRequests, p)
	return w.Result()
}

func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

var (
	nonceOfPage = regexp.MustCompile(`nonce="([A-Z2-7]{26})"`)
	scriptOf    = regexp.MustCompile(`(?s)(<script[^>]*>).*?(</script>)`)
	styleOf     = regexp.MustCompile(`(?s)(<style[^>]*>\n).*?((?::root\{--dw-wait:\d+s\}\n)?</style>)`)
)

// The golden files show everything but what has files of its own.
func TestGolden(t *testing.T) {
	t.Parallel()
	retype, failed, bare := sample(), sample(), Page{Token: "t", Parts: 4, Bits: 16, Prefix: "/.doorward/", Return: "/", WaitAction: "/.doorward/wait"}
	retype.Retype, failed.Failed, failed.Wait = true, true, time.Minute
	waiting, over := sample(), sample()
	waiting.Wait, over.Retype = 30*time.Second, true
	tests := []struct {
		file, language string
		write          writer
		p              Page
	}{
		{"challenge.en.html", "en", Write, sample()},
		{"challenge.retype.ar.html", "ar", Write, retype},
		{"challenge.failed.de.html", "de", Write, failed},
		{"challenge.bare.en.html", "en", Write, bare},
		{"wait.en.html", "en", WriteWait, waiting},
		{"wait.over.fa.html", "fa", WriteWait, over},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got := bodyOf(t, ask(tt.write, "GET", tt.p, "Accept-Language", tt.language))
			got = scriptOf.ReplaceAllString(got, "$1…$2")
			got = styleOf.ReplaceAllString(got, "$1…\n$2")
			got = nonceOfPage.ReplaceAllString(got, `nonce="NONCE"`)
			got = strings.ReplaceAll(got, ScriptName, "work-HASH.js")
			path := filepath.Join("testdata", tt.file)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s; look at it and run with -update:\n%s", path, got)
			}
		})
	}
}
