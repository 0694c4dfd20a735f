package config

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Challenge says how a challenge is asked. That there is one, and for whom, say
// the `on` lines; [Site.ChallengeOff] says that there is none.
type Challenge struct {
	// Bits is the work of the first step: how many zero bits each of the sixteen
	// parts of a proof needs, so 16 times 2^Bits hashes on average. Each failure
	// after solving adds one, up to four. 8 to 20. Default: 14, which is a
	// quarter of a million hashes.
	Bits int `json:"bits,omitempty"`

	// Prefix is the path under which Doorward answers itself; the app gets no
	// request below it. It begins and ends with a slash. Default: /.doorward/.
	Prefix string `json:"prefix,omitempty"`

	// Life is how long a clearance holds, if its one success or three failures
	// are not used up before. 1 to 15 minutes. Default: 15m.
	Life Duration `json:"life,omitempty"`

	// Cookie is what the cookie of a clearance is called; over TLS the prefix
	// __Host- is put in front. Default: doorward_clearance.
	Cookie string `json:"cookie,omitempty"`

	// Name is what the site is called on the page. Default: nothing.
	Name string `json:"name,omitempty"`

	// Logo is a picture on the page: a path of the same site, or a data URL.
	// Default: none.
	Logo string `json:"logo,omitempty"`

	// Template is a file that replaces the page around the work. Default: none.
	Template string `json:"template,omitempty"`
}

// Defaults of Challenge.
const (
	DefaultChallengeBits   = 14
	DefaultChallengePrefix = "/.doorward/"
	DefaultClearanceLife   = Duration(15 * time.Minute)
	DefaultClearanceCookie = "doorward_clearance"

	minChallengeBits = 8
	maxChallengeBits = 20
	minClearanceLife = Duration(time.Minute)
	maxReserved      = 128
	maxLogo          = 64 << 10
)

// WithDefaults returns c with every unset field set.
func (c Challenge) WithDefaults() Challenge {
	if c.Bits == 0 {
		c.Bits = DefaultChallengeBits
	}
	if c.Prefix == "" {
		c.Prefix = DefaultChallengePrefix
	}
	if c.Life == 0 {
		c.Life = DefaultClearanceLife
	}
	if c.Cookie == "" {
		c.Cookie = DefaultClearanceCookie
	}
	return c
}

// Validate reports every problem of the challenge.
func (c Challenge) Validate() error {
	errs := []error{
		c.validatePrefix(), validateCookieName("challenge cookie", c.Cookie),
		validateLine("challenge name", c.Name), c.validateLogo(),
	}
	if c.Bits != 0 && (c.Bits < minChallengeBits || c.Bits > maxChallengeBits) {
		errs = append(errs, fmt.Errorf("challenge bits %d: less than %d stops nobody, more than %d no phone solves; write something like bits %d",
			c.Bits, minChallengeBits, maxChallengeBits, DefaultChallengeBits))
	}
	if c.Life != 0 && (c.Life < minClearanceLife || c.Life > DefaultClearanceLife) {
		errs = append(errs, fmt.Errorf("challenge life %s: a clearance holds one to fifteen minutes; write something like life %s", c.Life, DefaultClearanceLife))
	}
	return errors.Join(errs...)
}

func (c Challenge) validatePrefix() error {
	switch p := c.Prefix; {
	case p == "":
	case len(p) > maxReserved:
		return fmt.Errorf("challenge prefix has %d bytes; write at most %d", len(p), maxReserved)
	case len(p) < 3 || !strings.HasPrefix(p, "/") || !strings.HasSuffix(p, "/"):
		return fmt.Errorf("challenge prefix %q must begin and end with a slash and have a name between them; write something like %s", p, DefaultChallengePrefix)
	case strings.Contains(p, "//") || strings.Contains(p, "/./") || strings.Contains(p, "/../"):
		return fmt.Errorf("challenge prefix %q has an empty segment or one of dots; write something like %s", p, DefaultChallengePrefix)
	case strings.ContainsFunc(p, func(r rune) bool { return r != '/' && isNoPathLetter(r) }):
		return fmt.Errorf("challenge prefix %q holds more than letters, digits, and - . _ ~; write something like %s", p, DefaultChallengePrefix)
	}
	return nil
}

// isNoPathLetter reports whether a rune must be escaped in a path (RFC 3986,
// section 2.3).
func isNoPathLetter(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune("-._~", r)
}

func (c Challenge) validateLogo() error {
	l := c.Logo
	switch {
	case l == "":
	case len(l) > maxLogo:
		return fmt.Errorf("challenge logo has %d bytes; write at most %d, or the path of a file of the site", len(l), maxLogo)
	case strings.HasPrefix(l, "data:image/"), strings.HasPrefix(l, "/") && !strings.HasPrefix(l, "//"):
		if strings.ContainsFunc(l, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
			return errors.New("challenge logo holds a space or a letter beyond ASCII; escape it by %")
		}
	default:
		return errors.New("challenge logo is no path of this site: pages load nothing from elsewhere; write something like /logo.svg, or a data:image/ URL")
	}
	return nil
}
