package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
)

const directiveName = "doorward"

func init() {
	httpcaddyfile.RegisterHandlerDirective(directiveName, parseDirective)
	// Behind request_body, whose limit then holds for us too, and the rewrites;
	// before basic_auth and forward_auth, whose 401 is an outcome.
	httpcaddyfile.RegisterDirectiveOrder(directiveName, httpcaddyfile.Before, "basic_auth")
}

func parseDirective(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	if err := handler.unmarshal(h); err != nil {
		return nil, err
	}
	return handler, nil
}

// UnmarshalCaddyfile sets up the handler from the directive. The bare word
// protects the site; every line may be left out. Syntax:
//
//	doorward [<matcher>] [enforce|observe|off] {
//	    site <name>
//	    mode enforce|observe|off
//	    automatic on|off
//
//	    preset <name> [<path>]
//	    <kind> [@<matcher> | <path> | <method> <path>] {
//	        when <place> <key> [<value>...]
//	        identifier <name> <place> [<key>]
//	        password <place> [<key>]
//	        success {
//	            <condition>
//	        }
//	        failure {
//	            <condition>
//	        }
//	        unknown {
//	            <condition>
//	        }
//	    }
//
//	    event <name> [@<matcher> | <path> | <method> <path>] {
//	        when <place> <key> [<value>...]
//	        identifier <name> <place> [<key>]
//	        property <name> <place> [<key>]
//	        success {
//	            <condition>
//	        }
//	        failure {
//	            <condition>
//	        }
//	        unknown {
//	            <condition>
//	        }
//	    }
//
//	    limit <class>|<path> <n>/<duration> per source|prefix|account|pair|route
//	    on <detection>|<list> [<class>] [observe] <answer> [<duration>]
//	    country [<class>] allow|deny <code>... [observe] [<answer>]
//	    threshold source|source_slow|cadence|pair|account|device|contacts <n>/<duration>
//	    threshold spray|resets|account_resets|codes|missing|signups <n>/<duration>
//	    ban <first> [<longest>]
//	    delay <first> [<longest> [<held>]]
//	    challenge on|off {
//	        bits <n>
//	        prefix <path>
//	        life <duration>
//	        cookie <name>
//	        name <text>
//	        logo <path>
//	        template <file>
//	    }
//	    allow <path> [<reason>] [for <duration> | until <time>]
//	    critical off|<address>|<range>...
//
//	    refusal page|error
//	    contact <text>
//	    device_cookie off|<name>
//	    body_limit <size>
//	    response_limit <size>
//	    plaintext_identities
//	    fold strict
//	}
//
// site names whose evidence it is: handlers with the same name share counts and
// sanctions. Default: the hosts of the site block.
//
// mode says how far verdicts are carried out: enforce refuses, observe only
// records what would have been refused, off does nothing. It may also stand
// behind the word doorward. Default: enforce, but gently on routes that were
// found automatically until they have proved themselves; a written enforce
// waives that.
//
// automatic off recognises attempts on declared routes only. Default: on.
//
// preset declares the routes of a known app, behind those declared here, and
// below the path if the app is not at the root. May be repeated. An unknown name
// is refused with the list of all.
//
// <kind> declares a route, where attempts of one kind arrive: login, signup,
// mfa (second factor), logout, reset_request (asking for a reset mail), reset
// (setting the password with the mailed link) or password_change. `event
// <kind>` is the same, and takes the long names too: event
// password-reset-request POST /password. The first route that matches a request
// counts. The path is exact, or a beginning when it ends in *; without a method
// POST, PUT and PATCH match; @<matcher> is a named matcher of the site block.
//
// when narrows the route down to requests that hold a field, in form, json,
// query or header, with one of the values; "" is a field that is absent or
// empty, no value any. Lines of it must all hold.
//
// identifier says where a user identifier is sent, password where the password
// is. <place> is form, json, query or header with the name of the field (json:
// with dots, as user.email), path with the number of the segment, basic,
// digest, host, or value with a fixed text; of a password also bearer: the token
// of an Authorization header, whose refusal is an attempt and whose acceptance is
// none. Default: found by the names of the fields, which no token is.
//
// success and failure say how the app answers. Blocks may be repeated: one is
// enough; in a block all lines must hold; on a line one value is enough. If
// both match it is a failure; if neither does the outcome is unknown. With only
// one of the two declared, all else is read automatically. unknown are answers
// that tell nothing, such as one that is the same whether the account existed or
// not: failure wins over them, and they win over success. <condition> is
//
//	status   <code>|<class>...   302, 4xx
//	header   <name> [<text>...]
//	cookie   <name> [<text>...]
//	redirect <text>...           where Location points to
//	body     <text>...           occurs in the body
//	json     <path> [<text>...]
//
// <text> may begin or end with * except in body. Without text header, cookie
// and json hold when there is such a field.
//
// event records something of the app's own, whatever else the request is. It
// counts for no detection. property is a value to record with it; the first 16
// that have one are kept, the others counted. Without conditions the status
// tells how it ended. The first event that matches a request is recorded.
//
// limit counts every attempt whatever its outcome, before the app is asked, and
// answers 429 beyond <n> in a sliding window. <class> is login, signup, reset,
// mfa or all. Several lines add up. Default: none.
//
// on chooses the answer to a detection (brute_force, credential_stuffing,
// slow_guessing, distributed, password_spray, attack, attack_solved,
// signup_flood, reset_flood, code_guessing, missing_credentials, uninspectable,
// takeover, unusual_vpn) or to an address list (tor) or kind of network (hosting,
// vpn, proxy): allow, tag (headers to the app), tighten (of lists: tag, and half
// the thresholds), delay (hold it, then let it through), challenge (a little
// work first), limit (429), block (403) or drop (the connection ends without an answer). all, for a list,
// is every request. observe tells what the answer would have been and lets the
// attempt through; behind a detection it may stand without an answer. One line
// per name and class. <duration> is the first sanction of a detection that
// challenges, limits, blocks or drops. Default: detections
// limit, attack and reset_flood challenge; tor is challenged on login and signup,
// and lists tighten.
//
// country refuses attempts by the country of their address: those from the
// countries named with deny, or from all others with allow. <class> is login,
// signup, reset, mfa or all, which is every request; without one it is login and
// signup. One line per class. Addresses of which no country is known are let in.
// It needs the global option geo. Default answer: block. Default: none.
//
// threshold says how many failures are let through; the next is refused.
// Defaults: source 10/10m, source_slow 100/24h, cadence 10/20s (faster than
// people type), pair 10/24h, account 10/1h, device 10/1h (a client or address known to the account),
// contacts 4/24h (accounts that failed when the source first met them that day,
// less those that got in), spray 20/24h (names one wrong password was tried
// for), resets 10/15m and account_resets 5/1h (requests for a reset), codes
// 10/10m (of a second factor), missing 3/10m (logins without a password or a
// name), signups 50/24h (accounts created).
//
// ban is the length of the first sanction, which doubles each time up to the
// longest. Default: 10m 24h.
//
// delay is how long the first attempt beyond a threshold is held, which doubles
// with each further one up to the longest (at most 1m), and how many are held
// at once; beyond that the answer is limit. Default: 200ms 25s 128.
//
// challenge off answers limit wherever a challenge is written or is the default;
// tor is then tagged. The word on may be left out before a block, in which bits is
// the work of the first step (8 to 20, default 14: each more doubles it), prefix
// the path under which Doorward answers itself (default /.doorward/), life how
// long a clearance holds (1m to 15m, the default), cookie its name (default
// doorward_clearance), name and logo are shown on the page, and template is a file
// that replaces the page around the work.
//
// allow is a path on which nobody is refused, whoever is blocked: it is exact, or
// a beginning when it ends in *. What would have been refused is recorded.
// Addresses are allowed in the global option. Default: none.
//
// critical adds addresses that no rule shuts out, as those of a CDN, to private
// ranges, the addresses of the site's own upstreams, trusted proxies themselves
// and this machine. What is counted by account holds for them. off makes no
// address critical. Default: those named here alone.
//
// refusal page writes the answer here; error leaves it to handle_errors.
// Default: page. contact is a line of text on that page. Default: none.
//
// device_cookie off sets no cookie. A name is what the cookie is called by which
// a browser is known again that has logged in before; over TLS it gets the prefix
// __Host-. Default: doorward_device.
//
// body_limit and response_limit are how much of a request and of the answer to
// an attempt is looked at, up to 1MiB; longer ones pass through whole. Default:
// 64KiB each.
//
// plaintext_identities shows names that have logged in before as they are, in
// logs and events. Default: masked. fold strict counts addresses that differ by
// +tag or dots as different accounts. Default: as one.
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return h.unmarshal(httpcaddyfile.Helper{Dispenser: d})
}

