// Command peerlogs replays real access logs of which a peer's verdict is known,
// and compares: where the peer alerts Doorward must refuse, at the same event of
// that address or before it; where the peer is right to stay quiet, or alerts
// on what is no guess, Doorward must let everything pass.
//
//	go run ./integration/peerlogs CADDY FOLDER
//
// CADDY is a binary with Doorward, FOLDER holds the logs under the names that
// verdicts lists. Logs that are not there are left out. It exits with 1 when a
// verdict does not hold.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: peerlogs CADDY FOLDER")
		os.Exit(2)
	}
	failed, err := compare(os.Stdout, os.Args[2], verdicts, replayWith(os.Args[1]))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if failed > 0 {
		fmt.Printf("%d verdicts do not hold\n", failed)
		os.Exit(1)
	}
}
