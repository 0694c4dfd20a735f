package demo

import (
	"crypto/rand"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"sync"
)

// App is the bundled app. Make it with NewApp. Safe for concurrent use.
type App struct {
	mu       sync.Mutex
	users    map[string]string // name to password: naive on purpose
	sessions map[string]string // cookie to name
	logins   int               // login requests that arrived
}

// maxKept bounds users and sessions each; the demo is not for load tests.
const maxKept = 10_000

// NewApp returns an app with the given users.
func NewApp(users map[string]string) *App {
	return &App{users: maps.Clone(users), sessions: make(map[string]string)}
}

// Logins is how many login requests have arrived at the app.
func (a *App) Logins() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.logins
}

// Handler returns the app's pages.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) { a.form(w, http.StatusOK, "Log in", "/login", "") })
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("GET /signup", func(w http.ResponseWriter, _ *http.Request) { a.form(w, http.StatusOK, "Sign up", "/signup", "") })
	mux.HandleFunc("POST /signup", a.signup)
	mux.HandleFunc("POST /logout", a.logout)
	return mux
}

func (a *App) home(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	name := ""
	if c, err := r.Cookie("session"); err == nil {
		name = a.sessions[c.Value]
	}
	a.mu.Unlock()
	render(w, http.StatusOK, page{Title: "Demo shop", Name: name})
}

func (a *App) login(w http.ResponseWriter, r *http.Request) {
	name, password := r.PostFormValue("email"), r.PostFormValue("password")
	a.mu.Lock()
	a.logins++
	right, known := a.users[name]
	a.mu.Unlock()
	if !known || right != password {
		a.form(w, http.StatusOK, "Log in", "/login", "Wrong e-mail address or password.")
		return
	}
	a.enter(w, r, name)
}

func (a *App) signup(w http.ResponseWriter, r *http.Request) {
	name, password := r.PostFormValue("email"), r.PostFormValue("password")
	a.mu.Lock()
	_, taken := a.users[name]
	ok := !taken && name != "" && password != "" && len(a.users) < maxKept
	if ok {
		a.users[name] = password
	}
	a.mu.Unlock()
	if !ok {
		a.form(w, http.StatusOK, "Sign up", "/signup", "This address is taken, or a field is empty.")
		return
	}
	a.enter(w, r, name)
}

func (a *App) enter(w http.ResponseWriter, r *http.Request, name string) {
	id := rand.Text()
	a.mu.Lock()
	if len(a.sessions) < maxKept {
		a.sessions[id] = name
	}
	a.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "session", Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/", http.StatusFound)
}

func (a *App) logout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie("session"); err == nil {
		a.mu.Lock()
		delete(a.sessions, c.Value)
		a.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Path: "/", MaxAge: -1})
	http.Redirect(w, r, "/", http.StatusFound)
}

func (a *App) form(w http.ResponseWriter, status int, title, action, message string) {
	render(w, status, page{Title: title, Action: action, Message: message})
}

type page struct{ Title, Action, Message, Name string }

var pages = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<h1>{{.Title}}</h1>
{{with .Message}}<p role="alert">{{.}}</p>{{end}}
{{if .Action}}<form method="post" action="{{.Action}}">
<p><label>E-mail <input name="email" type="email" autocomplete="username" required></label></p>
<p><label>Password <input name="password" type="password" required></label></p>
<p><button>{{.Title}}</button></p></form>
{{else if .Name}}<p>You are logged in as {{.Name}}.</p>
<form method="post" action="/logout"><button>Log out</button></form>
{{else}}<p><a href="/login">Log in</a> or <a href="/signup">sign up</a>.</p>{{end}}
</html>`))

func render(w http.ResponseWriter, status int, p page) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.Execute(w, p); err != nil {
		fmt.Fprintln(w, "the page broke off")
	}
}
