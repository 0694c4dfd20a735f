package caddymodule

import (
	"errors"

	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/doorward/doorward/config"
)

// readChallenge reads on or off, or the block behind the word:
//
//	challenge {
//	    bits <n>
//	    prefix <path>
//	    life <duration>
//	    cookie <name>
//	    name <text>
//	    logo <path>
//	    template <file>
//	}
func (h *Handler) readChallenge(helper httpcaddyfile.Helper, args []string) error {
	block := opensBlock(helper.Dispenser)
	if len(args) == 1 {
		on, err := parseSwitch(args[0])
		if err != nil {
			return err
		}
		h.ChallengeOff = !*on
		if block && !*on {
			return errors.New("`challenge off` with a block: without challenges nothing of it counts; leave one of the two out")
		}
	} else if !block {
		return errors.New("`challenge` alone says nothing; write `challenge off`, or a block with lines like `bits 15`")
	}
	return challengeGrammar(&h.Challenge).read(helper)
}

func challengeGrammar(c *config.Challenge) blockGrammar {
	return blockGrammar{
		block:     "challenge",
		elsewhere: func(string) string { return "" },
		check:     c.Validate,
		lines: map[string]blockLine{
			"bits":     settingLine("bits 14", parseInto(&c.Bits, parseCount)),
			"prefix":   settingLine("prefix /.doorward/", parseInto(&c.Prefix, parsePath)),
			"life":     settingLine("life 15m", parseInto(&c.Life, parsePositive)),
			"cookie":   settingLine("cookie doorward_clearance", parseInto(&c.Cookie, parseText)),
			"name":     settingLine(`name "Example Shop"`, parseInto(&c.Name, parseText)),
			"logo":     settingLine("logo /logo.svg", parseInto(&c.Logo, parsePath)),
			"template": settingLine("template /etc/doorward/challenge.html", parseInto(&c.Template, parsePath)),
		},
	}
}
