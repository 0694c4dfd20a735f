package config

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// App is what an operator says once per process.
type App struct {
	// Secret is what all keys are derived from: 32 bytes or more, written as
	// {env.NAME} or {file.PATH}. Default: a random file in the state directory,
	// created with mode 0600.
	Secret Secret `json:"secret,omitempty"`

	// PreviousSecret is the one before Secret: device cookies that were made with
	// it are taken until they end. Default: none.
	PreviousSecret Secret `json:"previous_secret,omitempty"`

	// StateDir is where keys, state and lists are kept. Default: the folder doorward
	// in Caddy's data directory.
	StateDir string `json:"state_dir,omitempty"`

	// Store is where state lives beyond the process. Default: an embedded database
	// in the state directory.
	Store *Store `json:"store,omitempty"`

	// MaxTracked is how many sources, accounts and pairs each are remembered.
	// Beyond it the least suspicious are forgotten. Default 200000.
	MaxTracked int `json:"max_tracked,omitempty"`

	// Queue is how many events may wait for the sinks. Default 8192; a quarter
	// of it is reserved for successes, detections, sanctions and operator
	// actions.
	Queue int `json:"queue,omitempty"`

	// Held is how many requests of the process are held at once by the answer
	// delay; each site has a bound of its own, see [Delay.Held]. Default 512.
	Held int `json:"held,omitempty"`

	// Tor is the list of Tor exits. Default: on, the Tor Project's bulk exit
	// list, refreshed hourly.
	Tor *List `json:"tor,omitempty"`

	// TorOff switches the Tor list off.
	TorOff bool `json:"tor_off,omitempty"`

	// AddressLists are further lists: VPNs, data centers, proxies. Default: none.
	AddressLists []List `json:"lists,omitempty"`

	// Geo are databases of countries and networks (.mmdb), asked in order.
	// Default: none, and nothing is known of either.
	Geo []string `json:"geo,omitempty"`

	// Allow are sources no detection refuses; their attempts are recorded.
	Allow []Allow `json:"allow,omitempty"`

	// File writes events as JSON lines. Default: off.
	File *FileSink `json:"file,omitempty"`
}

// Allow is one entry of the allow list.
type Allow struct {
	// Range is an address or a CIDR range.
	Range string `json:"range"`
	// Reason is shown wherever the entry is.
	Reason string `json:"reason,omitempty"`
	// Until ends the entry. Zero: never.
	Until time.Time `json:"until,omitzero"`
}

// FileSink is a file of JSON lines with rotation.
type FileSink struct {
	// Path is the file. Its folder is made when missing.
	Path string `json:"path"`
	// RollSize is when a new file is begun. Default 100MiB.
	RollSize Size `json:"roll_size,omitempty"`
	// Keep is how many old files are kept. Default 5.
	Keep int `json:"keep,omitempty"`
}

// Defaults of App.
const (
	DefaultMaxTracked = 200_000
	DefaultQueue      = 8192

	minTracked = 1024
	maxTracked = 20_000_000

	minQueue = 64
	maxQueue = 1 << 20

	minRollSize Size = 1 << 20 // a smaller file would be rotated all the time
	maxKeep          = 1000
)

// WithDefaults returns a with every unset field set.
func (a App) WithDefaults() App {
	if a.MaxTracked == 0 {
		a.MaxTracked = DefaultMaxTracked
	}
	if a.Queue == 0 {
		a.Queue = DefaultQueue
	}
	if a.Held == 0 {
		a.Held = DefaultHeld
	}
	kept := Store{}
	if a.Store != nil {
		kept = *a.Store
	}
	if kept.Kind == "" {
		kept.Kind = StoreEmbedded
	}
	a.Store = &kept
	if a.TorOff {
		a.Tor = nil
	} else {
		tor := a.Tor.asTor()
		a.Tor = &tor
	}
	lists := make([]List, len(a.AddressLists))
	for i, l := range a.AddressLists {
		lists[i] = l.WithDefaults()
	}
	a.AddressLists = lists
	if a.File != nil {
		f := *a.File
		if f.RollSize == 0 {
			f.RollSize = 100 << 20
		}
		if f.Keep == 0 {
			f.Keep = 5
		}
		a.File = &f
	}
	return a
}

// Validate reports every problem. It reads no file and asks no server.
func (a App) Validate() error {
	var errs []error
	if err := a.Secret.validate(); err != nil {
		errs = append(errs, fmt.Errorf("secret: %w", err))
	}
	if err := a.PreviousSecret.validate(); err != nil {
		errs = append(errs, fmt.Errorf("previous_secret: %w", err))
	}
	if a.MaxTracked != 0 && (a.MaxTracked < minTracked || a.MaxTracked > maxTracked) {
		errs = append(errs, fmt.Errorf("max_tracked %d: write a number from %d to %d", a.MaxTracked, minTracked, maxTracked))
	}
	if a.Queue != 0 && (a.Queue < minQueue || a.Queue > maxQueue) {
		errs = append(errs, fmt.Errorf("queue %d: write a number from %d to %d", a.Queue, minQueue, maxQueue))
	}
	errs = append(errs, a.Store.validate(), validateHeld("held", a.Held), a.validateLists(), validateGeo(a.Geo), validateAllow(a.Allow))
	if a.File != nil {
		if err := a.File.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("file: %w", err))
		}
	}
	return errors.Join(errs...)
}

func validateAllow(entries []Allow) error {
	var errs []error
	seen := map[netip.Prefix]bool{}
	for _, entry := range entries {
		p, err := entry.Prefix()
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("allow: %w", err))
		case p.Bits() == 0:
			errs = append(errs, fmt.Errorf("allow %s exempts everybody; write `mode observe` in the site to refuse nobody, or a narrower range", entry.Range))
		case seen[p]:
			errs = append(errs, fmt.Errorf("allow %s: a second entry for the same range; keep one", entry.Range))
		default:
			seen[p] = true
		}
	}
	return errors.Join(errs...)
}

// Validate reports every problem of the sink.
func (f FileSink) Validate() error {
	var errs []error
	if f.Path == "" {
		errs = append(errs, errors.New("the path is missing; write something like /var/log/doorward/events.jsonl"))
	}
	if f.RollSize != 0 && f.RollSize < minRollSize {
		errs = append(errs, fmt.Errorf("roll_size of %d bytes is too small; write at least 1MiB", f.RollSize))
	}
	if f.Keep < 0 || f.Keep > maxKeep {
		errs = append(errs, fmt.Errorf("keep %d: write a number of files from 1 to %d", f.Keep, maxKeep))
	}
	return errors.Join(errs...)
}

// Prefix returns the range as a prefix; a single address is a full-length one.
func (e Allow) Prefix() (netip.Prefix, error) { return ParsePrefix(e.Range) }

// ParsePrefix reads an address or a CIDR range. IPv4-mapped IPv6 becomes IPv4.
func ParsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		addr = addr.Unmap().WithZone("")
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no address or range; write something like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32", s)
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}
