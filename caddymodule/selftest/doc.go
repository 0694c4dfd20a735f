// Package selftest proves on what a server runs that Doorward does its work
// there: that attempts are recognised, outcomes read, client addresses known,
// lists fresh, and that nothing is lost unseen. Every check ends in ok, warning
// or failed, with what was looked at, why it is so and what to write instead.
//
// It asks nobody and counts nothing: requests and answers that it makes up go
// through package recognize only, never to the app or the detector. Everything
// else is read from the [Facts] that the caller brings.
package selftest
