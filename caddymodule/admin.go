package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
)

func init() {
	caddy.RegisterModule(Admin{})
}

// Admin is the admin API module `admin.api.doorward`: what the subcommands
// talk to. Reading routes are GET, changing ones POST, so that remote admin
// access can be granted separately. No route returns a secret; identities are
// masked as everywhere. The API works on the configuration that runs, also
// after one that failed to load.
type Admin struct{}

// CaddyModule returns the Caddy module information.
func (Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.doorward", New: func() caddy.Module { return new(Admin) }}
}

// Provision registers the metrics, so that they stay visible after a
// configuration that failed to load. Nothing else belongs here: Caddy never
// cleans admin modules up.
func (Admin) Provision(ctx caddy.Context) error {
	return registerMetrics(ctx.GetMetricsRegistry())
}

// Routes returns the routes below /doorward/.
func (a Admin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{
		{Pattern: "GET /doorward/status", Handler: running(status)},
		{Pattern: "GET /doorward/explain", Handler: running(explain)},
		{Pattern: "GET /doorward/v1/ips/{ip}", Handler: running(lookUpIP)},
		{Pattern: "GET /doorward/events", Handler: running(events)},
		{Pattern: "GET /doorward/incidents", Handler: running(incidents)},
		{Pattern: "GET /doorward/selftest", Handler: running(selfTest)},
		{Pattern: "POST /doorward/block", Handler: running(enter)},
		{Pattern: "POST /doorward/allow", Handler: running(enter)},
		{Pattern: "POST /doorward/unblock", Handler: running(unblock)},
		{Pattern: "POST /doorward/disallow", Handler: running(disallow)},
		{Pattern: "GET /doorward/lists", Handler: running(lists)},
		{Pattern: "POST /doorward/lists/refresh", Handler: running(refreshLists)},
		{Pattern: "POST /doorward/mode", Handler: running(setMode)},
		{Pattern: "POST /doorward/relearn", Handler: running(relearn)},
		{Pattern: "GET /doorward/sanctions", Handler: running(listSanctions)},
		{Pattern: "GET /doorward/audit", Handler: running(auditRows)},
		{Pattern: "POST /doorward/export", Handler: running(exportIdentity)},
		{Pattern: "POST /doorward/forget", Handler: running(forgetIdentity)},
		{Pattern: "POST /doorward/backup", Handler: running(backup)},
	}
}

// maxAdminBody bounds what a client of the admin API may send.
const maxAdminBody = 16 << 10

// running looks the running app up for every request: an admin server may
// belong to a configuration that failed, whose own app is cleaned up.
func running(f func(s *state, r *http.Request) (any, error)) caddy.AdminHandler {
	return caddy.AdminHandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
		app, err := caddy.ActiveContext().AppIfConfigured("doorward")
		if err != nil {
			return caddy.APIError{
				HTTPStatus: http.StatusServiceUnavailable,
				Err:        errors.New("doorward is not running here: no site uses the directive, or the configuration is still loading"),
			}
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxAdminBody)
		answer, err := f(app.(*App).state, r)
		if err != nil {
			return asAPIError(err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		return json.NewEncoder(w).Encode(answer)
	})
}

func asAPIError(err error) error {
	if _, ok := errors.AsType[caddy.APIError](err); ok {
		return err
	}
	return caddy.APIError{HTTPStatus: http.StatusBadRequest, Err: err}
}

// UnblockRequest is the body of unblock.
type UnblockRequest struct {
	// Subject is the id of a sanction, an address or a range.
	Subject string `json:"subject"`
}

func unblock(s *state, r *http.Request) (any, error) {
	var req UnblockRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	n, err := s.detector.Unblock(time.Now(), req.Subject)
	if err != nil {
		return nil, err
	}
	if addr, err := netip.ParseAddr(req.Subject); err == nil {
		n += s.unblockPairs(addr.Unmap())
	} else if n > 0 {
		s.forgiveSource(req.Subject)
	}
	if n > 0 {
		s.offer(event.Event{Type: event.TypeOperator, Rule: "unblock", Reason: "unblock " + req.Subject})
	}
	return map[string]int{"ended": n}, nil
}

// unblockPairs ends the sanctions on pairs of an account and this address. A
// pair is kept by its hash alone; the latest events tell which there are.
func (s *state) unblockPairs(addr netip.Addr) (n int) {
	for _, e := range s.recent.Last(recentEvents, func(e *event.Event) bool { return e.SourceIP == addr && e.SanctionID != "" }) {
		if ended, err := s.detector.Unblock(time.Now(), e.SanctionID); err == nil {
			n += ended
		}
	}
	return n
}

// forgiveSource forgets the failures of the source that a sanction with this id
// refused: they would refuse it again, by another rule.
func (s *state) forgiveSource(id string) {
	about := s.recent.Last(1, func(e *event.Event) bool { return e.SanctionID == id && e.SourceIP.IsValid() })
	for _, e := range about {
		s.detector.Forgive(e.SourceIP)
	}
}

// ModeRequest is the body of mode.
type ModeRequest struct {
	// Mode is enforce, observe, off, or configured: what the configuration says.
	Mode string `json:"mode"`
	// For is how long it holds; empty: until it is changed.
	For config.Duration `json:"for,omitempty"`
}

func setMode(s *state, r *http.Request) (any, error) {
	var req ModeRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	mode := config.ModeGraduated
	if req.Mode != "configured" {
		var err error
		if mode, err = config.ParseMode(req.Mode); err != nil {
			return nil, fmt.Errorf("%w, or configured to end an override", err)
		}
	}
	var until time.Time
	if req.For > 0 {
		until = time.Now().Add(req.For.Std())
	}
	s.detector.Override(mode, until)
	s.offer(event.Event{Type: event.TypeOperator, Rule: "mode", Reason: "mode " + req.Mode, Expires: until})
	return map[string]any{"mode": req.Mode, "until": until}, nil
}

func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("reading the request body: %w", err)
	}
	return nil
}

// queryInt reads a number from the query, within bounds.
func queryInt(r *http.Request, name string, fallback, limit int) (int, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > limit {
		return 0, fmt.Errorf("%s=%q: write a number from 1 to %d", name, text, limit)
	}
	return n, nil
}

// Interface guards
var (
	_ caddy.AdminRouter = (*Admin)(nil)
	_ caddy.Provisioner = (*Admin)(nil)
)
