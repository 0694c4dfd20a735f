package caddymodule

import (
	"context"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	zaptest "go.uber.org/zap/zaptest/observer"

	"github.com/doorward/doorward/detector/event"
)

func init() {
	caddy.RegisterModule(eventListener{})
}

// eventListener is a handler of Caddy's events app, as an operator's `events`
// block would name one.
type eventListener struct{}

var heard = make(chan caddy.Event, 16)

func (eventListener) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "events.handlers.doorward_test", New: func() caddy.Module { return new(eventListener) }}
}

func (eventListener) UnmarshalCaddyfile(*caddyfile.Dispenser) error { return nil }

func (eventListener) Handle(_ context.Context, e caddy.Event) error {
	heard <- e
	return nil
}

func TestEventsReachTheEventsApp(t *testing.T) {
	options := "events {\n on doorward.sanction doorward_test\n }"
	if err := caddy.Load(adapted(t, t.TempDir(), "", options), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	s, done := borrowState()
	if s == nil {
		t.Fatal("no state")
	}
	defer done()
	s.offer(event.Event{Type: event.TypeAttempt, Verdict: "limit"}) // nobody listens to these
	s.offer(event.Event{Type: event.TypeSanction, Detection: "brute_force", SanctionID: "s-1"})
	select {
	case e := <-heard:
		if e.Name() != "doorward.sanction" || e.Data["detection"] != "brute_force" {
			t.Errorf("heard %s %v", e.Name(), e.Data)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was heard")
	}
}

func TestLevelsOfTheLog(t *testing.T) {
	t.Parallel()
	core, logs := zaptest.New(zapcore.DebugLevel)
	sink := &logSink{log: zap.New(core)}
	for _, c := range []struct {
		e    event.Event
		want zapcore.Level
	}{
		{event.Event{Type: event.TypeAttempt, Verdict: "allow"}, zapcore.DebugLevel},
		{event.Event{Type: event.TypeAttempt, Verdict: "allow", Would: "limit"}, zapcore.InfoLevel},
		{event.Event{Type: event.TypeAttempt, Verdict: "limit"}, zapcore.InfoLevel},
		{event.Event{Type: event.TypeOperator}, zapcore.InfoLevel},
		{event.Event{Type: event.TypeSanction}, zapcore.WarnLevel},
		{event.Event{Type: event.TypeHealth}, zapcore.ErrorLevel},
	} {
		if err := sink.Write(context.Background(), &c.e); err != nil {
			t.Fatal(err)
		}
		all := logs.TakeAll()
		if len(all) != 1 || all[0].Level != c.want {
			t.Errorf("%+v: logged %v, want level %s", c.e, all, c.want)
		}
	}
}