// unmarshal needs the helper for the matchers of the site block and for the
// global options.
func (h *Handler) unmarshal(helper httpcaddyfile.Helper) error {
	helper.Next() // the name of the directive
	start := helper.Token()
	args := helper.RemainingArgs()
	if len(args) > 1 {
		return placeAt(start, fmt.Errorf("doorward with %s; write `doorward`, `doorward observe`, or the lines in a block", counted(len(args), "argument")))
	}
	if len(args) == 1 {
		if err := h.setMode(helper, args); err != nil {
			return placeAt(start, err)
		}
	}
	lists, err := configuredLists(helper)
	if err != nil {
		return placeAt(start, err)
	}
	return h.grammar(lists).read(helper)
}

// configuredLists are the address lists the global option leaves switched on.
func configuredLists(h httpcaddyfile.Helper) ([]string, error) {
	var app config.App
	if option, ok := h.Option(optionName).(httpcaddyfile.App); ok {
		if err := json.Unmarshal(option.Value, &app); err != nil {
			return nil, fmt.Errorf("reading the global option doorward: %w", err)
		}
	}
	return app.Lists(), nil
}

func (h *Handler) grammar(lists []string) blockGrammar {
	s := &h.Site
	g := blockGrammar{
		block:     "the directive doorward",
		elsewhere: belongsOutsideSite,
		check:     func() error { return s.Validate(lists) },
		lines: map[string]blockLine{
			"site":           settingLine("site shop", parseInto(&s.Name, parseText)),
			"mode":           settingLine("mode enforce|observe|off", h.setMode),
			"automatic":      settingLine("automatic on|off", parseInto(&s.Automatic, parseSwitch)),
			"refusal":        settingLine("refusal page|error", parseInto(&s.Refusal, parseRefusal)),
			"contact":        settingLine(`contact "help@example.com, +31 20 555 0100"`, parseInto(&s.Contact, parseText)),
			"body_limit":     settingLine("body_limit 64KiB", parseInto(&s.BodyLimit, parsePositiveSize)),
			"response_limit": settingLine("response_limit 64KiB", parseInto(&s.ResponseLimit, parsePositiveSize)),
			"fold":           settingLine("fold strict", parseInto(&s.FoldStrict, parseFold)),
			"device_cookie":  settingLine("device_cookie off|NAME", parseInto(&s.DeviceCookie, parseDeviceCookie)),
			"plaintext_identities": {usage: "plaintext_identities", once: true, read: func(httpcaddyfile.Helper, []string) error {
				s.PlaintextIdentities = true
				return nil
			}},
			"preset":    {usage: "preset wordpress", min: 1, max: 2, read: h.readPreset},
			"limit":     {usage: "limit login 20/10m per source", min: 4, max: 4, read: h.readLimit},
			"on":        {usage: "on brute_force login block 10m", min: 2, max: 5, read: h.readPolicy(lists)},
			"country":   {usage: "country signup allow DE AT CH", min: 2, max: -1, read: h.readCountry},
			"delay":     {usage: "delay 200ms 25s 128", min: 1, max: 3, once: true, read: h.readDelay},
			"challenge": {usage: "challenge on|off", max: 1, once: true, block: true, read: h.readChallenge},
			"allow":     {usage: `allow /health "load balancer"`, min: 1, max: 4, read: h.readAllowPath},
			"critical":  {usage: "critical 198.51.100.0/24", min: 1, max: -1, read: h.readCritical},
			"threshold": {usage: "threshold source 10/10m", min: 2, max: 2, read: h.readThreshold},
			"ban":       {usage: "ban 10m 24h", min: 1, max: 2, once: true, read: h.readBan},
			"event":     {usage: "event email-update POST /account/email", min: 1, max: 3, block: true, read: h.readEvent},
		},
	}
	for _, word := range routeWords {
		g.lines[word.text] = blockLine{usage: word.text + " POST /" + word.text, max: 2, block: true, read: h.readRoute(word.kind)}
	}
	return g
}

