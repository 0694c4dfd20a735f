package caddymodule

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/doorward/doorward/config"
)

// notes are what the access log tells of an attempt before its outcome. Each is
// a field of its own there, under the name of the variable that holds it; they
// are handed over together, because every change of the fields of a request
// makes Caddy forget the loggers it has made for it. They do not change once
// they are handed over.
type notes [5]note

type note struct{ name, value string }

// alwaysNoted is how many of the notes are told even when they are empty.
const alwaysNoted = 2

// variable is the value of a note as Caddy keeps variables. Those of a closed set
// are boxed once for all attempts.
func (n note) variable() any {
	if boxed, ok := boxedTexts[n.value]; ok {
		return boxed
	}
	return n.value
}

var boxedTexts = func() map[string]any {
	m := map[string]any{}
	for _, k := range config.Kinds {
		m[string(k)] = string(k)
	}
	for _, a := range []config.Answer{config.AnswerAllow, config.AnswerTag, config.AnswerLimit, config.AnswerBlock, config.AnswerDrop} {
		m[string(a)] = string(a)
	}
	return m
}()

// MarshalLogObject adds the fields.
func (n *notes) MarshalLogObject(to zapcore.ObjectEncoder) error {
	for i := range n {
		if i < alwaysNoted || n[i].value != "" {
			to.AddString(n[i].name, n[i].value)
		}
	}
	return nil
}

// field is an inline field: its key is there for Caddy, which replaces a field by
// its key, and is not written.
func (n *notes) field() zap.Field {
	return zap.Field{Key: "doorward", Type: zapcore.InlineMarshalerType, Interface: n}
}
