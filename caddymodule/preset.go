package caddymodule

import (
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/doorward/doorward/config"
)

// readPreset reads NAME [PATH].
func (h *Handler) readPreset(_ httpcaddyfile.Helper, args []string) error {
	p := config.Preset{Name: args[0]}
	if len(args) > 1 {
		p.Under = args[1]
	}
	h.Presets = append(h.Presets, p)
	return p.Validate()
}

// expandPresets puts the routes of the presets behind those of the operator,
// which so win. It is called once, when the configuration is made ready: until
// then a preset is its name, so that an adapted configuration follows the
// version that runs it.
func (h *Handler) expandPresets() error {
	for _, p := range h.Presets {
		routes, err := presetRoutes(p)
		if err != nil {
			return err
		}
		h.Routes = append(h.Routes, routes...)
	}
	return nil
}

// presetRoutes reads the file of a preset, whose language is that of an
// operator.
func presetRoutes(p config.Preset) ([]Route, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	text, _ := config.PresetText(p.Name)
	_, handler, err := readBare([]byte(text), p.File())
	if err != nil {
		return nil, fmt.Errorf("reading preset %s: %w", p.Name, err)
	}
	for i := range handler.Routes {
		handler.Routes[i].Route = p.Place(handler.Routes[i].Route)
	}
	return handler.Routes, nil
}
