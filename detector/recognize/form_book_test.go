package recognize

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func loginAt(address string) []Form {
	return []Form{formAt(config.KindLogin, address, "who", "secret_word")}
}

func TestAddressesOfServedForms(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, learned, asked string
		want                 bool
	}{
		{"the same", "POST /in", "POST /in", true},
		{"another method", "POST /in", "GET /in", false},
		{"a method no form has", "POST /in", "PUT /in", false},
		{"another path", "POST /in", "POST /into", false},
		{"a longer path", "POST /in", "POST /in/to", false},
		{"letter case", "POST /Account/Login", "POST /account/LOGIN", true},
		{"a slash at the end", "POST /in/", "POST /in", true},
		{"slashes in front", "POST /in", "POST //in", true},
		{"the root", "POST /", "POST /", true},
		{"a session in the path", "POST /in;jsessionid=0A", "POST /in;jsessionid=1B;v=2", true},
		{"a session in the path of one", "POST /in;jsessionid=0A", "POST /in", true},
		{"a token in the path", "POST /reset/0a1b2c3d4e5f", "POST /reset/ff99ee88dd77", true},
		{"a number and a word", "POST /users/7/edit", "POST /users/me/edit", false},
		{"a long path", "POST /" + strings.Repeat("a/", 20), "POST /" + strings.Repeat("a/", 20), true},
		{"a long segment", "POST /x/" + strings.Repeat("ab", 19) + "/y", "POST /x/" + strings.Repeat("ab", 19) + "/y", true},
	} {
		var b FormBook
		if !b.Learn(loginAt(row.learned)) || b.Learn(loginAt(row.learned)) {
			t.Errorf("%s: want the form to be new once", row.name)
		}
		method, path, _ := strings.Cut(row.asked, " ")
		if got := b.Served(method, path); got != row.want || (b.Lookup(method, path) != nil) != row.want {
			t.Errorf("%s: served %t, want %t", row.name, got, row.want)
		}
	}
}

func TestBookRefusesWhatIsNoForm(t *testing.T) {
	t.Parallel()
	var b FormBook
	if b.Learn([]Form{{}, {Method: "PUT", Path: "/in", Passwords: []string{"x"}}, {Method: "POST", Path: "/in"}, {Method: "POST", Passwords: []string{"x"}}}) {
		t.Error("learned a form without method, path or password")
	}
}

func addresses(b *FormBook) int { return len(b.shelf.Load().byAddress) }

func TestBookIsBounded(t *testing.T) {
	t.Parallel()
	var b FormBook
	for i := range 3 * maxBookForms {
		b.Learn(loginAt(fmt.Sprintf("POST /%s/in", letters(i))))
		if n := addresses(&b); n > maxBookForms || n != b.shelf.Load().forms {
			t.Fatalf("%d addresses, %d forms after %d", n, b.shelf.Load().forms, i)
		}
	}
	if n := addresses(&b); n != maxBookForms {
		t.Errorf("%d addresses, want %d", n, maxBookForms)
	}
	if b.Served("POST", "/"+letters(0)+"/in") || !b.Served("POST", "/"+letters(3*maxBookForms-1)+"/in") {
		t.Error("the newest gave way, not the oldest")
	}
}

// letters is i in a spelling that is no number.
func letters(i int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'g' }, fmt.Sprint(i))
}

func TestBookKeepsFormsInUse(t *testing.T) {
	t.Parallel()
	var b FormBook
	b.Learn(loginAt("POST /login"))
	b.Learn(loginAt("POST /seen"))
	b.Submitted("POST", "/login")
	b.Submitted("POST", "/unknown")
	for i := range maxBookForms - 2 {
		b.Learn(loginAt("POST /old/" + letters(i)))
	}
	b.Learn(loginAt("POST /seen")) // again
	b.Learn(loginAt("POST /one-more"))
	for path, want := range map[string]bool{"/login": true, "/seen": true, "/one-more": true, "/old/" + letters(0): false, "/old/" + letters(1): true} {
		if got := b.Served("POST", path); got != want {
			t.Errorf("%s: served %t, want %t", path, got, want)
		}
	}
	for i := range maxBookForms {
		b.Submitted("POST", "/old/"+letters(i))
	}
	b.Submitted("POST", "/seen")
	b.Submitted("POST", "/one-more")
	if b.Learn(loginAt("POST /late")) || b.Served("POST", "/late") || addresses(&b) != maxBookForms {
		t.Error("an address nobody uses drove out one in use")
	}
}

