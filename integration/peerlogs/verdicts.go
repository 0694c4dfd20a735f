package main

import "strings"

// verdict is what is expected of one address in one log.
type verdict struct {
	file, format string
	address      string
	// peer is at which event of the address the peer alerts, 0 when it does not.
	peer int
	// quiet tells that Doorward must refuse nothing, and why, whatever the peer
	// says.
	quiet string
	// as names a change to the log, change makes it.
	as     string
	change func(line string) string
}

// verdicts are those of the scenarios of CrowdSec's hub that judge HTTP logins by
// access logs, and by the error log of nginx.
var verdicts = []verdict{
	{
		file: "caddy-basic-auth-bf.log", format: "caddy", address: "127.0.0.1", peer: 6,
		quiet: "no request brings credentials: the server asks, nobody guesses",
	},
	{
		file: "caddy-basic-auth-bf.log", format: "caddy", address: "127.0.0.1", peer: 6,
		as: "with an Authorization header", change: withAuthorization,
	},
	{file: "http-bf-wordpress-bf.log", format: "combined", address: "81.150.104.130", peer: 6},
	{file: "nginx-http-generic-bf.log", format: "combined", address: "127.0.0.1", peer: 6},
	{file: "apiscp-bf.log", format: "combined", address: "1.2.3.4", peer: 6},
	{
		file: "http-wordpress_user-enum.log", format: "combined", address: "1.2.3.4", peer: 6,
		quiet: "pages about authors are read; nobody tries to log in",
	},
	{file: "http-wordpress_user-enum.log", format: "combined", address: "1.2.3.5"},
}

// withAuthorization makes of each request one that brings credentials, as Caddy
// logs them.
func withAuthorization(line string) string {
	return strings.Replace(line, `"headers":{`, `"headers":{"Authorization":["REDACTED"],`, 1)
}
