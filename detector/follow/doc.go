// Package follow watches what a client does next, where that tells what an
// answer did not.
//
// Two things wait here. An attempt whose answer looks the same whatever the
// outcome stays pending until the page it led to was answered (Adminer answers
// every login with the same redirect). And a success that only looks like one
// waits for its proof: the session it opened then opens what was closed to
// visitors, or is ended by a logout (hostile reading, H1).
//
// What is watched is one client: the same address and User-Agent, and a cookie
// jar that is exactly what the first request bore, changed by what the answer
// set. Without the last an attacker would show the page of a session he opened
// elsewhere, as proof that a guess was right.
//
// Everything is bounded: how many wait per site and per client, for how long
// and for how many answers. What finds no room is settled by what is known.
// Nothing is kept of cookies but keyed hashes, in memory.
//
// All types are safe for concurrent use unless they say otherwise.
package follow
