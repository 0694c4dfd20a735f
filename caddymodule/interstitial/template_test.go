package interstitial

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func templateFile(t *testing.T, source string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "challenge.html")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const ownTemplate = `<!doctype html><html lang="{{.Lang}}" dir="{{.Dir}}"><head><title>{{.Title}}</title>{{.Style}}
<style nonce="{{.Nonce}}">body{color:red}</style><script nonce="{{.Nonce}}">let own = 1</script></head>
<body class="own"><h1>{{.SiteName}}: {{.Title}}</h1>{{with .Logo}}<img src="{{.}}" alt="">{{end}}<p>{{.Lead}}</p>{{.Work}}<p>{{.Contact}} {{.Reference}} {{.Privacy}}</p></body></html>`

func TestTemplateOfTheOperator(t *testing.T) {
	t.Parallel()
	made, err := LoadTemplate(templateFile(t, ownTemplate))
	if err != nil {
		t.Fatal(err)
	}
	p := sample()
	p.Template, p.Logo = made, "data:image/png;base64,AA=="
	for kind, write := range map[string]writer{"challenge": Write, "wait": WriteWait} {
		resp := ask(write, "GET", p, "Accept-Language", "he")
		body := bodyOf(t, resp)
		root := parse(t, body)
		if !strings.Contains(body, `class="own"`) || attribute(nodes(root, "html")[0], "dir") != "rtl" {
			t.Errorf("%s: not the page of the operator:\n%s", kind, body)
		}
		checkControls(t, root)
		if !carriesNonce(body, nonceOfPage.FindStringSubmatch(body)[1]) {
			t.Errorf("%s: a style or script has another nonce", kind)
		}
		if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self' data:; font-src 'self'") {
			t.Errorf("%s: policy %s", kind, policy)
		}
	}
}

func TestTemplateThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, source, says string }{
		{"it does not parse", "<p>\n{{.Work}", "challenge.html:2"},
		{"it asks for what there is not", "<p>\n\n{{.Password}}{{.Work}}", "challenge.html:3"},
		{"it leaves out the work", "<p>{{.Title}}</p>", "exactly once"},
		{"it has the work twice", "{{.Work}}{{.Work}}", "2 times"},
		{"the work stands in an attribute", `<p title="{{.Work}}">`, "0 times"},
		{"a style without the nonce", "<style>p{}</style>{{.Work}}", `nonce="{{.Nonce}}"`},
		{"a script with another nonce", `<script nonce="x"></script>{{.Work}}`, `nonce="{{.Nonce}}"`},
		{"it is too large", "{{.Work}}" + strings.Repeat(" ", maxTemplate), "larger than 256 KiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := templateFile(t, c.source)
			_, err := LoadTemplate(file)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), file) {
				t.Errorf("error %v, want the file and %q", err, c.says)
			}
		})
	}
	if _, err := LoadTemplate(filepath.Join(t.TempDir(), "none.html")); err == nil || !strings.Contains(err.Error(), "none.html") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// A template that fails with values that the trial did not have gives way to the
// page of the package.
func TestTemplateThatFailsLaterGivesWay(t *testing.T) {
	t.Parallel()
	made, err := LoadTemplate(templateFile(t, `{{.Work}}{{if eq .Lang "de"}}{{slice .Lang 9}}{{end}}`))
	if err != nil {
		t.Fatal(err)
	}
	p := sample()
	p.Template = made
	if body := bodyOf(t, ask(Write, "GET", p, "Accept-Language", "de")); !strings.Contains(body, "<h1>Einen Moment bitte</h1>") || strings.Count(body, "<script") != 1 {
		t.Errorf("the page:\n%s", body)
	}
}
