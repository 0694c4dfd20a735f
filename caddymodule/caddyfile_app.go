package caddymodule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/doorward/doorward/config"
)

const optionName = "doorward"

func init() {
	httpcaddyfile.RegisterGlobalOption(optionName, parseGlobalOption)
}

func parseGlobalOption(d *caddyfile.Dispenser, existing any) (any, error) {
	app := new(App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	if existing != nil {
		d.Reset()
		d.Next()
		return nil, d.Err("a second global option doorward; put all lines into one block")
	}
	return httpcaddyfile.App{Name: optionName, Value: caddyconfig.JSON(app, nil)}, nil
}

// UnmarshalCaddyfile sets up the app from the global option. Every line may be
// left out, and so may the whole option. Syntax:
//
//	doorward {
//	    secret          <text>
//	    previous_secret <text>
//	    state_dir       <folder>
//	    store           embedded [<folder>] | memory
//	    max_tracked     <n>
//	    queue           <n>
//	    held            <n>
//	    tor off
//	    tor [<url>|<file>] {
//	        <lines of list>
//	    }
//	    list <name> [[file|url] <source>] {
//	        source   <url>|<file>
//	        from     <module> …
//	        refresh  <duration>
//	        format   auto|text|csv|json|onionoo
//	        field    <column>|<key>
//	        keep     <duration>
//	        max_loss <n>%
//	        allow_private
//	    }
//	    geo <file>...
//	    allow <address>|<range> [<reason>] [for <duration> | until <time>]
//	    file <path> {
//	        roll_size <size>
//	        keep      <n>
//	    }
//	}
//
// secret is what all keys are derived from: 32 bytes or more, best written as
// {env.NAME} or {file.PATH}. Default: a random file in the state folder.
// previous_secret is the one before it: device cookies that were made with it
// are taken until they end. Default: none.
//
// state_dir is where keys, state and lists are kept. Default: the folder doorward
// in Caddy's data directory.
//
// store is where sanctions, histories, evidence and the audit log outlive the
// process: a database in state_dir, or in a folder of its own; or, with memory,
// nowhere. Default: embedded.
//
// max_tracked is how many sources, and pairs of account and source, are
// remembered, and half as many accounts, 1024 to 20000000. Default 200000: at
// most 66 MiB without limit lines, and up to 3 MiB for each site.
//
// queue is how many events may wait to be written, 64 to 1048576. Default 8192.
//
// held is how many requests are held at once by the answer delay, on all sites
// together, 1 to 65536. Default 512.
//
// tor is the list of Tor exits: the bulk exit list, exit-addresses or Onionoo's
// JSON. Default: on, from https://check.torproject.org/torbulkexitlist, with
// refresh 1h and keep 48h.
//
// list adds a list, of VPNs or data centers, which `on` lines speak about by its
// name; it may be repeated. The content is text of one address or range per
// line, CSV, JSON or Onionoo's JSON, packed by gzip or not; format and field are
// found out unless they are written. A file must exist when the configuration is
// loaded, and is looked at every five seconds; from names a module of the
// namespace doorward.lists instead. keep lets an entry stay that long after the
// source last saw it, max_loss (default 50%) is the share of its entries that a
// list may lose at once, and allow_private lets a URL lead to an address that is
// not public.
//
// geo names databases of countries and networks in the MaxMind DB format
// (.mmdb), asked in order; may be repeated. A changed file is taken into use
// within seconds. One that is missing or broken stops nothing: it is told, and
// what was read of it before stays in use. With a database the networks hosting,
// vpn and proxy may stand in `on` lines, and sites may have `country` lines.
// Default: none.
//
// allow exempts an address or a range from being refused; its attempts are
// recorded. It may be repeated. until takes a time such as
// 2030-12-31T00:00:00Z; an entry that is over is ignored. for is counted from
// the moment the Caddyfile is read: every reload begins it anew. Default: for
// ever.
//
// file writes events as JSON lines. A new file is begun at roll_size (1MiB or
// more, default 100MiB) and keep old ones are kept (1 to 1000, default 5).
// Default: off.
//
// Durations are written 90s, 10m, 24h or 7d; sizes 64KiB, 100MiB or 1GB.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the name of the option
	start := d.Token()
	if d.NextArg() {
		return placeAt(start, errors.New("the global option doorward takes no argument; write `doorward {` and the lines below it"))
	}
	return a.grammar().read(httpcaddyfile.Helper{Dispenser: d})
}

