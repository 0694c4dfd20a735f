package caddymodule

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/intel"
)

// ListStatus is an address list as status and /doorward/lists show it.
type ListStatus struct {
	intel.Status
	// Age is how long ago the source last gave or confirmed the entries.
	Age string `json:"age"`
}

func (s *state) shownLists(now time.Time) []ListStatus {
	statuses := s.listStatuses()
	shown := make([]ListStatus, 0, len(statuses))
	for _, l := range statuses {
		shown = append(shown, ListStatus{Status: l, Age: config.Duration(l.Age(now).Round(time.Second)).String()})
	}
	return shown
}

// lists answers /doorward/lists.
func lists(s *state, _ *http.Request) (any, error) { return s.shownLists(time.Now()), nil }

// RefreshRequest is the body of /doorward/lists/refresh.
type RefreshRequest struct {
	// List is the list to be asked for; empty: all of them.
	List string `json:"list,omitempty"`
}

// refreshLists lets lists ask their sources now. It does not wait for them:
// /doorward/lists tells what came of it.
func refreshLists(s *state, r *http.Request) (any, error) {
	var req RefreshRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	book := s.lists.Load()
	if book == nil || !book.Refresh(req.List) {
		return nil, fmt.Errorf("there is no list %q; `caddy doorward status` shows which there are", req.List)
	}
	return s.shownLists(time.Now()), nil
}

func (p printer) list(l ListStatus) {
	leaving := ""
	if l.Leaving > 0 {
		leaving = fmt.Sprintf(" (%d of them have left it and are kept for a while)", l.Leaving)
	}
	p.line("list %s: %d entries%s, age %s, from %s", l.Name, l.Entries, leaving, l.Age, l.Source)
	if l.Unreadable > 0 {
		p.line("  %d of its lines are unreadable, the first is line %d", l.Unreadable, l.FirstUnreadable)
	}
	for _, problem := range []string{l.LastError, l.CopyError} {
		if problem != "" {
			p.line("  last error: %s", strings.TrimSpace(problem))
		}
	}
}
