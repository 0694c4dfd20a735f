package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// The kinds of networks that databases tell, as they stand in `on` lines and
// events, beside address lists. A database may also name Tor exits: they count
// as on the list tor.
const (
	ListHosting = "hosting"
	ListVPN     = "vpn"
	ListProxy   = "proxy"
)

// NetworkKinds lists them.
var NetworkKinds = []string{ListHosting, ListVPN, ListProxy}

// maxGeo is how many databases may be given: each is asked for every attempt.
const maxGeo = 8

func validateGeo(paths []string) error {
	var errs []error
	if len(paths) > maxGeo {
		errs = append(errs, fmt.Errorf("geo: %d files; write at most %d", len(paths), maxGeo))
	}
	for i, path := range paths {
		switch {
		case path == "":
			errs = append(errs, errors.New("geo: the path is empty; write something like /var/lib/GeoIP/GeoLite2-City.mmdb"))
		case strings.Contains(path, "://"):
			errs = append(errs, fmt.Errorf("geo %s: databases are files; let the vendor's updater fetch them, and write the path", path))
		case slices.Contains(paths[:i], path):
			errs = append(errs, fmt.Errorf("geo %s is written twice; keep one", path))
		}
	}
	return errors.Join(errs...)
}

// Country decides by the country that an address is in: one `country` line. An
// address whose country is not known is let through, and so is everybody while
// no database of countries can be read.
type Country struct {
	// Class is the class it speaks about; all is every request. Default: login
	// and signup.
	Class Class `json:"class,omitempty"`
	// Allow tells that the codes are the countries that are let in, and that no
	// other is. Default: they are those that are not.
	Allow bool `json:"allow,omitempty"`
	// Codes are country codes of two capital letters (ISO 3166-1), or XK.
	Codes []string `json:"codes"`
	// Observe tells what would have been done and does not do it.
	Observe bool `json:"observe,omitempty"`
	// Answer is what those get who are not let in. Default: block.
	Answer Answer `json:"answer,omitempty"`
}

// Names says whether the code of a country stands in the line.
func (c *Country) Names(code [2]byte) bool { return slices.Contains(c.Codes, string(code[:])) }

// Denies reports whether the line speaks against a source in the country; the
// zero code is unknown.
func (c *Country) Denies(code [2]byte) bool {
	return code != [2]byte{} && c.Names(code) != c.Allow
}

// String writes the line as an operator does.
func (c Country) String() string {
	words := []string{"country"}
	if c.Class != "" {
		words = append(words, string(c.Class))
	}
	if c.Allow {
		words = append(words, "allow")
	} else {
		words = append(words, "deny")
	}
	words = append(words, c.Codes...)
	if c.Observe {
		words = append(words, ObserveWord)
	}
	if c.Answer != "" {
		words = append(words, string(c.Answer))
	}
	return strings.Join(words, " ")
}

// maxCodes is more than there are countries.
const maxCodes = 300

// Validate reports every problem of the line.
func (c Country) Validate() error {
	var errs []error
	if c.Class != "" {
		_, err := ParseClass(string(c.Class))
		errs = append(errs, err)
	}
	if c.Answer != "" {
		_, err := ParseAnswer(string(c.Answer))
		errs = append(errs, err)
	}
	if c.Answer == AnswerAllow {
		errs = append(errs, errors.New("allow is what everybody else gets; leave it out, or write block, challenge or tag"))
	}
	if c.Observe && (c.Answer == AnswerTag || c.Answer == AnswerTighten) {
		errs = append(errs, fmt.Errorf("%s refuses nobody, so there is nothing to observe; leave `observe` out, or write `observe limit`", c.Answer))
	}
	if c.Class == ClassAll && c.Answer.LetsThrough() && c.Answer != "" {
		errs = append(errs, fmt.Errorf("%s is for attempts, and all is every request; write a class, or block", c.Answer))
	}
	switch {
	case len(c.Codes) == 0:
		errs = append(errs, errors.New("the countries are missing; write codes of two letters, like DE AT CH"))
	case len(c.Codes) > maxCodes:
		errs = append(errs, fmt.Errorf("%d countries are more than there are", len(c.Codes)))
		return errors.Join(errs...)
	}
	for i, code := range c.Codes {
		if slices.Contains(c.Codes[:i], code) {
			errs = append(errs, fmt.Errorf("%s is written twice; keep one", code))
			continue
		}
		errs = append(errs, validateCountry(code))
	}
	return errors.Join(errs...)
}

// validateCountry refuses what no database says, so that a line that can never
// hold is found when it is loaded.
func validateCountry(code string) error {
	region, err := language.ParseRegion(code)
	switch {
	case err != nil || len(code) != 2:
		return fmt.Errorf("%q is no country; write its code of two letters, like DE", code)
	case code != strings.ToUpper(code):
		return fmt.Errorf("%q is not how databases write it; write %s", code, strings.ToUpper(code))
	case !region.IsCountry():
		return fmt.Errorf("%s is no country; write the codes of its countries", code)
	case region.Canonicalize().String() != code:
		return fmt.Errorf("databases do not know %s; write %s", code, region.Canonicalize())
	}
	return nil
}

// validateCountries reports the problems of all lines of a site.
func validateCountries(lines []Country) error {
	var errs []error
	for i, c := range lines {
		if err := c.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c, err))
		}
		if slices.ContainsFunc(lines[:i], func(o Country) bool { return o.Class == c.Class }) {
			errs = append(errs, fmt.Errorf("%s: a second line for the same attempts; put all countries into one", c))
		}
	}
	return errors.Join(errs...)
}
