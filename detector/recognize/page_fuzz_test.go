package recognize

import (
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/doorward/doorward/config"
)

func FuzzFormsIn(f *testing.F) {
	f.Add(`<form method=post action="/in?do=login"><input name=a><input type=password name=b><button>Log in</button></form>`, "/login", "x=1")
	f.Add(`<base href="//x/"><form id=f><form><template><input form=f type=password></template><button formaction=?/x form=f>`, "/", "/a&b=%zz")
	f.Add(`<form name=login><select name="u[]"><input type=hidden name=email value=a><input TYPE=password name="p&#0;w" autocomplete="a new-password b">`, "a;b/../c", "reset_token")
	f.Add(`</form></template></button><input type=password name=x form=><textarea><form>password`, "", "")
	f.Fuzz(func(t *testing.T, page, path, query string) {
		forms := FormsIn([]byte(page), path, query, "app.test")
		if len(forms) > maxForms {
			t.Fatalf("%d forms", len(forms))
		}
		for i := range forms {
			checkForm(t, &forms[i])
		}
		if again := FormsIn([]byte(page), path, query, "app.test"); formTexts(again) != formTexts(forms) {
			t.Error("the same page twice is not the same")
		}
	})
}

// checkForm checks what holds of every form that is told.
func checkForm(t *testing.T, f *Form) {
	t.Helper()
	kinds := []config.Kind{config.KindLogin, config.KindSignup, config.KindReset, config.KindPasswordChange}
	if !slices.Contains(kinds, f.Kind) || !isFormMethod(f.Method) || !strings.HasPrefix(f.Path, "/") || len(f.Path) > maxPath {
		t.Errorf("%s form, %s %q", f.Kind, f.Method, f.Path)
	}
	if len(f.Passwords) == 0 || len(f.Passwords) > maxFormFields || len(f.Identifiers) > maxFormFields {
		t.Errorf("%d passwords, %d identifiers", len(f.Passwords), len(f.Identifiers))
	}
	body := url.Values{}
	for _, name := range slices.Concat(f.Identifiers, f.Passwords) {
		if name == "" || len(name) > maxHolder {
			t.Errorf("a field %q", name)
		}
		body.Set(name, "value")
	}
	var book FormBook
	if !book.Learn([]Form{*f}) || !book.Served(f.Method, f.Path) {
		t.Errorf("%s %q: learned, but not found", f.Method, f.Path)
	}
	r := formPost("/", body.Encode())
	r.Form = book.Lookup(f.Method, f.Path)
	c, ok := Automatic(r)
	checkInvariants(t, "served form", c, ok)
}

func FuzzAddress(f *testing.F) {
	f.Add("/a/b;c/1234//D/")
	f.Add(";/x")
	f.Add("/\x00/%2f/é")
	f.Fuzz(func(t *testing.T, path string) {
		var b FormBook
		if b.Learn(loginAt("POST "+path)) != (path != "") {
			t.Fatal("learned is not whether there is a path")
		}
		if path == "" {
			return
		}
		for _, same := range []string{path, "/" + path, path + "/"} {
			if len(same) <= maxPath && !b.Served("POST", same) {
				t.Errorf("%q is not found as %q", path, same)
			}
		}
	})
}

// worstPages are the most expensive pages of 64 KiB we know (H13: at most 2 ms
// and 1 MiB each).
func worstPages() map[string]string {
	field := `<input type=password name=p`
	pages := map[string]string{
		"fields":              `<form id=login>` + strings.Repeat(`<input type=password name=user_password>`, worst),
		"fields outside":      strings.Repeat(`<input form=f name=email_address type=password>`, worst),
		"forms":               strings.Repeat(`<form id=login_x class="a b">`+field+`></form>`, worst),
		"forms without":       field + `>` + strings.Repeat(`<form id=a></form>`, worst),
		"buttons":             `<form>` + field + `>` + strings.Repeat(`<button formaction=/login>Log in</button>`, worst),
		"short attributes":    field + strings.Repeat(" a", worst),
		"other attributes":    fill(field, " a#", ""),
		"attributes, quoted":  field + strings.Repeat(` a=">"`, worst),
		"attributes, slashes": field + strings.Repeat(" /a", worst),
		"attributes, tight":   field + strings.Repeat(`a=""`, worst),
		"attributes, equal":   field + strings.Repeat(` =`, worst),
		"many tags, crowded":  strings.Repeat(`<input type=password`+strings.Repeat(" a", maxTagAttributes-2)+">", worst/100),
		"short tags":          `password` + strings.Repeat("<a>", worst),
		"open tags":           `password` + strings.Repeat("<a", worst),
		"long words":          `<form id="` + strings.Repeat("sign-in_out", worst) + `">` + field + `>`,
		"entities":            `<form>` + strings.Repeat(`<input type=password name="&lt;&amp;&notin;">`, worst),
		"crowded, then many":  field + strings.Repeat(" a", maxTagAttributes-3) + ">" + strings.Repeat("<a b>", worst),
		"far crowded":         field + strings.Repeat(" a", 2000) + ">" + strings.Repeat("<a b>", worst),
		"comments":            `password` + strings.Repeat("<!-->", worst),
		"templates":           `password` + strings.Repeat("<template>", worst),
		"styles":              `<form>` + strings.Repeat(`<input type=password name=x style="display :  NONE">`, worst),
		"one text":            `password<` + strings.Repeat("a ", worst),
		"one word":            `<form action="?` + strings.Repeat("login", worst) + `">` + field + `>`,
	}
	for name, page := range pages {
		pages[name] = page[:min(len(page), worst)]
	}
	return pages
}