// belongsOutsideSite knows the words of the global option, of a route and the
// long names of kinds.
func belongsOutsideSite(word string) string {
	if _, ok := new(App).grammar().lines[word]; ok {
		return "put it into the global option doorward at the top of the Caddyfile"
	}
	if _, ok := routeGrammar(new(Route)).lines[word]; ok {
		return "it belongs to a route; write `login POST /session {` and it below"
	}
	if kind, ok := eventKind(word); ok {
		for _, w := range routeWords {
			if w.kind == kind && w.text != word {
				return fmt.Sprintf("write `%s`", w.text)
			}
		}
	}
	return ""
}

func (h *Handler) setMode(_ httpcaddyfile.Helper, args []string) error {
	if h.Mode != "" {
		return errors.New("the mode stands behind the word doorward already; keep one")
	}
	mode, err := config.ParseMode(args[0])
	h.Mode = mode
	return err
}

func (h *Handler) readLimit(_ httpcaddyfile.Helper, args []string) error {
	if args[2] != "per" {
		return fmt.Errorf("%q instead of `per`; write something like `limit login 20/10m per source`", args[2])
	}
	rate, err := config.ParseRate(args[1])
	if err != nil {
		return err
	}
	l := config.Limit{Rate: rate, Per: config.Axis(args[3])}
	if args[0] != "" && (args[0][0] == '/' || args[0][0] == '*') {
		l.Path = args[0]
	} else {
		l.Class = config.Class(args[0])
	}
	h.Limits = append(h.Limits, l)
	return l.Validate()
}

func (h *Handler) readThreshold(_ httpcaddyfile.Helper, args []string) error {
	target := h.Thresholds.Rate(args[0])
	if target == nil {
		return unknownWord("threshold", args[0], config.ThresholdNames)
	}
	if !target.IsZero() {
		return fmt.Errorf("a second line `threshold %s`; keep one", args[0])
	}
	rate, err := config.ParseRate(args[1])
	*target = rate
	return err
}

func (h *Handler) readBan(_ httpcaddyfile.Helper, args []string) error {
	first, err := parsePositive(args[0])
	if err != nil {
		return err
	}
	h.Thresholds.Ban = first
	if len(args) == 1 {
		return nil
	}
	longest, err := parsePositive(args[1])
	h.Thresholds.BanCap = longest
	return err
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Handler)(nil)
