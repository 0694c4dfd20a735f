// Package risk judges logins that succeeded: could it be somebody else with
// the right password?
//
// In this version it knows one sign, a success that follows failures, and is
// told the numbers by the caller. It keeps nothing and refuses nothing: a
// suspected takeover is an event with a score, because the app has already let
// the login in when the sign can be read.
package risk
