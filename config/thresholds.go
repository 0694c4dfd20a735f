package config

import (
	"errors"
	"fmt"
	"time"
)

// Thresholds say how many attempts are let through; the next one is refused.
// A zero field is its default. Failures are distinct guesses: the same wrong
// password again for the same account counts once.
type Thresholds struct {
	// Source is failures per IPv4 address or IPv6 /64. Default 10/10m, the
	// value of the AWS WAF rule VolumetricIpFailedLoginResponse. It rises by one
	// for each account that has logged in from there in the last week, up to
	// five times: an office types more wrong than a home.
	Source Rate `json:"source,omitzero"`

	// SourceSlow is the same over a day. Default 100/24h, as Auth0 counts.
	SourceSlow Rate `json:"source_slow,omitzero"`

	// Cadence is failures per source within seconds, faster than people type.
	// Default 10/20s, or as many as a higher Source; it does not rise with the accounts that log in from there,
	// and so finds the program in an office. Keycloak makes who tries twice within
	// a second wait for a minute, Auth0 stops at twenty a minute.
	Cadence Rate `json:"cadence,omitzero"`

	// Pair is distinct guesses at one account from one source. Default 10/24h,
	// as Auth0's brute-force protection.
	Pair Rate `json:"pair,omitzero"`

	// Account is distinct guesses at one account from sources that never
	// logged in to it, when at least three sources took part. Default 10/1h,
	// a tenth of the 100 an hour that OWASP ASVS 2.2.1 allows.
	Account Rate `json:"account,omitzero"`

	// Contacts is for how many different accounts a source may fail at first
	// contact, as long as none logs in between; a login of an account that is
	// older than a week takes half a one back. It fades with a half-life of six hours,
	// the window is for the reader. Default 4/24h: threshold random walk, Jung
	// et al. 2004. Networks are judged by 1.6 times as many, providers of servers by
	// 3 times as many.
	Contacts Rate `json:"contacts,omitzero"`

	// Spray is for how many names one wrong password may be tried before it is
	// refused to strangers. Default 20/24h, as StopGuessing calls a password
	// frequent.
	Spray Rate `json:"spray,omitzero"`

	// Resets is requests for a password reset per source. Default 10/15m, as
	// Authelia. Sources from which people log in have five times as many.
	Resets Rate `json:"resets,omitzero"`

	// AccountResets is requests for a reset of one account by sources that
	// never logged in to it. Default 5/1h.
	AccountResets Rate `json:"account_resets,omitzero"`

	// Codes is codes of a second factor for one account from one source.
	// Default 10/10m; Authelia allows 50.
	Codes Rate `json:"codes,omitzero"`

	// Missing is logins without a password or user name per source. Default 3/10m,
	// the value of the AWS WAF signal for missing credentials. Only such requests
	// are refused, so nobody who knows a password is.
	Missing Rate `json:"missing,omitzero"`

	// Device is distinct guesses at one account from a client or an address that
	// logged in to it before. Default 10/1h, the example of OWASP's device
	// cookies.
	Device Rate `json:"device,omitzero"`

	// Signups is accounts created per source. Default 50/24h: a class at
	// school signs up within minutes. A flood from several sources is found
	// otherwise. AWS ACFP blocks at 10/10m.
	Signups Rate `json:"signups,omitzero"`

	// Ban is the length of the first sanction; each further one doubles.
	// Default 10m, as fail2ban.
	Ban Duration `json:"ban,omitempty"`

	// BanCap is the longest sanction of the ladder. Default 24h. Sources that
	// more than ten accounts have logged in from are never sanctioned for more
	// than an hour by a detection.
	BanCap Duration `json:"ban_cap,omitempty"`
}

// DefaultThresholds are the thresholds of `doorward` alone.
var DefaultThresholds = Thresholds{
	Source:        Rate{10, Duration(10 * time.Minute)},
	SourceSlow:    Rate{100, Duration(24 * time.Hour)},
	Cadence:       Rate{10, Duration(20 * time.Second)},
	Pair:          Rate{10, Duration(24 * time.Hour)},
	Account:       Rate{10, Duration(time.Hour)},
	Device:        Rate{10, Duration(time.Hour)},
	Contacts:      Rate{4, Duration(24 * time.Hour)},
	Spray:         Rate{20, Duration(24 * time.Hour)},
	Resets:        Rate{10, Duration(15 * time.Minute)},
	AccountResets: Rate{5, Duration(time.Hour)},
	Codes:         Rate{10, Duration(10 * time.Minute)},
	Missing:       Rate{3, Duration(10 * time.Minute)},
	Signups:       Rate{50, Duration(24 * time.Hour)},
	Ban:           Duration(10 * time.Minute),
	BanCap:        Duration(24 * time.Hour),
}

// ThresholdNames lists the names an operator may write, in order.
var ThresholdNames = []string{"source", "source_slow", "cadence", "pair", "account", "device", "contacts", "spray", "resets", "account_resets", "codes", "missing", "signups"}

// Rate returns the field called name, or nil.
func (t *Thresholds) Rate(name string) *Rate {
	switch name {
	case "source":
		return &t.Source
	case "source_slow":
		return &t.SourceSlow
	case "cadence":
		return &t.Cadence
	case "pair":
		return &t.Pair
	case "account":
		return &t.Account
	case "contacts":
		return &t.Contacts
	case "spray":
		return &t.Spray
	case "resets":
		return &t.Resets
	case "account_resets":
		return &t.AccountResets
	case "codes":
		return &t.Codes
	case "missing":
		return &t.Missing
	case "device":
		return &t.Device
	case "signups":
		return &t.Signups
	}
	return nil
}

// WithDefaults returns t with every unset field set.
func (t Thresholds) WithDefaults() Thresholds {
	defaults := DefaultThresholds
	// Who is patient with sources is not to be surprised by a second count.
	defaults.Cadence.N = max(defaults.Cadence.N, t.Source.N)
	for _, name := range ThresholdNames {
		if t.Rate(name).IsZero() {
			*t.Rate(name) = *defaults.Rate(name)
		}
	}
	if t.Ban == 0 {
		t.Ban = defaults.Ban
	}
	if t.BanCap == 0 {
		t.BanCap = max(defaults.BanCap, t.Ban)
	}
	return t
}

// Validate reports every impossible threshold.
func (t Thresholds) Validate() error {
	var errs []error
	for _, name := range ThresholdNames {
		r := *t.Rate(name)
		if r.IsZero() {
			continue
		}
		if err := r.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("threshold %s: %w", name, err))
		}
		if r.N > 1000 {
			errs = append(errs, fmt.Errorf("threshold %s: %d failures are no threshold; write at most 1000, or `mode observe`", name, r.N))
		}
	}
	return errors.Join(append(errs, t.validateBan())...)
}

func (t Thresholds) validateBan() error {
	// What is unset counts with its default: a cap alone may be shorter than
	// the default first ban.
	full := t.WithDefaults()
	switch {
	case full.Ban < Duration(time.Second):
		return fmt.Errorf("ban %s is shorter than a second; write something like `ban 10m 24h`", t.Ban)
	case full.BanCap < full.Ban:
		return fmt.Errorf("ban cap %s is shorter than the first ban %s; write the longer one last: `ban %s %s`",
			full.BanCap, full.Ban, full.BanCap, full.Ban)
	case full.BanCap > Longest:
		return fmt.Errorf("ban %s is longer than %s; write at most that, `caddy doorward block` is for longer", full.BanCap, Longest)
	}
	return nil
}
