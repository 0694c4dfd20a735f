// Package risk judges logins that succeeded: could it be somebody else with
// the right password?
//
// It knows two kinds of signs and is told both by the caller: a success that
// follows failures, and a success that is unlike the earlier logins of the
// account. Rules are the gate and the score ranks: only what is new for the
// account counts, weighed by how rarely the owner brings something new and how
// rare it is at the site; a client or source that the account knows divides the
// score by ten. Nothing is known of an account without logins, so nothing
// speaks against its first; what is not known (no database of countries, no
// cookies) counts for nothing.
//
// Histories must be made of confirmed successes alone: one campaign of guesses
// in them would make its own networks look usual (Wiefling et al., "Pump Up
// Password Security!", ACM TOPS 2022).
//
// The package keeps nothing and refuses nothing: a suspected takeover is an
// event with a score and its triggers in words, because the app has already
// let the login in when the signs can be read.
package risk
