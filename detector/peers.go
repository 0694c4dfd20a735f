package detector

import (
	"net/netip"
	"sync"

	"github.com/doorward/doorward/detector/evidence"
)

// An undeclared proxy in front of Caddy makes everybody look like one source;
// a source sanction would then lock everybody out. peerWatch notices: most of
// a site's attempts come from one peer, with forwarding headers that nobody
// declared trusted, and several accounts have logged in through it. The last
// part keeps an attacker who invents such headers from switching off the
// source sanctions: he does not log in to several accounts. Whoever owns some
// logs in to few beside those of the customers, who would all come through a
// proxy if there were one: nearly all logins must. (The pair and account rules
// stay in any case.)
const (
	peerWindow   = evidence.Seconds(3600)
	peerAttempts = 20
	// peerMemory is how long logins through other peers are remembered.
	peerMemory   = evidence.Seconds(12 * 3600)
	peerAccounts = 3
	// peerShare is how many accounts must log in through the peer for each one
	// that logs in elsewhere.
	peerShare = 4
)

type peerWatch struct {
	mu sync.Mutex
	peerTally
	hidden bool
	crowd  crowdTally
	before evidence.Sketch64 // elsewhere, in the windows before
	since  evidence.Seconds  // when before was begun
}

// peerTally is what was seen within one window.
type peerTally struct {
	begun     evidence.Seconds
	total     int
	candidate netip.Addr // majority vote of Boyer and Moore
	votes     int
	seen      int               // attempts from the candidate
	entered   evidence.Sketch64 // accounts that logged in through the candidate
	elsewhere evidence.Sketch64 // … and not through it
}

// attempt records one attempt and reports whether the source's peer hides the
// clients behind it.
func (w *peerWatch) attempt(now evidence.Seconds, s *Source) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now > w.begun+peerWindow {
		w.hidden = w.hides() && w.total >= peerAttempts
		w.remember(now)
		w.peerTally = peerTally{begun: now, candidate: w.candidate}
		w.crowd.next()
	}
	w.total++
	w.crowd.attempt(s)
	w.vote(s)
	if w.total >= peerAttempts {
		w.hidden = w.hides()
	}
	return w.hidden && s.Forwarded && s.Peer == w.candidate
}

// remember keeps who logged in elsewhere for half a day to a day, so that in the
// quiet hours of a night four accounts are not nearly all there are.
func (w *peerWatch) remember(now evidence.Seconds) {
	if now > w.since+peerMemory {
		w.since, w.before = now, evidence.Sketch64{}
	}
	w.before.Merge(w.elsewhere)
}

// vote keeps the candidate of a majority with forwarding headers. A candidate
// that hides its clients is replaced only when a window has passed without.
func (w *peerWatch) vote(s *Source) {
	switch {
	case s.Forwarded && s.Peer == w.candidate:
		w.votes++
		w.seen++
	case w.votes > 0:
		w.votes--
	case s.Forwarded && !w.hidden:
		w.candidate, w.votes, w.seen, w.entered = s.Peer, 1, 1, evidence.Sketch64{}
	}
}

func (w *peerWatch) hides() bool {
	entered := w.entered.Estimate()
	return w.seen*2 > w.total && entered >= peerAccounts &&
		entered >= peerShare*max(w.elsewhere.Estimate(), w.before.Estimate())
}

// login records that an account logged in.
func (w *peerWatch) login(s *Source, account uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.crowd.login(account)
	if s.Forwarded && w.candidate == s.Peer {
		w.entered.Add(account)
		return
	}
	w.elsewhere.Add(account)
}

// hiding returns the peer that hides clients, if there is one.
func (w *peerWatch) hiding() (netip.Addr, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.candidate, w.hidden
}

// arriving tells what is odd about the addresses that attempts come from.
func (w *peerWatch) arriving() (untold, together bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.crowd.untold(), w.crowd.together()
}

// shareWatch tells which share of the attempts came from exempt sources.
type shareWatch struct {
	mu            sync.Mutex
	begun         evidence.Seconds
	exempt, total int
}

// exemptShare is the share, in percent, from which exemptions are a health
// error: an allow list that covers a fifth of the attempts protects nobody.
const exemptShare = 20

func (w *shareWatch) attempt(now evidence.Seconds, exempt bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now > w.begun+peerWindow {
		w.begun, w.exempt, w.total = now, w.exempt/2, w.total/2
	}
	w.total++
	if exempt {
		w.exempt++
	}
}

func (w *shareWatch) tooMany() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total >= peerAttempts && w.exempt*100 > w.total*exemptShare
}
