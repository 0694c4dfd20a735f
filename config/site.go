package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Site is what an operator says in one site block.
type Site struct {
	// Name is whose evidence this is. Handlers with the same name share
	// evidence, sanctions and learned routes; different names never judge each
	// other. Default: the host set of the site block.
	Name string `json:"site,omitempty"`

	// Mode is enforce, observe or off. Default: enforce, gently on routes that
	// were found automatically until they have graduated; see [Mode].
	Mode Mode `json:"mode,omitempty"`

	// Automatic recognises attempts on undeclared routes. Default: true.
	Automatic *bool `json:"automatic,omitempty"`

	// Routes are the declared routes, in order; the first that matches counts.
	Routes []Route `json:"routes,omitempty"`

	// Presets are sets of routes for known apps. They stand behind Routes.
	Presets []Preset `json:"presets,omitempty"`

	// Limits are plain attempt limits whatever the outcome. Default: none.
	Limits []Limit `json:"limits,omitempty"`

	// Policies choose the answer per detection or address list and class.
	// Default: detections limit; Tor is challenged on login and signup; lists
	// tighten, Tor too.
	Policies []Policy `json:"policies,omitempty"`

	// Countries decide by the country of an address, one line per class.
	// Default: none. They need a database, see [App.Geo].
	Countries []Country `json:"countries,omitempty"`

	// Thresholds say how many failures are let through.
	Thresholds Thresholds `json:"thresholds,omitzero"`

	// Allow are paths on which nobody is refused. Default: none.
	Allow []AllowPath `json:"allow,omitempty"`

	// Critical says which sources no rule shuts out.
	Critical Critical `json:"critical,omitzero"`

	// Delay says how long attempts are held that are answered with delay.
	Delay Delay `json:"delay,omitzero"`

	// ChallengeOff answers limit wherever challenge is written or is the
	// default, as for an API whose clients cannot solve one. Sources on the list
	// tor, which are challenged only by default, are then tagged. Default: false.
	ChallengeOff bool `json:"challenge_off,omitempty"`

	// Challenge says how a challenge is asked.
	Challenge Challenge `json:"challenge,omitzero"`

	// Refusal is page (default: the handler writes the answer itself) or error
	// (it returns an error for handle_errors).
	Refusal Refusal `json:"refusal,omitempty"`

	// Contact is a line for people who are refused: a mail or web address of
	// the operator, shown as text. Default: none.
	Contact string `json:"contact,omitempty"`

	// DeviceCookie is the cookie by which a browser is known again after it has
	// logged in. Default: on, see [DeviceCookie].
	DeviceCookie DeviceCookie `json:"device_cookie,omitzero"`

	// BodyLimit is how much of a request body is looked at. Default: 64 KiB.
	// Longer bodies pass through whole, inspected up to here.
	BodyLimit Size `json:"body_limit,omitempty"`

	// ResponseLimit is how much of the answer to an attempt is looked at.
	// Default: 64 KiB.
	ResponseLimit Size `json:"response_limit,omitempty"`

	// PlaintextIdentities shows identities that have logged in before as they
	// are instead of masked, in logs and events. Default: false.
	PlaintextIdentities bool `json:"plaintext_identities,omitempty"`

	// FoldStrict counts addresses that differ by +tag or by dots in the local
	// part as different accounts. Default: false, they share one budget.
	FoldStrict bool `json:"fold_strict,omitempty"`
}

// Refusal says who writes the answer to a refused request.
type Refusal string

// The refusals.
const (
	RefusalPage  Refusal = "page"
	RefusalError Refusal = "error"
)

// Default sizes of what is looked at.
const (
	DefaultBodyLimit     Size = 64 << 10
	DefaultResponseLimit Size = 64 << 10
	maxInspected         Size = 1 << 20
)

