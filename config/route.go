package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Route declares where attempts of one kind arrive and how the app answers
// them. A declared route is believed: no automatic doubt applies to it.
type Route struct {
	// Kind is what arrives here: login, signup, logout, mfa,
	// password_reset_request, password_reset or password_change.
	Kind Kind `json:"kind"`

	// Method is the HTTP method. Empty means POST, PUT and PATCH, and any
	// method for requests with Basic or Digest credentials, or with a token in
	// the Authorization header where Password is declared to be that.
	Method string `json:"method,omitempty"`

	// Path is the whole path, or its beginning when it ends in *. Letter case,
	// repeated slashes and one at the end make no difference. It is compared
	// with the path after rewrites. Empty means any path; then `match` should
	// narrow it down.
	Path string `json:"path,omitempty"`

	// When narrows the route down to requests that hold certain fields; all
	// must match. A field beyond what is read of a body does not: such a request
	// is left to the automatic mode, as every other that does not match.
	When []Match `json:"when,omitempty"`

	// Identifiers say where the user identifiers are. Empty: found
	// automatically by the names of the fields.
	Identifiers []Field `json:"identifiers,omitempty"`

	// Password says where the password is, or what stands in its place, such as
	// a token: that needs no identifier, and counts for the source alone. Empty:
	// found automatically, which no token is.
	//
	// In [PlaceBearer] a token is sent with every request. So the refusal of one
	// is a failed attempt, and its acceptance is none.
	Password *Field `json:"password,omitempty"`

	// Success are the answers that mean success: one Condition is enough, all
	// lines of it must hold.
	Success []Condition `json:"success,omitempty"`

	// Failure are the answers that mean failure. If a success and a failure
	// condition both hold, failure wins. An answer that matches neither is
	// unknown when both are declared; when only one is declared the other
	// outcomes are read automatically.
	Failure []Condition `json:"failure,omitempty"`

	// Unknown are the answers that tell nothing, such as the one of a signup
	// that is the same whether the account existed or not. Failure wins over
	// them, and they win over Success.
	Unknown []Condition `json:"unknown,omitempty"`
}

var (
	methodPattern  = regexp.MustCompile(`^[A-Z][A-Z-]{0,31}$`)
	escapePattern  = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	segmentPattern = regexp.MustCompile(`/:[A-Za-z]|[{}]`)
)

// defaultMethods are the methods of a route that names none.
var defaultMethods = []string{"POST", "PUT", "PATCH"}

// Validate reports every problem of the route.
func (r Route) Validate() error {
	var errs []error
	if _, err := ParseKind(string(r.Kind)); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, ValidateMethod(r.Method), ValidatePath(r.Path), validateMatches(r.When))
	seen := map[string]bool{}
	for _, f := range r.Identifiers {
		if seen[f.Name] && f.Name != "" {
			errs = append(errs, fmt.Errorf("identifier %s is declared twice; keep one, or give the second another name", f.Name))
		}
		seen[f.Name] = true
		errs = append(errs, f.ValidateIdentifier())
	}
	if r.Password != nil {
		errs = append(errs, r.Password.ValidatePassword())
	}
	errs = append(errs, validateConditions("success", r.Success), validateConditions("failure", r.Failure),
		validateConditions("unknown", r.Unknown), r.validateSides())
	return errors.Join(errs...)
}

// Hides reports whether every request that the path, method and lines `when` of
// o match is matched by those of r too, so that o behind r is never reached. A route
// without a path hides nothing: other things narrow it down.
func (r Route) Hides(o Route) bool {
	if r.Path == "" || o.Path == "" || !r.narrower(o) {
		return false
	}
	methods := r.Method == o.Method || (r.Method == "" && slices.Contains(defaultMethods, o.Method))
	prefix, open := strings.CutSuffix(r.Path, "*")
	if !open {
		return methods && r.Path == o.Path
	}
	return methods && strings.HasPrefix(strings.TrimSuffix(o.Path, "*"), prefix)
}

// ValidateMethod reports what is no HTTP method. Empty is allowed.
func ValidateMethod(method string) error {
	if method == "" || methodPattern.MatchString(method) {
		return nil
	}
	return fmt.Errorf("method %q is no HTTP method; write POST, PUT, … in capitals", method)
}

// ValidatePath reports a path that no request can match. Empty is allowed.
func ValidatePath(path string) error {
	switch {
	case path == "":
		return nil
	case strings.Contains(path, "://"):
		return fmt.Errorf("path %q can never match: it is a whole address; write the part behind the host, like /login", path)
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("path %q can never match; write it with a leading slash: /%s", path, path)
	case strings.ContainsAny(path, "?#"):
		return fmt.Errorf("path %q can never match: it holds a query or fragment; write %q", path, path[:strings.IndexAny(path, "?#")])
	case strings.Contains(strings.TrimSuffix(path, "*"), "*"):
		return fmt.Errorf("path %q can never match: write * at the end only, or use a matcher", path)
	case escapePattern.MatchString(path):
		return fmt.Errorf("path %q can never match: it is compared with the decoded path; write the characters themselves, in quotes if there is a space", path)
	case segmentPattern.MatchString(path):
		return fmt.Errorf("path %q can never match: {name} and :name are no patterns here; write the beginning and * at the end, or use a matcher", path)
	}
	return nil
}
