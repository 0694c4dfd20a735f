package interstitial

import (
	"crypto/rand"
	"html/template"
	"strings"
	"sync"
	"time"
)

// A mold is a rendered page of the work, cut where it differs from one visitor to
// the next: whoever asks for a million challenges must not make the server render
// a million pages.
type mold struct {
	// pieces stand around the gaps: one more than there are gaps.
	pieces []string
	gaps   []gap
	length int // of all pieces
}

// gap is what a visitor's own value stands for.
type gap uint8

const (
	gapNonce gap = iota
	gapToken
	gapReturn
	gapID
	gapCount
)

// marks stand for the values while a mold is made. Nobody can know them, so no
// text of an operator can hold one.
var marks = [gapCount]string{"n" + rand.Text(), "t" + rand.Text(), "/r" + rand.Text(), "i" + rand.Text()}

// moldKey is everything else that a page is made of.
type moldKey struct {
	tag                     string
	parts, bits             int
	lifetime, wait          time.Duration
	prefix, waitAction      string
	retype, failed, hasID   bool
	siteName, logo, contact string
}

// maxMolds is how many molds are kept, of about 20 KB each and the logo. When they
// are more, all are dropped: a site needs as many as its visitors have languages.
const maxMolds = 64

// moldStore keeps molds. It is safe for concurrent use.
type moldStore struct {
	mu   sync.RWMutex
	kept map[moldKey]*mold
}

var molds = moldStore{kept: make(map[moldKey]*mold)}

func (s *moldStore) of(text *words, p *Page) *mold {
	key := moldKey{
		text.tag, p.Parts, p.Bits, p.Lifetime, p.Wait, p.Prefix, p.WaitAction,
		p.Retype, p.Failed, p.ID != "", p.SiteName, p.Logo, p.Contact,
	}
	s.mu.RLock()
	m := s.kept[key]
	s.mu.RUnlock()
	if m != nil {
		return m
	}
	m = makeMold(text, *p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= maxMolds {
		clear(s.kept)
	}
	s.kept[key] = m
	return m
}

func makeMold(text *words, p Page) *mold {
	p.Token, p.Return = marks[gapToken], marks[gapReturn]
	if p.ID != "" {
		p.ID = marks[gapID]
	}
	rest := string(p.render(text, "challenge", marks[gapNonce]))
	m := &mold{}
	for {
		first, which := len(rest), gapCount
		for g, mark := range marks {
			if at := strings.Index(rest, mark); at >= 0 && at < first {
				first, which = at, gap(g)
			}
		}
		m.pieces = append(m.pieces, rest[:first])
		m.length += first
		if which == gapCount {
			return m
		}
		m.gaps = append(m.gaps, which)
		rest = rest[first+len(marks[which]):]
	}
}

// fill returns the page of one visitor. All gaps stand in text or in quoted
// attributes, where escaping for HTML is enough.
func (m *mold) fill(p *Page, nonce string) []byte {
	values := [gapCount]string{
		gapNonce: nonce, gapToken: template.HTMLEscapeString(p.Token),
		gapReturn: template.HTMLEscapeString(p.returnPath()), gapID: template.HTMLEscapeString(p.ID),
	}
	size := m.length
	for _, g := range m.gaps {
		size += len(values[g])
	}
	body := make([]byte, 0, size)
	for i, g := range m.gaps {
		body = append(append(body, m.pieces[i]...), values[g]...)
	}
	return append(body, m.pieces[len(m.gaps)]...)
}
