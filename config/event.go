package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// Event declares something of the app's own that is worth an entry in the log:
// a changed mail address, an export, a page that few people open. It is
// recorded whatever else the request is; it counts for no detection and refuses
// nobody.
type Event struct {
	// Name is the verb of the event: email-update, two-factor-disable … Small
	// letters and digits, with -, _ or . between them, at most 64 bytes.
	Name string `json:"name"`

	// Method, Path and When say where it happens, as for a [Route].
	Method string  `json:"method,omitempty"`
	Path   string  `json:"path,omitempty"`
	When   []Match `json:"when,omitempty"`

	// Identifiers say who does it, if the request says so. They are shown as
	// those of attempts are: masked, and with a pseudonym.
	Identifiers []Field `json:"identifiers,omitempty"`

	// Properties are recorded with their names, as they were sent. The first
	// [MaxProperties] that have a value are kept and the others counted.
	Properties []Field `json:"properties,omitempty"`

	// Success and Failure say how it ended. Without them an answer below 400 is
	// success, below 500 failure, and everything else unknown.
	Success []Condition `json:"success,omitempty"`
	Failure []Condition `json:"failure,omitempty"`
	// Unknown are answers that tell nothing, as in [Route].
	Unknown []Condition `json:"unknown,omitempty"`
}

// MaxProperties is how many properties an event bears (SQ-07 of the systems this
// one follows), maxDeclaredProperties how many may be declared.
const (
	MaxProperties         = 16
	maxDeclaredProperties = 64
)

var eventPattern = regexp.MustCompile(`^[a-z0-9]+([-_.][a-z0-9]+)*$`)

// attemptVerbs are names under which other systems know attempts and their
// outcomes. Whoever declares the route of the kind gets their events.
var attemptVerbs = map[string]Kind{
	"log-in": KindLogin, "log-in-denied": KindLogin, "log-in-challenge": KindLogin,
	"log-out":                       KindLogout,
	"authentication-challenge-pass": KindMFA, "authentication-challenge-fail": KindMFA,
	"password-reset-fail": KindReset,
	"password-update":     KindPasswordChange,
}

// Place returns where the event happens, and its conditions, as a route.
func (e Event) Place() Route {
	return Route{
		Kind: KindNone, Method: e.Method, Path: e.Path, When: e.When,
		Identifiers: e.Identifiers, Success: e.Success, Failure: e.Failure, Unknown: e.Unknown,
	}
}

// Validate reports every problem of the event.
func (e Event) Validate() error {
	route := e.Place()
	route.Kind = KindLogin // the kind is not judged here
	errs := []error{e.validateName(), route.Validate()}
	if len(e.Properties) > maxDeclaredProperties {
		errs = append(errs, fmt.Errorf("%d properties; write at most %d", len(e.Properties), maxDeclaredProperties))
	}
	for i, f := range e.Properties {
		errs = append(errs, f.ValidateProperty())
		if slices.ContainsFunc(e.Properties[:i], func(g Field) bool { return g.Name == f.Name }) {
			errs = append(errs, fmt.Errorf("property %s is declared twice; keep one, or give the second another name", f.Name))
		}
	}
	return errors.Join(errs...)
}

func (e Event) validateName() error {
	if kind, ok := attemptVerbs[e.Name]; ok {
		return fmt.Errorf("%s is what an attempt is called that Doorward reads the outcome of; write the route where it arrives, of the kind %s", e.Name, kind)
	}
	if slices.Contains(Kinds, Kind(e.Name)) {
		return fmt.Errorf("%s is a kind of attempts; write a route", e.Name)
	}
	if len(e.Name) > 64 || !eventPattern.MatchString(e.Name) {
		return fmt.Errorf("event name %q; write small letters and digits with - between words, at most 64, like email-update", e.Name)
	}
	return nil
}

// ValidateProperty reports what is wrong with f as a property. Basic and Digest
// hold a user: that is an identifier.
func (f Field) ValidateProperty() error {
	switch {
	case f.Name == "" || len(f.Name) > 64:
		return fmt.Errorf("property %q; write a name of at most 64 bytes, like `property plan form plan`", f.Name)
	case f.From == PlaceBasic, f.From == PlaceDigest:
		return fmt.Errorf("property %s: %s names a user; write `identifier username %s`", f.Name, f.From, f.From)
	case f.From == PlaceBearer:
		return fmt.Errorf("property %s: a token is a secret and is never recorded; leave it out", f.Name)
	}
	if err := f.validatePlace(); err != nil {
		return fmt.Errorf("property %s: %w", f.Name, err)
	}
	return nil
}
