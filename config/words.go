package config

import (
	"fmt"
	"slices"
	"strings"
)

// Kind says what an attempt tries to do. The values are the contract of
// `caddy doorward recognize --json`.
type Kind string

// The kinds of attempts. KindNone is a request that is no attempt.
const (
	KindNone           Kind = "none"
	KindLogin          Kind = "login"
	KindSignup         Kind = "signup"
	KindLogout         Kind = "logout"
	KindMFA            Kind = "mfa"
	KindResetRequest   Kind = "password_reset_request"
	KindReset          Kind = "password_reset"
	KindPasswordChange Kind = "password_change"
)

// Kinds lists the kinds an operator may declare a route for.
var Kinds = []Kind{
	KindLogin, KindSignup, KindLogout, KindMFA,
	KindResetRequest, KindReset, KindPasswordChange,
}

// Class groups kinds for limits, policies and sanctions: a sanction against
// one class leaves the others reachable (a source that may not log in may
// still reset its password).
type Class string

// The route classes. ClassAll means every request, attempt or not.
const (
	ClassLogin  Class = "login"
	ClassSignup Class = "signup"
	ClassReset  Class = "reset"
	ClassMFA    Class = "mfa"
	ClassAll    Class = "all"
	// ClassNone is the class of kinds nobody is refused for (logout).
	ClassNone Class = ""
)

// Classes lists the classes an operator may write.
var Classes = []Class{ClassLogin, ClassSignup, ClassReset, ClassMFA, ClassAll}

// Class returns the class that kind k belongs to.
func (k Kind) Class() Class {
	switch k {
	case KindLogin:
		return ClassLogin
	case KindSignup:
		return ClassSignup
	case KindMFA:
		return ClassMFA
	case KindResetRequest, KindReset, KindPasswordChange:
		return ClassReset
	default:
		return ClassNone
	}
}

// Covers reports whether a rule written for class c speaks about class of.
func (c Class) Covers(of Class) bool { return c == ClassAll || (c == of && c != ClassNone) }

// Answer is what the edge does with an attempt, from mildest to hardest.
type Answer string

// The answers. Challenge refuses who does not solve it, see [Challenge].
const (
	AnswerAllow     Answer = "allow"
	AnswerTag       Answer = "tag"
	AnswerTighten   Answer = "tighten" // of lists: tag, and half of the thresholds
	AnswerDelay     Answer = "delay"
	AnswerChallenge Answer = "challenge"
	AnswerLimit     Answer = "limit"
	AnswerBlock     Answer = "block"
	AnswerDrop      Answer = "drop"
)

// Answers lists the answers, mildest first.
var Answers = []Answer{
	AnswerAllow, AnswerTag, AnswerTighten, AnswerDelay, AnswerChallenge,
	AnswerLimit, AnswerBlock, AnswerDrop,
}

// LetsThrough reports whether an attempt answered with a reaches the app.
func (a Answer) LetsThrough() bool {
	return a == AnswerAllow || a == AnswerTag || a == AnswerTighten || a == AnswerDelay || a == ""
}

// Harder reports whether a is harder than b.
func (a Answer) Harder(b Answer) bool {
	return slices.Index(Answers, a) > slices.Index(Answers, b)
}

// Mode says how far verdicts are carried out.
type Mode string

// The modes. The empty mode is enforcement with a gentle start: routes found
// automatically are enforced at ten times the thresholds, with sanctions of
// at most ten minutes, until they graduate; everything else is logged as
// "would have refused". ModeEnforce waives the gentle start.
const (
	ModeGraduated Mode = ""
	ModeEnforce   Mode = "enforce"
	ModeObserve   Mode = "observe"
	ModeOff       Mode = "off"
)

// Modes lists the modes an operator may write.
var Modes = []Mode{ModeEnforce, ModeObserve, ModeOff}

// Detection names a rule that can fire. The list is closed.
type Detection string

