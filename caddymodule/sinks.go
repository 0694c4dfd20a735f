package caddymodule

import (
	"context"
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
)

// logSink writes events to Caddy's structured log: health notices as errors,
// detections, sanctions and incidents as warnings, refusals and what an operator did as
// information, and attempts that were simply let through and declared events for
// debugging: on a busy site those are most, and the event file is the place for them.
type logSink struct{ log *zap.Logger }

// Name returns "log".
func (*logSink) Name() string { return "log" }

// Write logs one event.
func (s *logSink) Write(_ context.Context, e *event.Event) error {
	entry := s.log.Check(levelOf(e), "doorward "+string(e.Type))
	if entry == nil {
		return nil
	}
	entry.Write(zap.Any("event", json.RawMessage(e.AppendJSON(nil))))
	return nil
}

func levelOf(e *event.Event) zapcore.Level {
	switch e.Type {
	case event.TypeHealth:
		return zapcore.ErrorLevel
	case event.TypeDetection, event.TypeSanction, event.TypeIncident:
		return zapcore.WarnLevel
	case event.TypeCustom:
		return zapcore.DebugLevel
	case event.TypeAttempt:
		if config.Answer(e.Verdict).LetsThrough() && e.Would == "" {
			return zapcore.DebugLevel
		}
	}
	return zapcore.InfoLevel
}

// eventsSink emits events through Caddy's events app, where `events { on … }`
// can act on them. Handlers run in the sink's own goroutine.
type eventsSink struct {
	ctx caddy.Context
	app *caddyevents.App
}

// Name returns "events".
func (*eventsSink) Name() string { return "events" }

// Write emits doorward.attempt, doorward.detection, doorward.sanction,
// doorward.incident, doorward.operator, doorward.custom or doorward.health, if
// anybody listens.
func (s *eventsSink) Write(_ context.Context, e *event.Event) error {
	name := "doorward." + string(e.Type)
	if !s.app.ShouldEmit(name) {
		return nil
	}
	var data map[string]any
	if err := json.Unmarshal(e.AppendJSON(nil), &data); err != nil {
		return err
	}
	s.app.Emit(s.ctx, name, data)
	return nil
}

// Interface guards
var (
	_ event.Sink = (*logSink)(nil)
	_ event.Sink = (*eventsSink)(nil)
	_ event.Sink = metricsSink{}
)