// WithDefaults returns s with every unset field set.
func (s Site) WithDefaults() Site {
	if s.Automatic == nil {
		automatic := true
		s.Automatic = &automatic
	}
	if s.BodyLimit == 0 {
		s.BodyLimit = DefaultBodyLimit
	}
	if s.ResponseLimit == 0 {
		s.ResponseLimit = DefaultResponseLimit
	}
	if s.Refusal == "" {
		s.Refusal = RefusalPage
	}
	s.DeviceCookie = s.DeviceCookie.WithDefaults()
	s.Challenge = s.Challenge.WithDefaults()
	s.Thresholds = s.Thresholds.WithDefaults()
	s.Delay = s.Delay.WithDefaults()
	return s
}

// Validate reports every problem of the site. lists are the names of the
// configured address lists, which `on` lines may name besides detections.
func (s Site) Validate(lists []string) error {
	var errs []error
	if s.Mode != ModeGraduated {
		if _, err := ParseMode(string(s.Mode)); err != nil {
			errs = append(errs, err)
		}
	}
	for i, r := range s.Routes {
		if err := r.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("routes[%d] (%s %s): %w", i, r.Kind, r.Path, err))
		}
	}
	errs = append(errs, s.validatePresets())
	for i, l := range s.Limits {
		if err := l.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("limits[%d]: %w", i, err))
		}
		if slices.ContainsFunc(s.Limits[:i], l.sameCounter) {
			errs = append(errs, fmt.Errorf("limits[%d]: a second line that counts the same (%s): the smaller number alone decides; keep one", i, l))
		}
	}
	for i, p := range s.Policies {
		if err := p.Validate(lists); err != nil {
			errs = append(errs, fmt.Errorf("policies[%d] (on %s): %w", i, p.On, err))
		}
		if slices.ContainsFunc(s.Policies[:i], func(q Policy) bool { return q.On == p.On && q.Class == p.Class }) {
			errs = append(errs, fmt.Errorf("policies[%d]: a second line for `%s`; keep one", i, strings.TrimSpace(fmt.Sprintf("on %s %s", p.On, p.Class))))
		}
	}
	switch s.Refusal {
	case "", RefusalPage, RefusalError:
	default:
		errs = append(errs, fmt.Errorf("unknown refusal %q; write page or error", s.Refusal))
	}
	errs = append(errs,
		validateInspected("body_limit", s.BodyLimit), validateInspected("response_limit", s.ResponseLimit),
		validateLine("contact", s.Contact), validateLine("site", s.Name))
	errs = append(errs, s.Challenge.Validate(), s.validateCookies(), s.DeviceCookie.Validate(), s.Thresholds.Validate(), s.Delay.Validate(),
		s.Critical.Validate(), validateAllowPaths(s.Allow), validateCountries(s.Countries))
	return errors.Join(errs...)
}

// validateCookies reports two cookies of one name.
func (s Site) validateCookies() error {
	if device, clearance := s.DeviceCookie.WithDefaults().Name, s.Challenge.WithDefaults().Cookie; device == clearance {
		return fmt.Errorf("device_cookie and challenge cookie are both called %s; give one another name", device)
	}
	return nil
}

func (s Site) validatePresets() error {
	var errs []error
	for i, p := range s.Presets {
		if err := p.Validate(); err != nil {
			errs = append(errs, err)
		}
		if slices.Contains(s.Presets[:i], p) {
			errs = append(errs, fmt.Errorf("preset %s is written twice; keep one", p.Name))
		}
	}
	return errors.Join(errs...)
}

// maxLine is how long a text shown on the refusal page or in events may be.
const maxLine = 200

func validateInspected(name string, s Size) error {
	if s < 0 || s > maxInspected {
		return fmt.Errorf("%s of %d bytes: this much memory is held per attempt in flight; write at most 1MiB", name, s)
	}
	return nil
}

func validateLine(name, text string) error {
	if len(text) > maxLine {
		return fmt.Errorf("%s is %d bytes long; write at most %d", name, len(text), maxLine)
	}
	if strings.ContainsFunc(text, unicode.IsControl) || !utf8.ValidString(text) {
		return fmt.Errorf("%s holds a control character; write one line of text", name)
	}
	return nil
}