// Not parallel: it counts what the process allocates.
func TestWorstPagesStayBounded(t *testing.T) {
	for name, page := range worstPages() {
		var before, after runtime.MemStats
		body := []byte(page)
		runtime.ReadMemStats(&before)
		forms := FormsIn(body, "/login", "a=b", "app.test")
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes allocated, want at most 1 MiB", name, n)
		}
		for i := range forms {
			checkForm(t, &forms[i])
		}
	}
}

// Whole images stand in one tag: a page is read behind them.
func TestPageIsReadBehindLongTags(t *testing.T) {
	t.Parallel()
	const login = `<form method=post action=/in><input name=who autocomplete=username><input type=password name=x></form>`
	for _, row := range []struct {
		name, before string
		want         int
	}{
		{"an image", `<img src="data:image/png;base64,` + strings.Repeat("iVBORw0KGgoAAAANSUhEUgAAAAUA/", 1000) + `">`, 1},
		{"a script", `<script>` + strings.Repeat(`if (a <b && c> d) { x = "<a " / 2 } `, 1000) + `</script>`, 1},
		{"many tags", strings.Repeat(`<p class="a b c" id='x' title="x">text and more text</p> `, 500), 1},
		{"a drawing", `<path d="` + strings.Repeat("M 0 0 L 1 1 ", 1000) + `">`, 1},
		{"a drawing in single quotes", `<path d = '` + strings.Repeat(`M "0" 0=/> `, 1000) + `'>`, 1},
		{"many attributes", `<div ` + strings.Repeat("a = x ", maxTagAttributes-1) + `>`, 1},
		{"an address with many slashes", `<a href=/` + strings.Repeat("a/", maxTagAttributes) + `>`, 1},
		{"an equals sign in a bare value", `<a href=/a?b="x>`, 1},
		{"too many attributes, equal", `<div` + strings.Repeat(` = = =x`, maxTagAttributes) + `>`, 0},
		{"too many attributes", `<div ` + strings.Repeat("a=x ", maxTagAttributes) + `>`, 0},
		{"too many attributes, quoted", `<div ` + strings.Repeat(`a="x"`, maxTagAttributes) + `>`, 0},
		{"too many attributes, tight", `<div/` + strings.Repeat("a/", maxTagAttributes) + `>`, 0},
		{"far too many attributes", `<div ` + strings.Repeat("a ", feedChunk) + `>`, 0},
		{"too many tags", strings.Repeat("<a>", maxPageParts), 0},
		{"too many fields", strings.Repeat("<input>", maxFormTags), 0},
		{"too many ends of tags", strings.Repeat("</a>", maxPageParts), 0},
	} {
		if n := len(FormsIn([]byte(row.before+login), "/", "", "app.test")); n != row.want {
			t.Errorf("%s: %d forms, want %d", row.name, n, row.want)
		}
	}
}

func BenchmarkFormsIn(b *testing.B) {
	usual := strings.Repeat(`<p class="row">some words of text &amp; more</p>`, 1350) +
		`<form method=post action=/login id=login><input name=user><input type=password name=pass><button>Log in</button></form>`
	pages := worstPages()
	pages["usual page"] = usual
	pages["usual page without"] = strings.Repeat(`<p class="row">some words of text &amp; more</p>`, 1350)
	names := make([]string, 0, len(pages))
	for name := range pages {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		page := []byte(pages[name])
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(page)))
			b.ReportAllocs()
			for b.Loop() {
				FormsIn(page, "/login", "", "app.test")
			}
		})
	}
}
