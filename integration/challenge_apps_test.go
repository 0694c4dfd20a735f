package integration

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// members is an app with sessions, a classic form with a token against forged
// requests that holds for one form only, and a single-page app with an interface
// of JSON. It knows alice.
type members struct {
	mu sync.Mutex
	// forms are the tokens of forms by session, users who is logged in.
	forms, users map[string]string
	// bodies are those of all attempts that came through.
	bodies []string
}

func startMembers(t *testing.T) (*members, string) {
	t.Helper()
	m := &members{forms: map[string]string{}, users: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.home)
	mux.HandleFunc("GET /login", m.form)
	mux.HandleFunc("POST /login", m.login)
	mux.HandleFunc("GET /app", func(w http.ResponseWriter, _ *http.Request) { writePage(w, 200, singlePage) })
	mux.HandleFunc("POST /api/login", m.api)
	mux.HandleFunc("OPTIONS /api/login", m.preflight)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return m, strings.TrimPrefix(server.URL, "http://")
}

func writePage(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!doctype html><html lang=en><title>Members</title><link rel=icon href=data:,><body>%s", body)
}

// session returns the visitor's session, a new one if there is none.
func (*members) session(w http.ResponseWriter, r *http.Request) string {
	if c, err := r.Cookie("sid"); err == nil {
		return c.Value
	}
	sid := rand.Text()
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: sid, Path: "/", HttpOnly: true})
	return sid
}

func (m *members) home(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	who := m.users[m.session(w, r)]
	if who == "" {
		who = "stranger"
	}
	writePage(w, 200, "<p id=who>Hello "+who+"</p>")
}

func (m *members) form(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token := rand.Text()
	m.forms[m.session(w, r)] = token
	wrong := ""
	if r.URL.Query().Has("wrong") {
		wrong = "<p id=wrong>Wrong name or password.</p>"
	}
	writePage(w, 200, wrong+`<form method=post action=/login><input type=hidden name=csrf value=`+token+`>`+
		`<label>E-mail <input name=email autofocus></label> <label>Password <input type=password name=password></label> <button>Log in</button></form>`)
}

func (m *members) login(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bodies = append(m.bodies, r.PostForm.Encode())
	sid := m.session(w, r)
	if token := m.forms[sid]; token == "" || r.PostForm.Get("csrf") != token {
		writePage(w, http.StatusForbidden, "<p id=forged>This form has expired.</p>")
		return
	}
	delete(m.forms, sid)
	if r.PostForm.Get("email") != alice || r.PostForm.Get("password") != alicePassword {
		http.Redirect(w, r, "/login?wrong", http.StatusSeeOther)
		return
	}
	m.enter(w)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// enter logs alice in, with a new session.
func (m *members) enter(w http.ResponseWriter) {
	sid := rand.Text()
	m.users[sid] = "Alice"
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: sid, Path: "/", HttpOnly: true})
}

func (*members) allowOrigin(w http.ResponseWriter, r *http.Request) {
	if origin, err := url.Parse(r.Header.Get("Origin")); err == nil && origin.Host != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin.String())
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
		w.Header().Set("Vary", "Origin")
	}
}

func (m *members) preflight(w http.ResponseWriter, r *http.Request) {
	m.allowOrigin(w, r)
	w.WriteHeader(http.StatusNoContent)
}

func (m *members) api(w http.ResponseWriter, r *http.Request) {
	var sent struct{ Email, Password string }
	_ = json.NewDecoder(r.Body).Decode(&sent)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bodies = append(m.bodies, sent.Email+" "+sent.Password)
	m.allowOrigin(w, r)
	w.Header().Set("Content-Type", "application/json")
	if sent.Email != alice || sent.Password != alicePassword {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error":"wrong e-mail or password"}`))
		return
	}
	m.enter(w)
	_, _ = w.Write([]byte(`{"user":"Alice"}`))
}

// seen returns how many attempts came through.
func (m *members) seen() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.bodies)
}

// singlePage draws its form by script and logs in by fetch, as apps made with
// React do. data-api is where its interface is.
const singlePage = `<main id=root></main><script>
const api = new URLSearchParams(location.search).get('api') || '';
const root = document.getElementById('root');
function render(state) {
	root.replaceChildren();
	const line = document.createElement('p');
	line.id = 'state';
	line.textContent = state;
	const form = document.createElement('form');
	for (const name of ['email', 'password']) {
		const input = document.createElement('input');
		input.name = name;
		input.type = name === 'password' ? 'password' : 'text';
		form.append(input);
	}
	const button = document.createElement('button');
	button.textContent = 'Log in';
	form.append(button);
	form.onsubmit = async (event) => {
		event.preventDefault();
		const sent = Object.fromEntries(new FormData(form));
		try {
			const res = await fetch(api + '/api/login', {
				method: 'POST', credentials: 'include',
				headers: { 'Content-Type': 'application/json', 'Accept': 'application/json' },
				body: JSON.stringify(sent),
			});
			const answer = await res.json();
			window.answer = { status: res.status, type: res.headers.get('Content-Type'), retry: res.headers.get('Retry-After'), body: answer };
			render(res.ok ? 'Hello ' + answer.user : res.status === 429 ? 'Please reload the page.' : answer.error);
		} catch (failed) {
			render('Network error');
		}
	};
	root.append(line, form);
}
render('Please log in.');
</script>`
