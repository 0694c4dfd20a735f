package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Place says in which part of the request a Field is.
type Place string

// The places. A form field is also found in multipart bodies and, as
// passport-local does, in the query string. Bearer is the token of an
// Authorization header (RFC 6750), whatever the app calls its scheme: Bearer,
// Token, or nothing at all. It holds a secret, so only a password can be there.
const (
	PlaceForm   Place = "form"
	PlaceJSON   Place = "json"
	PlaceQuery  Place = "query"
	PlaceHeader Place = "header"
	PlaceBasic  Place = "basic"
	PlaceDigest Place = "digest"
	PlaceBearer Place = "bearer"
	PlaceHost   Place = "host"
	PlacePath   Place = "path"
	PlaceValue  Place = "value"
)

// Places lists the places an operator may write.
var Places = []Place{
	PlaceForm, PlaceJSON, PlaceQuery, PlaceHeader, PlaceBasic,
	PlaceDigest, PlaceBearer, PlaceHost, PlacePath, PlaceValue,
}

// Field is one identifier, or the password.
type Field struct {
	// Name is the identifier's name: email, username, platform_id … Empty for
	// the password.
	Name string `json:"name,omitempty"`
	// From is the part of the request to read.
	From Place `json:"from"`
	// Key is the name in that part: a form field as sent (user[email]), a
	// dotted JSON path (user.email, items.0.name), a query or header name, the
	// number of a path segment counted from 1, or the fixed value. basic,
	// digest, bearer and host need none.
	Key string `json:"key,omitempty"`
}

// maxSegment is the last path segment a Field may name.
const maxSegment = 64

// headerPattern is a field name of RFC 9110 §5.1; cookie names follow the same
// rule (RFC 6265 §4.1.1).
var headerPattern = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// ValidateIdentifier reports what is wrong with f as an identifier.
func (f Field) ValidateIdentifier() error {
	if f.Name == "" {
		return fmt.Errorf("identifier without a name; write something like `identifier email form user[email]`")
	}
	if f.From == PlaceBearer {
		return fmt.Errorf("identifier %s: bearer is a secret and names nobody; write `password bearer`, and no identifier if the token stands alone", f.Name)
	}
	if err := f.validatePlace(); err != nil {
		return fmt.Errorf("identifier %s: %w", f.Name, err)
	}
	return nil
}

// ValidatePassword reports what is wrong with f as the place of the password.
func (f Field) ValidatePassword() error {
	switch {
	case f.Name != "":
		return fmt.Errorf("password: it has no name of its own, but %q is given; leave it out", f.Name)
	case f.From == PlaceValue, f.From == PlaceHost:
		return fmt.Errorf("password: %s is the same in every request and proves nothing; write where the client sends the password, like `password form pwd`", f.From)
	}
	if err := f.validatePlace(); err != nil {
		return fmt.Errorf("password: %w", err)
	}
	return nil
}

func (f Field) validatePlace() error {
	switch f.From {
	case PlaceBasic, PlaceDigest, PlaceBearer, PlaceHost:
		if f.Key != "" {
			return fmt.Errorf("%s takes no field name, but %q is given; leave it out", f.From, f.Key)
		}
	case PlacePath:
		if n, err := strconv.Atoi(f.Key); err != nil || n < 1 || n > maxSegment {
			return fmt.Errorf("path takes the number of a segment from 1 to %d, not %q; write `path 2` for the bob of /users/bob", maxSegment, f.Key)
		}
	case PlaceForm, PlaceJSON, PlaceQuery, PlaceHeader, PlaceValue:
		return f.validateKey()
	default:
		_, err := parseWord("place", string(f.From), Places)
		return err
	}
	return nil
}

func (f Field) validateKey() error {
	switch {
	case f.Key == "" && f.From == PlaceValue:
		return fmt.Errorf("value needs the value itself; write something like `value shop-1`")
	case f.Key == "":
		return fmt.Errorf("%s needs the name of the field; write something like `%s email`", f.From, f.From)
	case f.From == PlaceHeader && !headerPattern.MatchString(f.Key):
		return fmt.Errorf("header %q can never match: it is no header name; write it without colon and spaces, like X-User", f.Key)
	case f.From == PlaceJSON:
		return validateJSONPath(f.Key)
	}
	return nil
}

var indexPattern = regexp.MustCompile(`\[(\d+)\]`)

// validateJSONPath refuses the notations of JSONPath and JSON Pointer, which
// would silently be read as the name of a field.
func validateJSONPath(path string) error {
	dotted := path
	if strings.HasPrefix(path, "/") {
		dotted = strings.ReplaceAll(path, "/", ".")
	}
	if strings.HasPrefix(path, "$.") || strings.HasPrefix(path, "$[") {
		dotted = path[1:]
	}
	dotted = indexPattern.ReplaceAllString(dotted, ".$1")
	names := strings.FieldsFunc(dotted, func(r rune) bool { return r == '.' })
	dotted = strings.Join(names, ".")
	if path == dotted {
		return nil
	}
	if dotted == "" {
		dotted = "user.email"
	}
	return fmt.Errorf("json path %q can never match; write the names with dots between them, like %s", path, dotted)
}
