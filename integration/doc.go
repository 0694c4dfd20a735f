// Package integration proves Doorward against real parts: a running Caddy
// built with the race detector, stock Express and passport apps, real HTTP
// clients on several loopback addresses over HTTP/1.1, HTTP/2 and HTTP/3. Whole
// apps stand behind it as well: WordPress and Django from Debian's packages,
// Flask-Login, Rails with Devise, an Apollo Server, an Auth.js app that a real
// Chromium logs in to.
//
// It holds tests only. They need Go, a C compiler (for the race detector),
// Node and npm, and what .ci/test lists and installs on Debian. A missing part
// fails the tests, it never skips them.
//
// How a test is made:
//
//	apps := startApps(t, "redirect")                   // node, ports of its own
//	edge := startEdge(t, edgeConfig{sites: []site{{    // a Caddy process
//		host: "shop.test", doorward: "mode enforce", app: apps.address("redirect"),
//	}}})
//	guesser := edge.visitor(t, "shop.test", "127.0.0.9") // a client with its address
//	guesser.login("alice@x.test", "guess")
//	edge.waitEvent(t, "a failed login", func(e event) bool { … })
//
// Every test has its own processes, folders and ports, so tests run in
// parallel. A test fails when the Caddy it started reports a data race or a
// panic, whatever else it looked at.
//
// The folder DOORWARD_ARTIFACTS, if the environment names one, gets pictures of
// the page of the challenge in every state.
//
// No test reaches beyond loopback: the Tor list is off, a local file or a
// server of the test.
package integration
