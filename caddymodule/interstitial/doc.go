// Package interstitial writes the page that asks a suspicious stranger for a
// little work before the login or signup page, and the page to wait on for who
// cannot do it.
//
// The work: from a token T the server makes the seed SHA-256(T). For each part
// i the browser looks for a counter n, 0 ≤ n < 2^53, such that
//
//	SHA-256(seed ‖ i as 4 bytes ‖ n as 8 bytes)
//
// begins with the asked number of zero bits, numbers with the most significant
// byte first. The proof is the counters, in decimal, joined by commas, and is sent
// with the token by an ordinary form: fields token and proof, POST to
// Prefix + "challenge". It is SHA-256 and not a memory-hard function because the
// browsers that are most often shut out elsewhere run no WebAssembly, and plain
// JavaScript is many times slower than native code at anything that moves memory
// about; at a hash whose inner loop fits a page it is within a small factor.
//
// The page needs no other host, no WebAssembly, no eval and no worker made of
// text, keeps nothing in the browser and runs under a strict Content-Security-Policy.
// Where workers are refused it computes between two breaths; where no script runs
// it offers a form that leads to the page to wait on, which needs style sheets at
// most. It has no place for the account nor for anything that was submitted, so it
// can tell nothing of either.
//
// An operator's name, logo and contact line stand on both pages, and a template
// file can replace everything around the work; see [Fields].
package interstitial