func TestFormsOfOneAddressAreBounded(t *testing.T) {
	t.Parallel()
	var b FormBook
	b.Learn([]Form{formAt(config.KindReset, "POST /", "", "p1 p2")})
	for i := range 3 * maxFormsOfAddress {
		b.Learn([]Form{formAt(config.KindLogin, "POST /", "u"+letters(i), "p"+letters(i))})
	}
	var names []string
	for f := b.Lookup("POST", "/"); f != nil; f = f.next {
		names = append(names, f.Passwords[0])
	}
	newest := 3*maxFormsOfAddress - 1
	want := fmt.Sprintf("[p%s p%s p%s p1]", letters(newest), letters(newest-1), letters(newest-2))
	if fmt.Sprint(names) != want || b.shelf.Load().forms != maxFormsOfAddress {
		t.Errorf("%v, %d forms; want %s: the newest logins, and the reset beside them", names, b.shelf.Load().forms, want)
	}
}

func TestScanBudget(t *testing.T) {
	t.Parallel()
	var b FormBook
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	granted := func(path, query string, times int) (n int) {
		for range times {
			if b.MayScan(now, path, query) {
				n++
			}
		}
		return n
	}
	if n := granted("/page", "", 10); n != maxScansOfRoute {
		t.Errorf("%d scans of a route, want %d", n, maxScansOfRoute)
	}
	if n := granted("/page", "id=7", 10); n != 0 {
		t.Errorf("%d scans of another page of it, want none", n)
	}
	if n := granted("/page", "action=register", 10); n != maxScansOfRoute {
		t.Errorf("%d scans of another operation, want %d", n, maxScansOfRoute)
	}
	b.giveBack("/page", "")
	b.giveBack("/never", "")
	if n := granted("/page", "", 10); n != 1 {
		t.Errorf("%d scans after one that taught, want 1", n)
	}
	spent := 2*maxScansOfRoute + 1
	for i := range maxScans {
		spent += granted("/other/"+letters(i), "", 1)
	}
	if want := maxScans - reservedScans; spent != want {
		t.Errorf("%d scans of all pages, want %d", spent, want)
	}
	for i := range maxScans {
		spent += granted("/login/"+letters(i), "", 1)
	}
	if spent != maxScans || len(b.budget.route) > maxScans {
		t.Errorf("%d scans with those of logins, %d routes, want %d", spent, len(b.budget.route), maxScans)
	}
	for _, later := range []time.Duration{scanWindow - 1, 1 - scanWindow} {
		if b.MayScan(now.Add(later), "/late", "") {
			t.Errorf("a scan %s later", later)
		}
	}
	for _, later := range []time.Duration{scanWindow, -scanWindow} {
		var b FormBook
		for range maxScansOfRoute {
			b.MayScan(now, "/page", "")
		}
		if b.MayScan(now, "/page", "") || !b.MayScan(now.Add(later), "/page", "") {
			t.Errorf("no scan %s later", later)
		}
	}
}

func TestBookReadsAnswers(t *testing.T) {
	t.Parallel()
	const page = `<form method=post action=/in><input name=who autocomplete=username><input type=password name=secret_word><button>Log in</button></form>`
	html := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	for _, row := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   bool
	}{
		{"page", 200, html, page, true},
		{"login asked for", 401, html, page, true},
		{"refused", 403, html, page, true},
		{"shown again", 422, html, page, true},
		{"XHTML", 200, http.Header{"Content-Type": {"application/xhtml+xml"}}, page, true},
		{"redirect", 302, html, page, false},
		{"not found", 404, html, page, false},
		{"error", 500, html, page, false},
		{"script", 200, http.Header{"Content-Type": {"text/javascript"}}, page, false},
		{"no type", 200, http.Header{}, page, false},
		{"no form", 200, html, "<p>the password is secret", false},
		{"no password", 200, html, "<form><input name=a></form>", false},
	} {
		var b FormBook
		r := &Request{Method: "GET", Host: "app.test", Path: "/welcome"}
		got := b.Read(time.Time{}, r, &Response{Status: row.status, Header: row.header, Body: []byte(row.body)})
		if got != row.want || b.Served("POST", "/in") != row.want {
			t.Errorf("%s: taught %t, want %t", row.name, got, row.want)
		}
	}
}

