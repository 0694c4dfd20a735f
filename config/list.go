package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// List is a list of addresses: where it comes from, how it is written, and when
// a new version of it is not believed.
type List struct {
	// Name is what policies, events and metrics call the list: lower-case
	// letters, digits, - and _, at most 32 bytes. The list of Tor exits is
	// called tor whatever stands here.
	Name string `json:"name,omitempty"`

	// Source is a file path or an http(s) URL. It is not written where From is.
	Source string `json:"source,omitempty"`

	// From is a module that supplies the list.
	From json.RawMessage `json:"from,omitempty" caddy:"namespace=doorward.lists inline_key=source"`

	// Refresh is how often a server is asked, give or take a tenth. Files are
	// looked at every five seconds, or as often as this if it is shorter.
	// Default 1h.
	Refresh Duration `json:"refresh,omitempty"`

	// Format is how the content is written: auto, text, csv, json or onionoo.
	// gzip around each is unpacked. Default auto: found by the content.
	Format ListFormat `json:"format,omitempty"`

	// Field is the column of CSV, by name or number from 1, or the key of JSON,
	// that holds the addresses. Default: found by usual names.
	Field string `json:"field,omitempty"`

	// Keep is how long an entry stays after its source last saw it: since it
	// left the list, or, where the list says when (exit-addresses, Onionoo),
	// since then. Default 48h for tor; others leave at once.
	Keep Duration `json:"keep,omitempty"`

	// MaxLoss is the largest share of its entries, in percent, that a list may
	// lose from one version to the next; one that loses more is refused. 100
	// takes everything but an empty list. Default 50.
	MaxLoss int `json:"max_loss,omitempty"`

	// AllowPrivate lets the URL, what its name resolves to, and what it
	// redirects to, be an address that is not public: this machine, a private
	// network, a link-local one. Default: refused.
	AllowPrivate bool `json:"allow_private,omitempty"`
}

// ListFormat is how the content of a list is written.
type ListFormat string

// The formats.
const (
	FormatAuto ListFormat = "auto"
	// FormatText is one address or range per line, or Tor's exit-addresses.
	FormatText ListFormat = "text"
	FormatCSV  ListFormat = "csv"
	FormatJSON ListFormat = "json"
	// FormatOnionoo is the JSON of Tor's directory service.
	FormatOnionoo ListFormat = "onionoo"
)

// ListFormats are all formats.
var ListFormats = []ListFormat{FormatAuto, FormatText, FormatCSV, FormatJSON, FormatOnionoo}

// Defaults of a List.
const (
	DefaultTorSource = "https://check.torproject.org/torbulkexitlist"
	DefaultRefresh   = Duration(time.Hour)
	// DefaultTorKeep: exits go away for maintenance and come back, and the
	// lists are made of scans that miss some.
	DefaultTorKeep = Duration(48 * time.Hour)
	DefaultMaxLoss = 50

	maxListName = 32
	// MaxLists is how many lists there may be, tor included.
	MaxLists = 64
)

// ListTor is the name of the Tor list in policies and events.
const ListTor = "tor"

// asTor fills in what the Tor list has by default; l may be nil.
func (l *List) asTor() List {
	tor := List{}
	if l != nil {
		tor = *l
	}
	tor.Name = ListTor
	if tor.Source == "" && len(tor.From) == 0 {
		tor.Source = DefaultTorSource
	}
	if tor.Keep == 0 {
		tor.Keep = DefaultTorKeep
	}
	return tor.WithDefaults()
}

// WithDefaults returns l with every unset field set.
func (l List) WithDefaults() List {
	if l.Refresh == 0 {
		l.Refresh = DefaultRefresh
	}
	if l.Format == "" {
		l.Format = FormatAuto
	}
	if l.MaxLoss == 0 {
		l.MaxLoss = DefaultMaxLoss
	}
	return l
}

// Lists are the names of the configured address lists, and of the kinds of
// networks that databases may tell. A list that is called like a kind adds its
// addresses to it.
func (a App) Lists() (names []string) {
	if !a.TorOff {
		names = append(names, ListTor)
	}
	for _, l := range a.AddressLists {
		names = append(names, l.Name)
	}
	if len(a.Geo) > 0 {
		for _, kind := range NetworkKinds {
			if !slices.Contains(names, kind) {
				names = append(names, kind)
			}
		}
	}
	return names
}

