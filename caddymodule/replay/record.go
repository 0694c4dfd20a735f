package replay

import (
	"hash/maphash"
	"net/netip"
)

// record is a line of a log, read but not yet played. What other lines tell of
// it is added by habits, in the order of the lines.
type record struct {
	// line is played. Its outcome is what the line alone shows.
	line Line
	// number counts the lines of the file, from 1.
	number int
	// bad tells why the line could not be read; the rest is empty then.
	bad error
	// client stands for address and user agent together.
	client uint64
	// route stands for where an attempt arrived.
	route uint64
	// path is the path that was asked for. It lives as long as its batch.
	path   []byte
	status int
	// page tells that an attempt may have been answered with a page;
	// otherwise with an answer for programs.
	page bool
	// located tells that the log has the headers of the answer.
	located bool
	// open tells that the line alone does not show the outcome: what the client
	// does next and what the route answers others tells more.
	open bool
	// asked tells that the server asked for Basic or Digest credentials, unsure
	// that the log hides whether the credentials sent were of that kind.
	asked, unsure bool
	// quiet says why a line that looks like a failed attempt is none.
	quiet quiet
}

// quiet is why nothing is counted though the answer is a refusal.
type quiet uint8

const (
	notQuiet quiet = iota
	quietAsked
	quietToken
)

func (q quiet) String() string {
	switch q {
	case quietAsked:
		return "answered 401, but no credentials were sent: the server asked for them, nobody guessed"
	case quietToken:
		return "answered 401 to a token, not to a password: nobody guessed"
	}
	return ""
}

// hashSeed makes the hashes of one run comparable.
var hashSeed = maphash.MakeSeed()

// clientOf tells clients apart, as far as a log can.
func clientOf(addr netip.Addr, agent []byte) uint64 {
	b := addr.As16()
	return maphash.Bytes(hashSeed, b[:]) ^ maphash.Bytes(hashSeed, agent)
}

func routeOf(route string) uint64 { return maphash.String(hashSeed, route) }
