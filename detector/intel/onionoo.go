package intel

import (
	"strings"
	"time"
)

// relaysKey is the key of Onionoo's documents that holds relays.
const relaysKey = "relays"

// relay is one of Onionoo's relays while it is read.
type relay struct {
	found bool // the document is Onionoo's
	// addresses are those of the relay, exits those it leaves Tor by.
	addresses, exits []string
	flagged, exit    bool // it has flags; Exit is among them
	seen             time.Time
}

// maxRelayAddresses bounds the addresses of one relay.
const maxRelayAddresses = 64

func (r *relay) take(under, s string) {
	switch under {
	case "oraddresses", "a":
		if len(r.addresses) < maxRelayAddresses {
			r.addresses = append(r.addresses, s)
		}
	case "exitaddresses":
		if len(r.exits) < maxRelayAddresses {
			r.exits = append(r.exits, s)
		}
	case "flags":
		r.flagged, r.exit = true, r.exit || s == "Exit"
	case "lastseen":
		r.seen, _ = time.Parse(torTime, s) // without a date it counts as seen now
	}
}

// flush takes the addresses of a relay that is an exit: one with exit
// addresses or the flag Exit, or without flags, because the question that was
// asked of Onionoo decides then (`flag:exit`, with few fields). Onion routing
// addresses have a port; most exits leave by them.
func (r *relay) flush(c *collector) error {
	if r.flagged && !r.exit && len(r.exits) == 0 {
		return nil
	}
	for _, s := range append(r.exits, r.addresses...) {
		entry := []byte(withoutPort(s))
		if err := c.takeSeen(c.report.Lines, entry, entry, true, r.seen); err != nil {
			return err
		}
	}
	return nil
}

// withoutPort drops the port of 192.0.2.7:9001 and [2001:db8::7]:9001.
func withoutPort(s string) string {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		addr, _, _ := strings.Cut(inner, "]")
		return addr
	}
	if strings.Count(s, ":") == 1 {
		addr, _, _ := strings.Cut(s, ":")
		return addr
	}
	return s
}
