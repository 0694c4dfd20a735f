// Package clearance is what stands between letting through and refusing: a
// suspicious stranger proves a little work, gets a clearance for it, and a
// clearance is a budget of a few attempts.
//
//   - [Gate] issues challenges, redeems solutions and waits for clearances, and
//     lets attempts use them, for one site.
//   - [Challenge] is sealed into a token. Issuing one keeps nothing: a million
//     challenges that nobody solves cost a million answers and no memory.
//   - [Proof] is a proof of work over the text of the token. The token is random
//     and sealed, so none can be computed in advance.
//   - [Clearance] is sealed into a cookie: for one site, one source prefix, one
//     route class and one identity, good for one success or three failures, at
//     most fifteen minutes.
//   - [Nonces] remembers what was redeemed and what is used up, [Book] who failed
//     after solving, who waits, who never solves and whose next page shows the
//     challenge. All of it is bounded, and what is full leads to another
//     challenge, never to a free pass.
//
// # Why SHA-256 and nothing that needs memory
//
// A function that is hard on memory (scrypt, Argon2) would narrow the lead that
// a program has over a browser. It is not used, for three reasons. The server
// must verify a solution in microseconds: one evaluation of Argon2 with 16 MiB
// takes milliseconds and those 16 MiB for each of the requests an attacker
// sends, which is a better attack on the server than the guesses. A browser has
// no such function built in, and one in WebAssembly is refused by the hardened
// ones (the safest level of Tor Browser, Vanadium and others without JIT), for
// whose visitors the challenge exists. And one in plain JavaScript is slower
// than a native one by a larger factor than SHA-256 is. So the work buys time
// and not safety: the budget of a clearance, the doubling for who fails after
// solving and the limits of the engine are what stop a solver.
//
// Nothing here knows HTTP or Caddy. Times are passed in. Passwords and names
// never get in, only keyed pseudonyms. Everything is safe for concurrent use.
package clearance
