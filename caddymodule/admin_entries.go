package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/sanction"
)

// EntryRequest is the body of block and allow.
type EntryRequest struct {
	// Range is an address or a CIDR range.
	Range string `json:"range,omitempty"`
	// Path is allowed instead of a range: the whole path, or, ending in /*,
	// everything below it.
	Path string `json:"path,omitempty"`
	// Reason is shown wherever the entry is.
	Reason string `json:"reason,omitempty"`
	// For is how long it holds; empty: until it is removed.
	For config.Duration `json:"for,omitempty"`
	// Site restricts it to one site.
	Site string `json:"site,omitempty"`
	// Class is what a block refuses: login, signup, reset, mfa or all (default).
	Class config.Class `json:"class,omitempty"`
	// Answer of a block: block (403, default), limit (429) or drop.
	Answer config.Answer `json:"answer,omitempty"`
}

// EntryAnswer is the answer to block and allow.
type EntryAnswer struct {
	ID    string    `json:"id"`
	Range string    `json:"range,omitempty"`
	Path  string    `json:"path,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

func enter(s *state, r *http.Request) (any, error) {
	var req EntryRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	e, err := req.entry(time.Now(), r.URL.Path == "/doorward/allow")
	if err != nil {
		return nil, err
	}
	if err := s.detector.Book.Add(e.Created, e); err != nil {
		return nil, err
	}
	verb := "block"
	if e.Allow {
		verb = "allow"
	}
	s.offer(event.Event{
		Type: event.TypeOperator, Rule: verb, Site: e.Site, SourceIP: e.Range.Addr(),
		Reason: fmt.Sprintf("%s %s: %s", verb, e.Subject(), e.Reason), SanctionID: sanction.FormatID(e.ID), Expires: e.Until,
	})
	answer := EntryAnswer{ID: sanction.FormatID(e.ID), Path: e.Path, Until: e.Until}
	if e.Range.IsValid() {
		answer.Range = e.Range.String()
	}
	return answer, nil
}

func (req EntryRequest) entry(now time.Time, allow bool) (sanction.Entry, error) {
	prefix, err := req.subject(allow)
	if err != nil {
		return sanction.Entry{}, err
	}
	if req.For < 0 {
		return sanction.Entry{}, fmt.Errorf("for: %s is negative", req.For)
	}
	e := sanction.Entry{
		ID: sanction.NewID(), Range: prefix, Path: req.Path, Allow: allow, Reason: clipReason(req.Reason), Site: req.Site, Created: now,
	}
	if req.For > 0 {
		e.Until = now.Add(req.For.Std())
	}
	if allow {
		return e, nil
	}
	if err := guardBlock(prefix); err != nil {
		return sanction.Entry{}, err
	}
	class, answer := req.Class, req.Answer
	if class == "" {
		class = config.ClassAll
	}
	if answer == "" {
		answer = config.AnswerBlock
	}
	if _, err := config.ParseClass(string(class)); err != nil {
		return sanction.Entry{}, err
	}
	switch answer {
	case config.AnswerBlock, config.AnswerLimit, config.AnswerDrop:
	default:
		return sanction.Entry{}, fmt.Errorf("answer %q: write block, limit or drop", answer)
	}
	e.Classes, e.Answer = sanction.ClassesOf(class), answer
	return e, nil
}

// subject reads the range; it is not valid where a path is allowed instead.
func (req EntryRequest) subject(allow bool) (netip.Prefix, error) {
	switch {
	case req.Path == "":
		return config.ParsePrefix(req.Range)
	case req.Range != "":
		return netip.Prefix{}, errors.New("a range and a path at once; write two entries")
	case !allow:
		return netip.Prefix{}, errors.New("a path cannot be blocked here; write `respond /path 403` into the Caddyfile")
	}
	return netip.Prefix{}, config.ValidateAllowPath(req.Path)
}

// guardBlock refuses ranges nobody blocks on purpose.
func guardBlock(p netip.Prefix) error {
	if p.Bits() < 8 {
		return fmt.Errorf("%s holds most of the internet; write a range of at least /8", p)
	}
	return nil
}

// clipReason bounds what is kept of a reason.
func clipReason(s string) string {
	const limit = 200
	if len(s) > limit {
		return s[:limit]
	}
	return s
}

// disallow ends what `allow` began: the entries for exactly this range or path.
func disallow(s *state, r *http.Request) (any, error) {
	var req UnblockRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	book := &s.detector.Book
	var n int
	if strings.HasPrefix(req.Subject, "/") {
		n = book.RemovePath(req.Subject)
	} else {
		prefix, err := config.ParsePrefix(req.Subject)
		if err != nil {
			return nil, err
		}
		n = book.Remove(prefix, true)
	}
	if n > 0 {
		s.offer(event.Event{Type: event.TypeOperator, Rule: "disallow", Reason: "disallow " + req.Subject})
	}
	return map[string]int{"ended": n}, nil
}
