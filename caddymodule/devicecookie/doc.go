// Package devicecookie is the cookie by which a client that keeps cookies is
// known again. It holds a random number and when it was made, nothing else: no
// name, no address, nothing of the account. By itself it proves nothing. What is
// known is the pair of that number and an account, and that is kept by the
// engine, written when a login has succeeded (hostile reading, H17; the idea is
// that of OWASP's "Slow Down Online Guessing Attacks with Device Cookies").
//
// A [Name] takes the cookie out of a request, a [Seal] makes and opens its
// value, a [Book] holds the clients that have earned one until an answer to them
// may carry it, and [Browses] and [Carry] tell which requests and answers those
// are.
//
// The cookie is not set with the answer to the login: when that answer's headers
// leave, the outcome may stand in a body that is still to come. It is set with
// the next answer to a request that bears the session which the login opened,
// from the same address and browser. So nobody has one who has not logged in.
package devicecookie
