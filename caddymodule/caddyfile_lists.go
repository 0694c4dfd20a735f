package caddymodule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/doorward/doorward/config"
)

// readTor reads the arguments and the block of `tor`. Whether a file exists and
// holds addresses is looked at when the configuration is loaded, not here:
// adapting a Caddyfile opens no file.
func readTor(c *config.App, h httpcaddyfile.Helper, args []string) error {
	if len(args) == 1 && args[0] == "off" {
		c.TorOff = true
		if opensBlock(h.Dispenser) {
			return errors.New("`tor off` takes no block; write `tor off`, or `tor {` and the lines below it")
		}
		return nil
	}
	tor := &config.List{}
	if len(args) == 1 && args[0] != "on" {
		tor.Source = args[0]
	}
	c.Tor = tor
	return listGrammar("the option tor", tor, tor.Validate).read(h)
}

// readList reads NAME [[file|url] SOURCE] and the block of `list`.
func readList(c *config.App, h httpcaddyfile.Helper, args []string) error {
	l := config.List{Name: args[0]}
	switch {
	case len(args) == 3 && (args[1] == "file" || args[1] == "url"):
		l.Source = args[2]
		if l.IsURL() != (args[1] == "url") {
			return fmt.Errorf("list %s: the source is not the %s that is announced; leave the word out", l.Name, args[1])
		}
	case len(args) == 3:
		return fmt.Errorf("list %s: write `list %s` and a block with `from %s %s`", l.Name, l.Name, args[1], args[2])
	case len(args) == 2:
		l.Source = args[1]
	}
	if err := listGrammar("the option list", &l, func() error { return nil }).read(h); err != nil {
		return err
	}
	c.AddressLists = append(c.AddressLists, l)
	return nil
}

func listGrammar(block string, l *config.List, check func() error) blockGrammar {
	return blockGrammar{
		block:     block,
		elsewhere: belongsNowhere,
		check:     check,
		lines: map[string]blockLine{
			"source": settingLine("source "+config.DefaultTorSource, func(_ httpcaddyfile.Helper, args []string) error {
				if l.Source != "" {
					return errors.New("the source stands in the line above already; keep one")
				}
				l.Source = args[0]
				return nil
			}),
			"from":     {usage: "from MODULE …", min: 1, max: -1, once: true, block: true, read: readFrom(l)},
			"refresh":  settingLine("refresh 1h", parseInto(&l.Refresh, parsePositive)),
			"format":   settingLine("format text|csv|json|onionoo", parseInto(&l.Format, parseListFormat)),
			"field":    settingLine("field cidr", parseInto(&l.Field, parseText)),
			"keep":     settingLine("keep 48h", parseInto(&l.Keep, parsePositive)),
			"max_loss": settingLine("max_loss 50%", parseInto(&l.MaxLoss, parsePercent)),
			"allow_private": {usage: "allow_private", once: true, read: func(httpcaddyfile.Helper, []string) error {
				l.AllowPrivate = true
				return nil
			}},
		},
	}
}

// readFrom reads MODULE and whatever the module reads behind it.
func readFrom(l *config.List) lineReader {
	return func(h httpcaddyfile.Helper, args []string) error {
		for range len(args) - 1 { // back to the name: the module reads its line itself
			h.Prev()
		}
		module, err := caddyfile.UnmarshalModule(h.Dispenser, "doorward.lists."+args[0])
		if err != nil {
			return err
		}
		l.From = caddyconfig.JSONModuleObject(module, "source", args[0], nil)
		return nil
	}
}

func parseListFormat(s string) (config.ListFormat, error) {
	f := config.ListFormat(s)
	return f, config.List{Format: f}.Validate()
}

// parsePercent reads 50% or 50.
func parsePercent(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(s, "%"))
	if err != nil || n < 1 || n > 100 {
		return 0, fmt.Errorf("%q is no share; write 1%% to 100%%", s)
	}
	return n, nil
}