// Pages that teach are read on, so that names that change with every page do
// not use the budget of their route up; pages that do not are read four times.
func TestBookReadsWithinItsBudget(t *testing.T) {
	t.Parallel()
	var b FormBook
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := &Request{Method: "GET", Host: "app.test", Path: "/login"}
	read := func(user string) bool {
		page := `<form method=post><input name=` + user + `><input type=password name=x></form>`
		return b.Read(now, r, &Response{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: []byte(page)})
	}
	for i := range 3 * maxScansOfRoute {
		if !read("u" + letters(i)) {
			t.Fatalf("page %d taught nothing", i)
		}
	}
	last := "u" + letters(3*maxScansOfRoute-1)
	for range maxScansOfRoute {
		read(last)
	}
	if read("unew") {
		t.Error("a page beyond the budget was read")
	}
}

// Not parallel: it counts allocations.
func TestLookingUpAllocatesNothing(t *testing.T) {
	var empty, full FormBook
	full.Learn(loginAt("POST /login"))
	for name, f := range map[string]func(){
		"empty":      func() { empty.Lookup("POST", "/login") },
		"missing":    func() { full.Lookup("POST", "/products/7/reviews") },
		"found":      func() { full.Lookup("POST", "/login") },
		"served":     func() { full.Served("GET", "/a/very/long/path/with/more/segments/than/anyone/writes") },
		"submitted":  func() { full.Submitted("POST", "/login") },
		"long":       func() { full.Lookup("POST", longPath) },
		"known form": func() { full.Learn(nil) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %.0f allocations, want none", name, n)
		}
	}
}

var longPath = "/" + strings.Repeat("segment/", 1000)

// With -race this is about the locks; without, about what is found meanwhile.
func TestBookIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	var b FormBook
	b.Learn(loginAt("POST /login"))
	b.Submitted("POST", "/login")
	var done sync.WaitGroup
	for worker := range 4 {
		done.Go(func() {
			for i := range 200 {
				path := fmt.Sprintf("/%s/%s", letters(worker), letters(i))
				b.Learn(loginAt("POST " + path))
				b.Submitted("GET", path)
				b.MayScan(time.Unix(int64(i), 0), path, "")
				b.giveBack(path, "")
				if !b.Served("POST", "/login") {
					t.Error("a form in use is gone")
					return
				}
			}
		})
	}
	done.Wait()
}

func BenchmarkLookup(b *testing.B) {
	var empty, full FormBook
	full.Learn(loginAt("POST /login"))
	for _, row := range []struct {
		name string
		book *FormBook
		path string
	}{{"empty", &empty, "/login"}, {"missing", &full, "/products/7"}, {"missing long", &full, "/api/v1/projects/widgets/comments"}, {"found", &full, "/login"}} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				row.book.Lookup("POST", row.path)
			}
		})
	}
}

func TestAForgottenBookLearnsAnew(t *testing.T) {
	t.Parallel()
	var b FormBook
	b.Forget() // harmless before anything is known
	now := time.Now()
	b.Learn(loginAt("POST /in"))
	for range maxScansOfRoute {
		b.MayScan(now, "/in", "")
	}
	if b.MayScan(now, "/in", "") {
		t.Fatal("the budget of a route has no end")
	}
	b.Forget()
	if b.Served("POST", "/in") || b.Lookup("POST", "/in") != nil {
		t.Error("a form is known after Forget")
	}
	if !b.MayScan(now, "/in", "") {
		t.Error("the page may not be read again after Forget")
	}
	if !b.Learn(loginAt("POST /in")) || !b.Served("POST", "/in") {
		t.Error("nothing is learned after Forget")
	}
}
