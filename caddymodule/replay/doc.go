// Package replay runs the detector over history: who would have been limited or
// blocked, and why, before anything is enforced.
//
// A [Player] owns a detector of its own and a clock that follows the lines; a
// [Run] reads files, plays them and reports. Three formats are read. "events"
// are lines made for the purpose, with identity, credential and outcome; each is
// answered before the next is read, and its outcome is learned only when the
// verdict let it through and as much time has passed as the app took to answer,
// so that a simulator can close the loop. "caddy" and "combined" are access
// logs: no body, so no identity unless the log has one. Their outcomes come from
// the status, from what the client does next and from what the route answers
// others (habits). Logs are history: every outcome is learned as it happened,
// unless the loop is closed.
//
// Logs are read in the background, a batch of lines at a time, files that
// overlap side by side; lines are played in the order of their times. A line
// that cannot be read is counted, named, and loses no other.
//
// Memory does not grow with the log. It is bounded by the detector's own bound,
// by the attempts in flight, by what habits and report remember (each says how
// much) and by a few megabytes per file that is open.
package replay
