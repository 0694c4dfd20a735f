package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// AllowPath is a path of a site on which nobody is refused, whatever is
// detected and whoever is blocked: a health check. What happens there is still
// recorded, with what would have been done.
type AllowPath struct {
	// Path is the whole path, or, ending in /*, everything below it: /health is
	// neither /healthx nor /health/x, and /status/* is not /statusx.
	Path string `json:"path"`
	// Reason is shown wherever the entry is.
	Reason string `json:"reason,omitempty"`
	// Until ends the entry. Zero: never.
	Until time.Time `json:"until,omitzero"`
}

// maxAllowPaths bounds the entries of a site: each is compared with each request.
const maxAllowPaths = 64

func validateAllowPaths(entries []AllowPath) error {
	var errs []error
	if len(entries) > maxAllowPaths {
		errs = append(errs, fmt.Errorf("%d paths are allowed; write at most %d; /* at the end takes many together", len(entries), maxAllowPaths))
	}
	seen := map[string]bool{}
	for _, e := range entries {
		switch err := ValidateAllowPath(e.Path); {
		case err != nil:
			errs = append(errs, fmt.Errorf("allow: %w", err))
		case seen[e.Path]:
			errs = append(errs, fmt.Errorf("allow %s: a second entry for the same path; keep one", e.Path))
		}
		seen[e.Path] = true
		errs = append(errs, validateLine("allow "+e.Path, e.Reason))
	}
	return errors.Join(errs...)
}

// ValidateAllowPath refuses a path that allows more than it seems to: a * ends a
// segment, so that /health* does not take /health-admin with it.
func ValidateAllowPath(path string) error {
	if err := ValidatePath(path); err != nil {
		return err
	}
	switch {
	case path == "":
		return errors.New("the path is missing; write something like /health")
	case path == "/*" || path == "*":
		return fmt.Errorf("%s exempts every request; write `mode observe` to refuse nobody, or a narrower path", path)
	case strings.HasSuffix(path, "*") && !strings.HasSuffix(path, "/*"):
		beginning := strings.TrimSuffix(path, "*")
		return fmt.Errorf("%s also exempts %sx; write %s and %s/*", path, beginning, beginning, beginning)
	}
	return nil
}

// Critical says which sources no rule shuts out, because nobody but the site's
// own people or machines is behind them, or everybody at once. They are: private
// ranges (RFC 1918, RFC 4193, link-local), the addresses of the site's own
// upstreams as far as they are written as addresses, proxies that Caddy trusts
// where no client stands behind them, a connection without an address (a unix
// socket), and Ranges. What a rule would have done to them is told. This
// machine's own addresses, 127.0.0.1 and ::1, are limited while their failures
// are above a threshold and never sanctioned, blocked or dropped. What is counted
// by account, or by account and source, holds for all of them; so do entries by
// `caddy doorward block`.
type Critical struct {
	// Off makes no source critical. Default: false.
	Off bool `json:"off,omitempty"`
	// Ranges are further addresses and CIDR ranges: those of a CDN. Default: none.
	Ranges []string `json:"ranges,omitempty"`
}

// maxCriticalRanges is how many ranges may be written. The largest CDNs publish
// some hundreds.
const maxCriticalRanges = 1024

// Prefixes returns the ranges.
func (c Critical) Prefixes() ([]netip.Prefix, error) {
	list := make([]netip.Prefix, 0, len(c.Ranges))
	for _, text := range c.Ranges {
		p, err := ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// Validate reports every problem.
func (c Critical) Validate() error {
	if c.Off && len(c.Ranges) > 0 {
		return errors.New("critical: switched off and given ranges at once; keep one")
	}
	if len(c.Ranges) > maxCriticalRanges {
		return fmt.Errorf("critical: %d ranges; write at most %d", len(c.Ranges), maxCriticalRanges)
	}
	prefixes, err := c.Prefixes()
	if err != nil {
		return fmt.Errorf("critical: %w", err)
	}
	for _, p := range prefixes {
		if p.Bits() == 0 {
			return fmt.Errorf("critical %s is everybody; write `mode observe` to refuse nobody, or a narrower range", p)
		}
	}
	return nil
}
