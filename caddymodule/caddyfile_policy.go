package caddymodule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/doorward/doorward/config"
)

// readPolicy reads NAME [CLASS] [observe] ANSWER [DURATION]; behind observe the
// answer may be left out.
func (h *Handler) readPolicy(lists []string) lineReader {
	return func(_ httpcaddyfile.Helper, args []string) error {
		p, rest := config.Policy{On: args[0]}, args[1:]
		// The class is what stands before an answer.
		if isClass(rest[0]) || len(rest) == 3 && !isAnswer(rest[0]) || len(rest) >= 2 && isAnswer(rest[1]) && !isAnswer(rest[0]) {
			p.Class, rest = config.Class(rest[0]), rest[1:]
		}
		if len(rest) > 0 && rest[0] == config.ObserveWord {
			p.Observe, rest = true, rest[1:]
		}
		if len(rest) == 0 && !p.Observe {
			return fmt.Errorf("the answer is missing; write something like `on %s limit`", p)
		}
		if _, err := config.ParseDuration(strings.Join(rest, " ")); len(rest) > 0 && (err != nil || !p.Observe) {
			p.Answer, rest = config.Answer(rest[0]), rest[1:]
		}
		if err := readPolicyEnd(&p, rest); err != nil {
			return err
		}
		h.Policies = append(h.Policies, p)
		return p.Validate(lists)
	}
}

// readPolicyEnd reads what may stand behind the answer.
func readPolicyEnd(p *config.Policy, rest []string) error {
	if len(rest) == 0 {
		return nil
	}
	if len(rest) > 1 {
		return fmt.Errorf("%q is too much; keep one duration, like `on %s 10m`", rest[len(rest)-1], p)
	}
	duration, err := parsePositive(rest[0])
	p.For = duration
	return err
}

// readCountry reads [CLASS] allow|deny CODE... [observe] [ANSWER]. Codes are in
// capital letters, so that no answer is taken for one.
func (h *Handler) readCountry(_ httpcaddyfile.Helper, args []string) error {
	var c config.Country
	if isClass(args[0]) {
		c.Class, args = config.Class(args[0]), args[1:]
	}
	switch args[0] {
	case "allow", "deny":
		c.Allow = args[0] == "allow"
	default:
		return fmt.Errorf("%q instead of allow or deny; write something like `country signup allow DE AT CH`", args[0])
	}
	args = args[1:]
	if n := len(args); n > 0 && slices.Contains(config.Answers, config.Answer(args[n-1])) {
		c.Answer, args = config.Answer(args[n-1]), args[:n-1]
	}
	if n := len(args); n > 0 && args[n-1] == config.ObserveWord {
		c.Observe, args = true, args[:n-1]
	}
	c.Codes = args
	h.Countries = append(h.Countries, c)
	return c.Validate()
}

func isClass(word string) bool { return slices.Contains(config.Classes, config.Class(word)) }

// isAnswer reports whether the class cannot stand behind word.
func isAnswer(word string) bool {
	return word == config.ObserveWord || slices.Contains(config.Answers, config.Answer(word))
}

// readDelay reads FIRST [LONGEST [HELD]].
func (h *Handler) readDelay(_ httpcaddyfile.Helper, args []string) (err error) {
	if h.Delay.First, err = parsePositive(args[0]); err != nil {
		return err
	}
	if len(args) > 1 {
		if h.Delay.Longest, err = parsePositive(args[1]); err != nil {
			return err
		}
	}
	if len(args) > 2 {
		h.Delay.Held, err = parseCount(args[2])
	}
	return err
}

// readAllowPath reads PATH ["REASON"] [for DURATION | until TIME].
func (h *Handler) readAllowPath(_ httpcaddyfile.Helper, args []string) error {
	if _, err := config.ParsePrefix(args[0]); err == nil {
		return fmt.Errorf("%s is an address; put it into the global option doorward at the top of the Caddyfile", args[0])
	}
	reason, until, err := readReasonAndEnd(args)
	h.Allow = append(h.Allow, config.AllowPath{Path: args[0], Reason: reason, Until: until})
	return err
}

func (h *Handler) readCritical(_ httpcaddyfile.Helper, args []string) error {
	if len(args) == 1 && args[0] == "off" {
		h.Critical.Off = true
		return nil
	}
	h.Critical.Ranges = append(h.Critical.Ranges, args...)
	return nil
}
