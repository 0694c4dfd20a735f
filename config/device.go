package config

import (
	"fmt"
	"strings"
)

// DeviceCookie says whether a browser gets a cookie by which it is known again
// after it has logged in. The cookie holds a random number, sealed; what is known
// of that number is kept by the server.
type DeviceCookie struct {
	// Off sets no cookie and reads none. Those that browsers still have are
	// taken out of requests as ever, and end by themselves. Default: false.
	Off bool `json:"off,omitempty"`

	// Name is what the cookie is called: a name for cookies (RFC 6265) of at
	// most 64 bytes. Over TLS the prefix __Host- is put in front. Default:
	// DefaultDeviceCookie.
	Name string `json:"name,omitempty"`
}

// DefaultDeviceCookie is the name of the device cookie where none is written.
const DefaultDeviceCookie = "doorward_device"

// maxCookieName is how long the name of a cookie may be.
const maxCookieName = 64

// WithDefaults returns c with every unset field set.
func (c DeviceCookie) WithDefaults() DeviceCookie {
	if c.Name == "" {
		c.Name = DefaultDeviceCookie
	}
	return c
}

// Validate reports a name that no cookie can have.
func (c DeviceCookie) Validate() error { return validateCookieName("device_cookie", c.Name) }

// validateCookieName reports a name that no cookie can have.
func validateCookieName(what, name string) error {
	switch {
	case name == "":
		return nil
	case len(name) > maxCookieName:
		return fmt.Errorf("%s: the name has %d bytes; write at most %d", what, len(name), maxCookieName)
	case strings.HasPrefix(name, "__"):
		return fmt.Errorf("%s: %q begins like a prefix of cookies; write the name alone, __Host- is put in front of it where there is TLS", what, name)
	case strings.ContainsFunc(name, isNoToken):
		return fmt.Errorf("%s: %q is no name of a cookie; write letters, digits, - and _", what, name)
	}
	return nil
}

// isNoToken reports whether a name of a cookie may not hold the rune (RFC 9110,
// section 5.6.2).
func isNoToken(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}
