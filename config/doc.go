// Package config is what an operator can say: plain data with documented
// fields, defaults and validation. It does no I/O, imports nothing of Caddy
// and nothing of the detector, so that every other room may depend on it.
//
// Two values make a configuration:
//
//   - [App] is said once per process (the global option `doorward`): the
//     secret, the memory cap, the address lists, the allow list, the sinks.
//   - [Site] is said once per site block (the directive `doorward`): the
//     mode, the declared routes, the limits, the policies, the refusal.
//
// The zero value of both is a working configuration: `doorward` alone
// protects. A zero field means its default; the comment of the field names
// it, and [App.WithDefaults] and [Site.WithDefaults] fill it in. Validate
// joins all problems of a value, each with the path of the field, what is
// wrong and what to write instead.
//
// The words (kind, class, answer, mode, detection) are closed lists defined
// here, because an operator writes them, and used by every other room.
package config
