package event

import "github.com/doorward/doorward/config"

// Verb returns the word that e has in the vocabulary of ThisData's events
// (log-in, log-in-denied, password-reset-request …), for whoever delivers events
// to something that speaks it: the name of a declared event, else what kind and
// outcome come to. It is empty for what has no word there: attempts that were
// refused or whose outcome is unknown, signups, and events that are none of the
// app's.
//
// A login that is asked for a second factor is a log-in-challenge, and each step
// of the second factor that failed or passed has a word of its own. That the page
// of the second factor was shown is no attempt: declare it as an event called
// authentication-challenge.
func (e *Event) Verb() string {
	if e.Type == TypeCustom {
		return e.Name
	}
	if e.Type != TypeAttempt || !config.Answer(e.Verdict).LetsThrough() {
		return ""
	}
	return attemptWords[attemptWord{config.Kind(e.Kind), e.Outcome}]
}

type attemptWord struct {
	kind    config.Kind
	outcome string
}

// attemptWords holds the outcomes by the words of package recognize, which this
// one does not know.
var attemptWords = map[attemptWord]string{
	{config.KindLogin, "success"}:          "log-in",
	{config.KindLogin, "failure"}:          "log-in-denied",
	{config.KindLogin, "throttled"}:        "log-in-denied",
	{config.KindLogin, "challenge"}:        "log-in-challenge",
	{config.KindLogout, "success"}:         "log-out",
	{config.KindMFA, "challenge"}:          "authentication-challenge",
	{config.KindMFA, "success"}:            "authentication-challenge-pass",
	{config.KindMFA, "failure"}:            "authentication-challenge-fail",
	{config.KindMFA, "throttled"}:          "authentication-challenge-fail",
	{config.KindResetRequest, "success"}:   "password-reset-request",
	{config.KindReset, "success"}:          "password-reset",
	{config.KindReset, "failure"}:          "password-reset-fail",
	{config.KindPasswordChange, "success"}: "password-update",
}