// The detections of this version.
const (
	// BruteForce: many distinct guesses from one source or at one account
	// from one source.
	BruteForce Detection = "brute_force"
	// CredentialStuffing: failures of many accounts from one source.
	CredentialStuffing Detection = "credential_stuffing"
	// SlowGuessing: few failures an hour from one source, for a day.
	SlowGuessing Detection = "slow_guessing"
	// Distributed: many distinct guesses at one account from many sources.
	Distributed Detection = "distributed"
	// PasswordSpray: one wrong password tried for many names, from wherever.
	PasswordSpray Detection = "password_spray"
	// Attack: strangers fail all over the site, and they come from where this
	// one comes from.
	Attack Detection = "attack"
	// AttackSolved: the same, and strangers from there solve challenges and
	// fail all the same.
	AttackSolved Detection = "attack_solved"
	// SignupFlood: many accounts created from one source.
	SignupFlood Detection = "signup_flood"
	// ResetFlood: resets asked for many accounts by one source, or for one
	// account by strangers.
	ResetFlood Detection = "reset_flood"
	// CodeGuessing: many codes of a second factor.
	CodeGuessing Detection = "code_guessing"
	// MissingCredentials: logins without a password or a user name, one after
	// another from one source. Only such are refused, with 400.
	MissingCredentials Detection = "missing_credentials"
	// Uninspectable: a login whose body could not be read, where legitimate
	// clients were seen to send none like it.
	Uninspectable Detection = "uninspectable"
	// Takeover: a success that follows a series of failures, or that is unlike
	// all earlier logins of its account. An event, never
	// a refusal.
	Takeover Detection = "takeover"
	// UnusualVPN: a login by way of a VPN, a hosting company or another listed
	// network, to an account that is logged in to often and never was from any.
	// An event, never a refusal.
	UnusualVPN Detection = "unusual_vpn"
	// RateLimit: a `limit` line is exhausted.
	RateLimit Detection = "rate_limit"
	// Operator: an entry made by `block`.
	Operator Detection = "operator"
)

// Detections lists what may stand in an `on` line besides list names.
var Detections = []Detection{
	BruteForce, CredentialStuffing, SlowGuessing, Distributed,
	PasswordSpray, Attack, AttackSolved, SignupFlood, ResetFlood, CodeGuessing, MissingCredentials, Uninspectable,
	Takeover, UnusualVPN,
}

// Afterwards reports whether a detection is known only after the app has
// answered: it refuses nothing.
func (d Detection) Afterwards() bool { return d == Takeover || d == UnusualVPN }

// Axis is what evidence is counted by and sanctions are put on.
type Axis string

// The axes. A source is an IPv4 address or an IPv6 /64.
const (
	AxisSource  Axis = "source"
	AxisPrefix  Axis = "prefix"
	AxisAccount Axis = "account"
	AxisPair    Axis = "pair"
	AxisRoute   Axis = "route"
	// AxisNetwork is where strangers come from, as far as it can be told:
	// a network, a provider, a list.
	AxisNetwork Axis = "network"
	// AxisCredential is one password, whoever tries it.
	AxisCredential Axis = "credential"
)

// Axes lists the axes a `limit` line may count by.
var Axes = []Axis{AxisSource, AxisPrefix, AxisAccount, AxisPair, AxisRoute}

// ParseKind, ParseClass, ParseAnswer, ParseMode and ParseAxis read a word of
// their closed list. The error names what was written and what may be.
func ParseKind(s string) (Kind, error)     { return parseWord("kind", s, Kinds) }
func ParseClass(s string) (Class, error)   { return parseWord("route class", s, Classes) }
func ParseAnswer(s string) (Answer, error) { return parseWord("answer", s, Answers) }
func ParseMode(s string) (Mode, error)     { return parseWord("mode", s, Modes) }
func ParseAxis(s string) (Axis, error)     { return parseWord("axis", s, Axes) }

func parseWord[T ~string](what, s string, list []T) (T, error) {
	if slices.Contains(list, T(s)) {
		return T(s), nil
	}
	return "", fmt.Errorf("unknown %s %q; write one of %s", what, s, joinWords(list))
}

func joinWords[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}
