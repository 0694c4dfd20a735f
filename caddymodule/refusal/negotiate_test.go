package refusal

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestForm(t *testing.T) {
	t.Parallel()
	const navigation = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
	tests := []struct {
		name    string
		headers []string // pairs
		want    form
	}{
		{"a browser", []string{"Accept", navigation, "Sec-Fetch-Mode", "navigate"}, formHTML},
		{"a browser on plain HTTP", []string{"Accept", navigation}, formHTML},
		{"a form in a WebView", []string{"Accept", navigation, "X-Requested-With", "com.example.app"}, formHTML},
		{"a navigation that accepts anything", []string{"Accept", "*/*", "Sec-Fetch-Mode", "navigate"}, formHTML},
		{"fetch", []string{"Accept", "*/*", "Sec-Fetch-Mode", "cors"}, formProblem},
		{"fetch that wants HTML", []string{"Accept", "text/html, application/xhtml+xml", "Sec-Fetch-Mode", "same-origin"}, formHTML},
		{"axios", []string{"Accept", "application/json, text/plain, */*"}, formProblem},
		{"jQuery for JSON", []string{"Accept", "application/json, text/javascript, */*; q=0.01", "X-Requested-With", "XMLHttpRequest"}, formProblem},
		{"jQuery for HTML", []string{"Accept", "text/html, */*; q=0.01", "X-Requested-With", "XMLHttpRequest"}, formHTML},
		{"curl", []string{"Accept", "*/*"}, formProblem},
		{"no Accept", nil, formProblem},
		{"an empty Accept", []string{"Accept", " , "}, formProblem},
		{"problem details by name", []string{"Accept", "application/problem+json"}, formProblem},
		{"another JSON type", []string{"Accept", "application/vnd.api+json"}, formProblem},
		{"plain text", []string{"Accept", "text/plain"}, formText},
		{"any text", []string{"Accept", "text/*"}, formHTML},
		{"any application", []string{"Accept", "application/*, text/html;q=0.9"}, formProblem},
		{"weights", []string{"Accept", "text/html;q=0.5, application/json;q=0.6, text/plain;q=0.55"}, formProblem},
		{"weights, the other way", []string{"Accept", "application/json;q=0.5, text/html;q=0.501"}, formHTML},
		{"a weight of zero", []string{"Accept", "application/json;q=0, text/html;q=0.000, */*"}, formText},
		{"the exact range decides", []string{"Accept", "*/*, application/json;q=0.1, application/problem+json;q=0.1"}, formHTML},
		{"upper case and blanks", []string{"Accept", " TEXT/HTML ; Level=1 ; Q=0.9 , application/json; q=0.8"}, formHTML},
		{"a quoted comma", []string{"Accept", `text/plain;x="a, text/html, b", application/json;q=0.9`}, formText},
		{"a quoted quote", []string{"Accept", `text/plain;x="\", text/html, b", application/json;q=0.9`}, formText},
		{"weights that are none", []string{"Accept", "text/html;q=1.5, text/html;q=+1, text/html;q=0.1234, text/html;q=x, application/json;q=0.1"}, formProblem},
		{"two lines", []string{"Accept", "application/json;q=0.5", "Accept", "text/html"}, formHTML},
		{"nothing we have", []string{"Accept", "image/png"}, formProblem},
		{"nothing we have, in a browser", []string{"Accept", "image/png", "Sec-Fetch-Mode", "navigate"}, formHTML},
		{"a name before a wildcard", []string{"Accept", "text/html, */*"}, formHTML},
		{"beyond the bound in many lines", slices.Concat(slices.Repeat([]string{"Accept", strings.Repeat("x", 100)}, 11), []string{"Accept", "text/html"}), formProblem},
		{"beyond the bound", []string{"Accept", strings.Repeat("image/png,", 200) + "text/html"}, formProblem},
		{"more ranges than the bound", []string{"Accept", strings.Repeat("a/b,", maxRanges) + "text/html"}, formProblem},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			for i := 0; i < len(tt.headers); i += 2 {
				h.Add(tt.headers[i], tt.headers[i+1])
			}
			if got := chooseForm(h); got != tt.want {
				t.Errorf("got %s, want %s", got.contentType(), tt.want.contentType())
			}
		})
	}
}

func FuzzNegotiate(f *testing.F) {
	f.Add("text/html,application/json;q=0.9", "de-AT,de;q=0.9,en;q=0", "navigate")
	f.Add(`a/b;x="\`, "en-"+strings.Repeat("a-", 300), "")
	f.Add("*/*;q=", strings.Repeat("*,", 200), "cors")
	f.Add("\xff/\x00;q=1.000", "zh-Hant-TW-u-co-pinyin", "x")
	f.Fuzz(func(t *testing.T, accept, languages, mode string) {
		resp := ask("POST", limited(), "Accept", accept, "Accept-Language", languages, "Sec-Fetch-Mode", mode)
		if resp.StatusCode != 429 || resp.ContentLength <= 0 {
			t.Fatalf("status %d, %d bytes", resp.StatusCode, resp.ContentLength)
		}
		if texts().byTag[resp.Header.Get("Content-Language")] == nil {
			t.Fatalf("language %q", resp.Header.Get("Content-Language"))
		}
		switch resp.Header.Get("Content-Type") {
		case "text/html; charset=utf-8", "application/problem+json", "text/plain; charset=utf-8":
		default:
			t.Fatalf("type %q", resp.Header.Get("Content-Type"))
		}
	})
}
