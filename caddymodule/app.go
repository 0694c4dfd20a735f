package caddymodule

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/intel"
	"github.com/doorward/doorward/detector/sanction"
)

func init() {
	caddy.RegisterModule(new(App))
}

// App is the Caddy app `doorward`: what is said once per process. Without a
// global option it exists with its defaults as soon as one site uses the
// directive.
//
// Provisioning does no I/O beyond looking at a configured list file and changes
// nothing that is live; what runs is adjusted in Start.
type App struct {
	config.App

	ctx      caddy.Context
	log      *zap.Logger
	events   *caddyevents.App
	state    *state
	acquired bool
	binding  *event.Binding
	cfg      config.App // with defaults and placeholders replaced
	dir      string
	storeDir string
	allowed  []sanction.Entry
	geo      []string // files of databases
	lists    []intel.Spec

	// spoofable tells that a site of this configuration lets clients choose
	// their address. Handlers set it while they are provisioned, which is
	// before Start.
	spoofable bool

	// handlers are those of this configuration. They add themselves while they
	// are provisioned, which is before Start; from then on the list stays.
	handlers []*Handler
}

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "doorward", New: func() caddy.Module { return new(App) }}
}

// Provision checks the configuration and takes a reference to the state of the
// process, which stays an empty shell until Start.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.log = ctx, ctx.Logger()
	if err := a.App.Validate(); err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	a.cfg = a.App.WithDefaults()
	if err := a.expand(); err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	if err := a.provisionLists(ctx); err != nil {
		return fmt.Errorf("doorward: %w", err)
	}
	a.warnGeo()
	eventsApp, err := ctx.App("events")
	if err != nil {
		return fmt.Errorf("getting events app: %w", err)
	}
	a.events = eventsApp.(*caddyevents.App)
	if err := registerMetrics(ctx.GetMetricsRegistry()); err != nil {
		return err
	}
	value, _, err := states.LoadOrNew(stateKey, newState)
	if err != nil {
		return fmt.Errorf("making state: %w", err)
	}
	a.state, a.acquired = value.(*state), true
	return nil
}

// expand replaces placeholders in the fields that may hold secrets and paths.
func (a *App) expand() error {
	repl := caddy.NewReplacer()
	for _, f := range []struct {
		name  string
		value *config.Secret
	}{{"secret", &a.cfg.Secret}, {"previous_secret", &a.cfg.PreviousSecret}} {
		if *f.value == "" {
			continue
		}
		text, err := repl.ReplaceOrErr(string(*f.value), true, true)
		if err != nil {
			return fmt.Errorf("%s: the placeholder has no value; is the variable set, is the file there?", f.name)
		}
		text = strings.TrimSpace(text)
		if len(text) < 32 {
			return fmt.Errorf("%s: only %d bytes behind the placeholder; at least 32 are needed", f.name, len(text))
		}
		*f.value = config.Secret(text)
	}
	a.dir = repl.ReplaceKnown(a.cfg.StateDir, "")
	if a.dir == "" {
		a.dir = filepath.Join(caddy.AppDataDir(), "doorward")
	}
	a.storeDir = a.dir
	if a.cfg.Store.Path != "" {
		a.storeDir = repl.ReplaceKnown(a.cfg.Store.Path, "")
	}
	if a.cfg.File != nil {
		a.cfg.File.Path = repl.ReplaceKnown(a.cfg.File.Path, "")
	}
	for _, path := range a.cfg.Geo {
		a.geo = append(a.geo, repl.ReplaceKnown(path, ""))
	}
	for _, e := range a.cfg.Allow {
		prefix, err := e.Prefix()
		if err != nil {
			return err
		}
		a.allowed = append(a.allowed, sanction.Entry{
			ID: sanction.NewID(), Range: prefix, Allow: true, Reason: e.Reason, Until: e.Until,
		})
	}
	return nil
}

// Start makes this configuration the one that holds.
func (a *App) Start() error { return a.state.bind(a) }

// sinks are where the events of this configuration go.
func (a *App) sinks(s *state) []event.Sink {
	sinks := []event.Sink{s.recent, metricsSink{}, &logSink{log: a.log}, &eventsSink{ctx: a.ctx, app: a.events}, &auditSink{s}}
	if a.cfg.File != nil {
		sinks = append(sinks, event.NewFileSink(*a.cfg.File))
	}
	return sinks
}

// Stop lets the sinks of this configuration finish. It does not wait.
func (a *App) Stop() error {
	a.state.unbind(a)
	return nil
}

// Cleanup gives the state back. The last configuration to do so ends it.
func (a *App) Cleanup() error {
	if !a.acquired {
		return nil
	}
	a.acquired = false
	_, err := states.Delete(stateKey)
	return err
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
