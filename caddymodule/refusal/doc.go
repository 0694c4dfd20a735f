// Package refusal writes the answer to a refused request: a page for people,
// problem details (RFC 9457) for programs, a few lines of plain text for who
// asks for them.
//
// A person learns, in their language, what happened, until when, that the
// password was not judged, what to do now and the id under which the operator
// finds the reason. The page needs no JavaScript and nothing from elsewhere.
//
// What it says depends on the kind of request, the sanction's end and the
// site's configuration only. A [Notice] has no place for the account, so the
// answer cannot tell whether it exists.
package refusal
