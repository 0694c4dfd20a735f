// Package identity is who an attempt is about: the set of user identifiers a
// request submitted, what stands for it in memory and what may be shown of it.
//
// An [Identity] is a set of key and value pairs. All pairs together identify
// the user, so {email, platform_id} is another user than {email} alone. Keys
// are compared byte by byte; giving the fields of an app the names used here
// ("user[email]" becomes "email") is done before. Values are trimmed of outer
// white space and put into Unicode form NFC; an empty one counts as absent.
//
// Nothing outside memory holds an identity as it was typed. Three things stand
// for it, all keyed with [Keys] of one site, so that they can neither be
// guessed offline nor compared between sites:
//
//   - [Keys.Pseudonym] names exactly this set of pairs.
//   - [Keys.RateKey] is shared by its spellings (letter case, compatibility
//     forms, +tag, dots), so that a limit cannot be escaped by typing a name
//     differently. It may join two people's budgets and must therefore only
//     ever close to strangers.
//   - [Mask] is what people see: nothing for a name that never logged in,
//     because it may be a password typed into the wrong box.
//
// [Keys.Fingerprint] stands for passwords: equal passwords, equal number.
//
// Input comes from attackers. Every function takes any bytes, costs time
// linear in their number, and never panics. Identities are immutable but for
// their flags; everything here is safe for concurrent use.
package identity
