package integration

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorward/doorward/caddymodule/interstitial"
)

// gate is the smallest server that asks for the work before /login, without a
// Caddy: what the page does shows best where nothing else is.
type gate struct {
	*httptest.Server

	mu   sync.Mutex
	page interstitial.Page
	// script answers the worker; nil: as it should be.
	script http.HandlerFunc
	proofs []string
	last   time.Time // of the last proof
}

// interstitialPage is what a gate shows.
type interstitialPage = interstitial.Page

// change changes what the gate asks for from now on.
func (g *gate) change(how func(*interstitialPage)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	how(&g.page)
	g.page.Token, g.page.Prefix, g.page.WaitAction, g.page.Return = gateToken, "/.doorward/", "/.doorward/wait", "/login"
}

// asked is what the gate asks for now.
func (g *gate) asked() interstitialPage {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.page
}

const gateToken = "a-token_of.the-gate"

func startGate(t testing.TB, page interstitial.Page) *gate {
	t.Helper()
	g := &gate{}
	g.change(func(p *interstitialPage) { *p = page })
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/.doorward/challenge" && r.Method == http.MethodPost:
		g.redeem(w, r)
	case path == "/.doorward/wait" && r.Method == http.MethodPost:
		g.waits(w, r)
	case strings.HasPrefix(path, "/.doorward/"):
		if g.script != nil {
			g.script(w, r)
			return
		}
		interstitial.Script(w, r)
	case path == "/login" && !g.cleared(r):
		interstitial.Write(w, r, http.StatusTooManyRequests, g.asked())
	case path == "/login":
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><title>Log in</title><h1 id=login>Log in</h1>`))
	case path == "/logo.svg":
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = w.Write([]byte(gateLogo))
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

const gateLogo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="10" fill="#0b7285"/>` +
	`<path d="M12 27V15l8-5 8 5v12z" fill="#fff"/></svg>`

func (*gate) cleared(r *http.Request) bool {
	_, err := r.Cookie("cleared")
	return err == nil
}

func (g *gate) redeem(w http.ResponseWriter, r *http.Request) {
	page, proof := g.asked(), r.PostFormValue("proof")
	g.mu.Lock()
	g.proofs, g.last = append(g.proofs, proof), time.Now()
	g.mu.Unlock()
	if r.PostFormValue("token") == gateToken && isProof(gateToken, proof, page.Parts, page.Bits) {
		http.SetCookie(w, &http.Cookie{Name: "cleared", Value: "1", Path: "/"})
	}
	http.Redirect(w, r, page.Return, http.StatusSeeOther)
}

func (g *gate) waits(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("token") != gateToken {
		p := g.asked()
		p.Token, p.Wait = "waited", 0
		interstitial.WriteWait(w, r, http.StatusOK, p)
		return
	}
	p := g.asked()
	p.Token, p.Wait = "waiting", 2*time.Second
	interstitial.WriteWait(w, r, http.StatusOK, p)
}

// seen returns the proofs that were sent.
func (g *gate) seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]string(nil), g.proofs...)
}

// solvedSince reports whether a proof has come since then.
func (g *gate) solvedSince(then time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.last.After(then)
}

// isProof verifies a proof by the words of package interstitial.
func isProof(token, proof string, parts, zeros int) bool {
	counters := strings.Split(proof, ",")
	seed := sha256.Sum256([]byte(token))
	for i, text := range counters {
		n, err := strconv.ParseUint(text, 10, 53)
		if err != nil {
			return false
		}
		message := binary.BigEndian.AppendUint32(seed[:], uint32(i))
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(message, n))
		if bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:])) < zeros {
			return false
		}
	}
	return len(counters) == parts
}