func (a *App) grammar() blockGrammar {
	c := &a.App
	return blockGrammar{
		block:     "the global option doorward",
		elsewhere: belongsToSite,
		check:     func() error { return c.Validate() },
		lines: map[string]blockLine{
			"secret":          settingLine("secret {env.DOORWARD_SECRET}", parseInto(&c.Secret, parseSecret)),
			"previous_secret": settingLine("previous_secret {env.DOORWARD_OLD_SECRET}", parseInto(&c.PreviousSecret, parseSecret)),
			"state_dir":       settingLine("state_dir /var/lib/doorward", parseInto(&c.StateDir, parsePath)),
			"store": {usage: "store embedded", min: 1, max: 2, once: true, read: func(_ httpcaddyfile.Helper, args []string) error {
				return readStore(c, args)
			}},
			"max_tracked": settingLine("max_tracked 200000", parseInto(&c.MaxTracked, parseCount)),
			"queue":       settingLine("queue 8192", parseInto(&c.Queue, parseCount)),
			"held":        settingLine("held 512", parseInto(&c.Held, parseCount)),
			"tor": {usage: "tor off", max: 1, once: true, block: true, read: func(h httpcaddyfile.Helper, args []string) error {
				return readTor(c, h, args)
			}},
			"geo": {usage: "geo /var/lib/GeoIP/GeoLite2-City.mmdb", min: 1, max: -1, read: func(_ httpcaddyfile.Helper, args []string) error {
				c.Geo = append(c.Geo, args...)
				return nil
			}},
			"list": {usage: "list vpn https://example.com/vpn.txt", min: 1, max: 3, block: true, read: func(h httpcaddyfile.Helper, args []string) error {
				return readList(c, h, args)
			}},
			"allow": {usage: `allow 192.0.2.0/24 "reason" until 2030-12-31T00:00:00Z`, min: 1, max: 4, read: func(_ httpcaddyfile.Helper, args []string) error {
				return readAllow(c, args)
			}},
			"file": {usage: "file /var/log/doorward/events.jsonl", min: 1, max: 1, once: true, block: true, read: func(h httpcaddyfile.Helper, args []string) error {
				return readFile(c, h, args[0])
			}},
		},
	}
}

func belongsToSite(word string) string {
	if _, ok := new(Handler).grammar(nil).lines[word]; ok {
		return "put it into the directive doorward of a site block"
	}
	return ""
}

func belongsNowhere(string) string { return "" }

// readStore reads embedded [FOLDER] | memory.
func readStore(c *config.App, args []string) error {
	c.Store = &config.Store{Kind: config.StoreKind(args[0])}
	if len(args) == 2 {
		c.Store.Path = args[1]
	}
	return c.Store.Validate()
}

// readAllow reads RANGE ["REASON"] [for DURATION | until TIME].
func readAllow(c *config.App, args []string) error {
	if strings.HasPrefix(args[0], "/") {
		return fmt.Errorf("%s is a path; write `allow %s` into the directive doorward of a site block", args[0], args[0])
	}
	reason, until, err := readReasonAndEnd(args)
	c.Allow = append(c.Allow, config.Allow{Range: args[0], Reason: reason, Until: until})
	return err
}

// readReasonAndEnd reads what stands behind the range or path that is allowed.
func readReasonAndEnd(args []string) (reason string, until time.Time, err error) {
	rest := args[1:]
	if len(rest) > 0 && rest[0] != "for" && rest[0] != "until" {
		reason, rest = rest[0], rest[1:]
	}
	if len(rest) == 0 {
		return reason, until, nil
	}
	if len(rest) != 2 {
		return reason, until, fmt.Errorf("allow %s: write the reason in quotes, then `for 24h` or `until 2030-12-31T00:00:00Z`, or neither", args[0])
	}
	if until, err = parseEnd(rest[0], rest[1]); err != nil {
		err = fmt.Errorf("allow %s: %w", args[0], err)
	}
	return reason, until, err
}

func parseEnd(word, text string) (time.Time, error) {
	switch word {
	case "for":
		d, err := parsePositive(text)
		return time.Now().Add(d.Std()).UTC().Truncate(time.Second), err
	case "until":
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return t, fmt.Errorf("%q is no time; write something like 2030-12-31T00:00:00Z", text)
		}
		return t.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("unknown word %q; write `for 24h` or `until 2030-12-31T00:00:00Z`, with the reason before it in quotes", word)
}

func readFile(c *config.App, h httpcaddyfile.Helper, path string) error {
	file := &config.FileSink{Path: path}
	c.File = file
	return blockGrammar{
		block:     "the option file",
		elsewhere: belongsNowhere,
		check:     func() error { return file.Validate() },
		lines: map[string]blockLine{
			"roll_size": settingLine("roll_size 100MiB", parseInto(&file.RollSize, parsePositiveSize)),
			"keep":      settingLine("keep 5", parseInto(&file.Keep, parseCount)),
		},
	}.read(h)
}

// Interface guard
var _ caddyfile.Unmarshaler = (*App)(nil)
