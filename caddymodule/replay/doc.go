// Package replay runs the detector over history: what would have been limited
// or blocked, and why, before anything is enforced.
//
// A [Player] owns a detector of its own and a clock that follows the lines.
// Three formats are read. "events" are lines made for the purpose, with
// identity, credential and outcome; each is answered before the next is read,
// and its outcome is learned only when the verdict let it through and as much
// time has passed as the app took to answer, so that a simulator can close the
// loop. "caddy" and "combined" are access logs: no body, so no identity unless
// the log has one, and outcomes from status and headers alone; a form that is
// shown again with 200 counts as a failure. Logs are history: every outcome is
// learned as it happened, unless the loop is closed.
//
// Memory is bounded by the detector's own bound and by the attempts in flight.
package replay
