// Package event carries what happened out of the request path: the record of
// an attempt, a detection, a sanction, an operator's action or a health
// notice ([Event]), a queue that never makes a request wait ([Queue]), and a
// worker that hands events to sinks ([Worker], [Sink]).
//
// Nothing here decides anything: evidence is counted and thresholds are
// compared before an event is offered, so a lost event changes no verdict.
//
//	request ─Offer─▶ Queue ─▶ Worker ─▶ one Queue and goroutine per sink ─▶ Sink
//
// Offer takes constant time and waits for nobody. When events come faster
// than they are consumed, the queue gives up the cheapest first. Of its
// capacity
//
//   - refused attempts use at most half; beyond it they are not queued but
//     counted per source, and the counts are delivered as one event each;
//   - failures and unknown outcomes use at most three quarters;
//   - successes, detections, sanctions, operator actions and health notices
//     use all of it.
//
// The same queue stands before every sink, so that a stuck sink costs its own
// events in the same order and delays neither the others nor the worker. Every
// event that is lost is counted by class, and for a sink under its name.
//
// An Event never holds a password, a token or a cookie, and what a client
// chose freely is bounded when it is queued and escaped when it is written.
package event
