package interstitial

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// maxTemplate is how large a template file may be.
const maxTemplate = 256 << 10

// LoadTemplate reads an operator's template (syntax of html/template, given a
// [Fields]) and tries it on both pages. It refuses a file that cannot be read or
// is larger than 256 KiB, that does not parse or asks for what there is not, and
// one whose page would not work. The error names file, line and what to write.
func LoadTemplate(file string) (*template.Template, error) {
	source, err := readBounded(file)
	if err != nil {
		return nil, fmt.Errorf("reading the challenge template: %w", err)
	}
	t, err := template.New(filepath.Base(file)).Parse(source)
	if err != nil {
		return nil, fmt.Errorf("reading the challenge template %s: %w", file, err)
	}
	for _, kind := range [...]string{"challenge", "wait"} {
		if err := tryTemplate(t, kind); err != nil {
			return nil, fmt.Errorf("trying the challenge template %s: %w", file, err)
		}
	}
	return t, nil
}

func readBounded(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxTemplate+1))
	if err != nil {
		return "", err
	}
	if len(content) > maxTemplate {
		return "", fmt.Errorf("%s is larger than %d KiB; move pictures and styles into files of the site", file, maxTemplate>>10)
	}
	return string(content), nil
}

// tryTemplate renders a page and looks for what it cannot do without.
func tryTemplate(t *template.Template, kind string) error {
	const nonce = "NONCE-OF-THE-TRIAL"
	p := Page{
		ID: "trial", Token: "token", Parts: 1, Bits: 1, Prefix: "/.doorward/", Return: "/", Wait: 30 * time.Second,
		WaitAction: "/.doorward/wait", SiteName: "Example", Contact: "help@example.com", Logo: "/logo.svg",
	}
	text := inLanguage("en")
	f := p.fields(text, kind, nonce)
	f.Work = p.work(text, kind, nonce)
	var b bytes.Buffer
	if err := t.Execute(&b, f); err != nil {
		return err
	}
	page := b.String()
	switch n := strings.Count(page, string(f.Work)); {
	case n != 1:
		return fmt.Errorf("{{.Work}} is on the page %d times; write it exactly once, in the body", n)
	case !carriesNonce(page, nonce):
		return fmt.Errorf("a <style> or <script> without the nonce would not apply; write <style nonce=\"{{.Nonce}}\">")
	}
	return nil
}

// carriesNonce reports whether every style and script of a page has the nonce,
// without which the browser leaves it out. Files of the site need none for a
// style sheet, but one for a script.
func carriesNonce(page, nonce string) bool {
	for z := html.NewTokenizer(strings.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return true
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			if (token.Data == "style" || token.Data == "script") && !slices.Contains(token.Attr, html.Attribute{Key: "nonce", Val: nonce}) {
				return false
			}
		}
	}
}
