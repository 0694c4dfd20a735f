package recognize

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// MaxSpaces is how many protection spaces of a site are remembered; the first
// ones stay.
const MaxSpaces = 256

// Spaces are the protection spaces of a site that were seen to ask for
// credentials: with a path everything at or below its last slash (RFC 7617,
// section 2.2). An app that never asks never looks at Basic or Digest
// credentials, so a 200 there proves nothing (hostile reading, H1).
//
// The zero value is ready; it is safe for concurrent use.
type Spaces struct {
	mu   sync.RWMutex
	list []string
}

// See learns from any answer to a request for path, and reports whether it asks
// for credentials.
func (s *Spaces) See(path string, resp *Response) bool {
	if !asksForCredentials(resp) {
		return false
	}
	space := path[:strings.LastIndexByte(path, '/')+1]
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) < MaxSpaces && !slices.Contains(s.list, space) {
		s.list = append(s.list, space)
	}
	return true
}

func asksForCredentials(resp *Response) bool {
	if resp.Status != http.StatusUnauthorized {
		return false
	}
	return slices.ContainsFunc(resp.Header.Values("WWW-Authenticate"), func(v string) bool {
		return holdsFold(v, "basic") || holdsFold(v, "digest")
	})
}

// Forget drops them all.
func (s *Spaces) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}

// Cover reports whether path lies in a space that asks for credentials.
func (s *Spaces) Cover(path string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.ContainsFunc(s.list, func(space string) bool { return strings.HasPrefix(path, space) })
}

// List returns them, for what keeps them beyond the process.
func (s *Spaces) List() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.list)
}

// Restore adds spaces that List returned, as far as there is room.
func (s *Spaces) Restore(list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, space := range list {
		if len(s.list) < MaxSpaces && strings.HasPrefix(space, "/") && !slices.Contains(s.list, space) {
			s.list = append(s.list, space)
		}
	}
}
