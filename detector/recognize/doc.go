// Package recognize reads HTTP: a request becomes Credentials (what was
// tried), the answer to it becomes an Outcome (how it ended).
//
// It looks at bounded copies: at most a configured prefix of the request body
// and of the response body. It never changes, keeps or logs what it looks at:
// the strings in Credentials are copies, Secrets alias the body and must be
// turned into a fingerprint and dropped before the request goes on.
//
// Declared routes ([config.Route]) are believed. Everything else is the
// automatic mode: a request that carries a password-like value together with
// an identifier is an attempt, whatever its path; the words in the path only
// tell login from signup and raise or lower confidence.
//
// Outcomes are read in a fixed order, first match wins: the declared
// conditions; server errors and aborts; the app's own limiter; 401; CSRF
// answers; JSON; redirects; HTML. A rule that rests on something missing (no
// password field in the page, so it was a success) needs the whole body.
//
// The forms that the app serves tell more than names do: [FormsIn] reads them, a
// [FormBook] keeps those of a site, and Request.Form brings the one that was
// served for a request back, so that its fields count as what they were there.
//
// All functions are safe for concurrent use and hold no state: what is learned
// about a route lives with the caller, in a FormBook or elsewhere.
package recognize