func (a App) validateLists() error {
	var errs []error
	if a.Tor != nil {
		if a.TorOff {
			errs = append(errs, errors.New("tor: switched off and configured at once; keep one"))
		}
		if err := a.Tor.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("tor: %w", err))
		}
	}
	if len(a.AddressLists) >= MaxLists {
		errs = append(errs, fmt.Errorf("%d lists; write at most %d beside tor", len(a.AddressLists), MaxLists-1))
	}
	seen := map[string]bool{ListTor: true}
	for _, l := range a.AddressLists {
		switch err := validateListName(l.Name); {
		case err != nil:
			errs = append(errs, err)
			continue
		case l.Name == ListTor:
			errs = append(errs, errors.New("list tor: the name belongs to the list of Tor exits; write `tor {` to change it"))
		case seen[l.Name]:
			errs = append(errs, fmt.Errorf("list %s: a second one of this name; keep one", l.Name))
		}
		seen[l.Name] = true
		if l.Source == "" && len(l.From) == 0 {
			errs = append(errs, fmt.Errorf("list %s: the source is missing; write a file path or an http(s) URL", l.Name))
		} else if err := l.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("list %s: %w", l.Name, err))
		}
	}
	return errors.Join(errs...)
}

var listNamePattern = regexp.MustCompile(fmt.Sprintf(`^[a-z0-9][a-z0-9_-]{0,%d}$`, maxListName-1))

// validateListName also refuses the words that stand beside a list in `on`.
func validateListName(name string) error {
	if !listNamePattern.MatchString(name) {
		return fmt.Errorf("list name %q: write lower-case letters, digits, - and _, at most %d of them", name, maxListName)
	}
	if slices.Contains(Detections, Detection(name)) || slices.Contains(Classes, Class(name)) ||
		slices.Contains(Answers, Answer(name)) || name == ObserveWord {
		return fmt.Errorf("list name %s is a word of the policy lines; choose another", name)
	}
	return nil
}

var schemePattern = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)

// IsURL reports whether the list comes from a server.
func (l List) IsURL() bool { return schemePattern.MatchString(l.Source) }

// Validate reports every problem but that of a missing source.
func (l List) Validate() error {
	var errs []error
	if l.Source != "" && len(l.From) > 0 {
		errs = append(errs, errors.New("a source and a module at once; keep one"))
	}
	if l.Refresh != 0 && l.Refresh < Duration(time.Second) {
		errs = append(errs, fmt.Errorf("refresh %s is too often; write at least 1s", l.Refresh))
	}
	if l.Format != "" && !slices.Contains(ListFormats, l.Format) {
		errs = append(errs, fmt.Errorf("format %q: write auto, text, csv, json or onionoo", l.Format))
	}
	if l.Keep < 0 || l.Keep > Longest {
		errs = append(errs, fmt.Errorf("keep %s: write a duration up to %s", l.Keep, Longest))
	}
	if l.MaxLoss < 0 || l.MaxLoss > 100 {
		errs = append(errs, fmt.Errorf("max_loss %d: write a share from 1%% to 100%%", l.MaxLoss))
	}
	if l.IsURL() {
		errs = append(errs, ValidateListURL(l.Source))
	} else if l.AllowPrivate && l.Source != "" {
		errs = append(errs, errors.New("allow_private is for URLs; leave it out"))
	}
	return errors.Join(errs...)
}

// ValidateListURL refuses what no list can be asked from.
func ValidateListURL(source string) error {
	u, err := url.Parse(source)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https"}, strings.ToLower(u.Scheme)) {
		return errors.New("the source is no http or https URL; write one, or a file path") // its text may hold a token
	}
	return nil
}

// All are the lists, that of Tor first if it is on. Call it on what
// [App.WithDefaults] returns.
func (a App) All() []List {
	if a.Tor == nil {
		return a.AddressLists
	}
	return append([]List{*a.Tor}, a.AddressLists...)
}
