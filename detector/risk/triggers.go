package risk

import "strconv"

// Triggers are the signs that a score is made of, to be told in words.
type Triggers uint16

// The triggers. Those about habits need an account with earlier logins, and
// each is told once: what was told is learned.
const (
	// NewNetwork: the first login from this network (/24, /48).
	NewNetwork Triggers = 1 << iota
	// NewProvider: the first login from this provider.
	NewProvider
	// NewCountry: the first login from this country.
	NewCountry
	// NewAgent: the first login with this browser.
	NewAgent
	// NewList: the first login from an address on this list, such as a VPN.
	NewList
	// NewDevice: none of the cookies of the account's clients was there.
	NewDevice
	// Hurried: another country than that of a login within the hour before.
	Hurried
	// GuessedItself: this source tried other passwords before.
	GuessedItself
	// Guessed: strangers have been guessing at the account.
	Guessed
	// Stuffed: the source failed for other accounts.
	Stuffed
	// ChangedSoon: the password was changed soon after an unusual login.
	ChangedSoon
	// UnusualVPN: NewList, and none of the account's many earlier logins came
	// from any list. It has no words of its own.
	UnusualVPN
)

// ManyLogins is from how many logins on it says something of an account that
// none of them came from a VPN. Ours: of fewer nothing is usual.
const ManyLogins = 5

// Triggers are the signs that hold.
func (s *Signs) Triggers() (t Triggers) {
	h := &s.Habits
	known := h.Logins > 0
	for _, c := range [...]struct {
		holds bool
		t     Triggers
	}{
		{known && h.Network.New, NewNetwork},
		{known && h.Provider.New, NewProvider},
		{known && h.Country.New, NewCountry},
		{known && h.Agent.New, NewAgent},
		{known && h.List.New, NewList},
		{h.List.New && h.Unlisted && h.Logins >= ManyLogins, UnusualVPN},
		{known && h.Device.New, NewDevice},
		{known && h.Country.New && h.Hurried, Hurried},
		{s.guessedItself(), GuessedItself},
		{s.guessed(), Guessed},
		{s.stuffed(), Stuffed},
	} {
		if c.holds {
			t |= c.t
		}
	}
	return t
}

// Where is what the words of triggers name.
type Where struct {
	Provider uint32
	Country  [2]byte
	List     string
}

// Words tells the triggers, the weightiest first; nil when there are none. No
// part of it comes from the client but what its address says.
func (t Triggers) Words(at Where) (words []string) {
	for _, c := range [...]struct {
		t    Triggers
		text func() string
	}{
		{ChangedSoon, say("the password was changed soon after an unusual login")},
		{Stuffed, say("the source failed for other accounts")},
		{GuessedItself, say("the source tried other passwords before")},
		{Guessed, say("strangers have been guessing at the account")},
		{NewCountry, func() string { return string(at.Country[:]) + " is a new country" }},
		{Hurried, say("it logged in from another country less than an hour before")},
		{NewList, func() string { return "first login by way of the list " + at.List }},
		{NewProvider, func() string {
			return "first login from the provider AS" + strconv.FormatUint(uint64(at.Provider), 10)
		}},
		{NewNetwork, say("first login from this network")},
		{NewDevice, say("unknown device")},
		{NewAgent, say("first login with this browser")},
	} {
		if t&c.t != 0 {
			words = append(words, c.text())
		}
	}
	return words
}

func say(text string) func() string { return func() string { return text } }
