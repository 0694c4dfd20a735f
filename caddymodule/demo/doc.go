// Package demo is the bundled app of `caddy doorward demo` and the attacks on
// it.
//
// The app is deliberately naive: a login and a signup form, sessions in memory,
// plain passwords, no limit of any kind. It knows nothing of Doorward, as the
// apps that Doorward is for know nothing of it. Everything runs on loopback and
// ends with the command.
package demo
