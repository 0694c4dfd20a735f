package interstitial

import (
	"bytes"
	"crypto/rand"
	"embed"
	"html/template"
	"strconv"
	"strings"
)

//go:embed assets/page.html assets/work.html
var pageFiles embed.FS

//go:embed assets/page.css
var style string

// layout is the page of the package; body holds what each of the two pages does.
var (
	layout = template.Must(template.ParseFS(pageFiles, "assets/page.html"))
	body   = template.Must(template.ParseFS(pageFiles, "assets/work.html"))
)

// Fields is what a template is given. Its values are escaped for where they stand.
type Fields struct {
	// Lang is a language tag, Dir is ltr or rtl: for the attributes of <html>.
	Lang, Dir string
	// Title and Lead say what the page is, in the visitor's language.
	Title, Lead string
	// Work is what the page does: notes, progress, buttons and their script. It
	// must stand in the body exactly once.
	Work template.HTML
	// Style is the style sheet of the package, for the head. A template without it
	// needs rules of its own for the classes that begin with dw-.
	Style template.HTML
	// Nonce must be an attribute of the <style> and <script> elements of the
	// template: <style nonce="{{.Nonce}}">. Others do not apply.
	Nonce string
	// Privacy says that nothing is collected, Contact whom to ask, Reference the id
	// that leads the operator to the reason; empty without one.
	Privacy, Contact, Reference string
	// SiteName and Logo are the operator's; empty: none.
	SiteName string
	Logo     template.URL
}

// deed is what the templates of body are given.
type deed struct {
	Words            *words
	Token, Action    string
	Parts, Bits      int
	Lifetime, Wait   int64 // seconds
	Worker, Return   string
	Retype, Failed   bool
	Done, WaitAction string
	Script           template.HTML
}

func newNonce() string { return rand.Text() }

// contentSecurityPolicy allows the page its own style and program, its worker and
// the operator's logo. A template of the operator may use files of the site
// besides. Nothing is said of forms: browsers made of Chromium apply form-action
// to the redirects behind a form, too, and the page to go back to may send the
// visitor on to where this site's people log in, which may be another host.
func (p Page) contentSecurityPolicy(nonce string) string {
	images, styles := "", "'nonce-"+nonce+"'"
	switch {
	case p.Template != nil:
		images, styles = "; img-src 'self' data:; font-src 'self'", "'self' "+styles
	case strings.HasPrefix(p.Logo, "data:"):
		images = "; img-src data:"
	case p.Logo != "":
		images = "; img-src 'self'"
	}
	return "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src " + styles + images +
		"; worker-src 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// render makes the page. A template of the operator that fails on the way, which
// [LoadTemplate] has made unlikely, gives way to the page of the package.
func (p Page) render(text *words, kind, nonce string) []byte {
	f := p.fields(text, kind, nonce)
	f.Work = p.work(text, kind, nonce)
	var b bytes.Buffer
	if p.Template != nil {
		if err := p.Template.Execute(&b, f); err == nil {
			return b.Bytes()
		}
		b.Reset()
	}
	if err := layout.Execute(&b, f); err != nil {
		return []byte(f.Work) // cannot happen with a template that has run once
	}
	return b.Bytes()
}

func (p Page) fields(text *words, kind, nonce string) Fields {
	f := Fields{
		Lang: text.tag, Dir: text.Dir, Title: text.Title, Lead: text.Lead, Nonce: nonce,
		Privacy: text.Privacy, Contact: text.Ask, SiteName: p.SiteName, Logo: p.logo(),
	}
	rules := style
	if kind == "wait" {
		wait := seconds(p.Wait)
		f.Title, f.Lead = text.WaitTitle, text.WaitOver
		if wait > 0 {
			f.Lead = fill(text.WaitLead, "{n}", strconv.FormatInt(wait, 10))
		}
		rules += ":root{--dw-wait:" + strconv.FormatInt(wait, 10) + "s}\n"
	}
	f.Style = template.HTML(`<style nonce="` + nonce + "\">\n" + rules + "</style>") //nolint:gosec // the package's own text and a number
	if p.Contact != "" {
		f.Contact = fill(text.Contact, "{contact}", text.isolate(p.Contact))
	}
	if p.ID != "" {
		f.Reference = fill(text.ID, "{id}", text.isolate(p.ID))
	}
	return f
}

func (p Page) work(text *words, kind, nonce string) template.HTML {
	d := deed{
		Words: text, Token: p.Token, Action: p.Prefix + "challenge", Parts: p.Parts, Bits: p.Bits,
		Lifetime: seconds(p.Lifetime), Wait: seconds(p.Wait), Worker: p.Prefix + ScriptName, Return: p.returnPath(),
		Retype: p.Retype, Failed: p.Failed, WaitAction: p.WaitAction, Done: text.Done,
		Script: template.HTML(`<script nonce="` + nonce + "\">\n" + program + "</script>"), //nolint:gosec // the package's own text
	}
	if p.Retype {
		d.Done = text.DoneRetype
	}
	if kind == "challenge" {
		if d.Wait == 0 {
			d.Wait = seconds(defaultWait)
		}
		n := strconv.FormatInt(d.Wait, 10)
		spoken := *text
		spoken.Off, spoken.Slow, spoken.Instead = fill(text.Off, "{n}", n), fill(text.Slow, "{n}", n), fill(text.Instead, "{n}", n)
		d.Words = &spoken
	}
	var b bytes.Buffer
	_ = body.ExecuteTemplate(&b, kind, d) // cannot fail with a template that has run once
	return template.HTML(b.String())      //nolint:gosec // a template has escaped it
}
