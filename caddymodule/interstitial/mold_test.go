package interstitial

import (
	"fmt"
	"html"
	"strings"
	"testing"
)

// A filled mold is the page that the templates make, whatever the values are.
func TestMoldGivesTheRenderedPage(t *testing.T) {
	t.Parallel()
	retype, failed, evil, bare := sample(), sample(), sample(), sample()
	retype.Retype, failed.Failed = true, true
	evil.Token, evil.ID, evil.Return = `"><script>&'`, `</p><script>"`, `/a?"'<b>&c=%2F`
	bare.ID, bare.Logo, bare.SiteName, bare.Contact, bare.Return = "", "", "", "", "//evil.test"
	for name, p := range map[string]Page{"plain": sample(), "retype": retype, "failed": failed, "evil": evil, "bare": bare} {
		for _, tag := range []string{"en", "ar"} {
			text := inLanguage(tag)
			want := normal(string(p.render(text, "challenge", "NONCE")))
			got := normal(string(makeMold(text, p).fill(&p, "NONCE")))
			if got != want {
				t.Errorf("%s, %s:\ngot  %s\nwant %s", name, tag, got, want)
			}
			if strings.Contains(got, marks[gapToken]) || strings.Count(got, "<script nonce=") != 1 {
				t.Errorf("%s, %s: a mark is left, or markup came in", name, tag)
			}
		}
	}
}

// normal undoes what the two ways of escaping do differently: the templates write
// quotes in links as %22 and %27, which browsers do as well.
func normal(page string) string {
	return strings.NewReplacer("%22", `"`, "%27", "'", "%3c", "<", "%3e", ">", "%3C", "<", "%3E", ">").Replace(html.UnescapeString(page))
}

func TestMoldsAreBounded(t *testing.T) {
	t.Parallel()
	s := moldStore{kept: map[moldKey]*mold{}}
	p := sample()
	for i := range 3 * maxMolds {
		p.SiteName = fmt.Sprint("Shop ", i)
		s.of(inLanguage("en"), &p)
		if len(s.kept) > maxMolds {
			t.Fatalf("%d molds after %d sites", len(s.kept), i+1)
		}
	}
	if again := s.of(inLanguage("en"), &p); again != s.of(inLanguage("en"), &p) {
		t.Error("a mold is made anew")
	}
}

// Two pages that differ in what an operator sets have different molds.
func TestMoldsAreToldApart(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Page){
		"bits": func(p *Page) { p.Bits++ }, "parts": func(p *Page) { p.Parts++ }, "wait": func(p *Page) { p.Wait++ },
		"lifetime": func(p *Page) { p.Lifetime *= 2 }, "prefix": func(p *Page) { p.Prefix = "/x/" },
		"wait action": func(p *Page) { p.WaitAction = "/x/wait" }, "retype": func(p *Page) { p.Retype = true },
		"failed": func(p *Page) { p.Failed = true }, "no id": func(p *Page) { p.ID = "" }, "name": func(p *Page) { p.SiteName = "x" },
		"logo": func(p *Page) { p.Logo = "" }, "contact": func(p *Page) { p.Contact = "x" },
	} {
		s := moldStore{kept: map[moldKey]*mold{}}
		p, q := sample(), sample()
		change(&q)
		if s.of(inLanguage("en"), &p) == s.of(inLanguage("en"), &q) {
			t.Errorf("%s: one mold for both", name)
		}
	}
}
