package caddymodule

import (
	"hash/maphash"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/doorward/doorward/config"
)

// maxAccountPages is how many pages of a site may be known to lead to attempts. A
// site has two or three. Where there are more, the form is on every page, or
// somebody writes into Referer what he likes: then none of them is the login page,
// and no more are learned.
const maxAccountPages = 16

// accountPages are the pages from which somebody has logged in or signed up: a
// single-page app shows its form under addresses that say nothing. The zero value
// knows none. Readers take no lock.
type accountPages struct {
	mu    sync.Mutex
	many  bool                                    // there were too many
	known atomic.Pointer[map[uint64]config.Class] // copied on write
}

// class is what the page at path is for, ClassNone if that is not known.
func (p *accountPages) class(path string) config.Class {
	known := p.known.Load()
	if known == nil {
		return config.ClassNone
	}
	return (*known)[maphash.String(pathSeed, path)]
}

// learn notes that the page at path led to a success of class.
func (p *accountPages) learn(path string, class config.Class) {
	if path == "" || class != config.ClassLogin && class != config.ClassSignup || p.class(path) != config.ClassNone {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.many {
		return
	}
	next := map[uint64]config.Class{}
	if known := p.known.Load(); known != nil {
		if len(*known) >= maxAccountPages {
			p.many = true
			p.known.Store(nil)
			return
		}
		maps.Copy(next, *known)
	}
	next[maphash.String(pathSeed, path)] = class
	p.known.Store(&next)
}

// forget drops what is known, so that it is learned anew.
func (p *accountPages) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.many = false
	p.known.Store(nil)
}

// pageOf is the path of the page of this site that a request came from, "" if it
// does not tell, or if it is the root: that is many pages in one.
func pageOf(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host == "" || from.Host != r.Host || from.Path == "/" {
		return ""
	}
	return from.Path
}
