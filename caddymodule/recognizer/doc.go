// Package recognizer plays HTTP archives through package recognize and tells,
// entry by entry, what Doorward makes of them. It is the body of
// `caddy doorward recognize` and needs nothing of Caddy.
//
// A file is one session of the app: entries are played in their order, and
// what is known about an entry comes from it and the entries before it. The
// memory of a session is that of the server as far as one file can fill it:
// which places ask for Basic or Digest credentials, which of those a client was
// accepted with, how a route answers wrong passwords, who took the first step
// of a login with two. Nothing is carried over to the next file.
//
// Bodies are looked at as far as the server would: up to body_limit and
// response_limit, and not at all in answers to Basic and Digest credentials.
// Every outcome is told from the answer to the attempt itself.
//
// Out of the lines comes a suggestion: the lines of a Caddyfile that declare
// the routes that were found. It is checked by playing it; see [Suggest].
package recognizer
