package replay

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/recognize"
)

// Servers that check Basic credentials themselves write to their error log
// what the access log hides: whose password was wrong. These lines are failed
// logins; all others of an error log are no attempts. They bear no zone and are
// read as UTC.

// mayBeErrorLog reports whether a line begins as those of error logs do.
func mayBeErrorLog(text []byte) bool {
	return bytes.HasPrefix(text, []byte("[")) || isDigits(text, 4) && len(text) > 4 && text[4] == '/'
}

// readErrorLog reads a line of the error log of nginx or Apache.
func readErrorLog(text []byte, r *record) error {
	if text[0] == '[' {
		return readApacheError(text, r)
	}
	return readNginxError(text, r)
}

// Words of ngx_http_auth_basic_module and of mod_auth_basic.
var (
	nginxUser     = []byte(`: *`)
	nginxClient   = []byte(`, client: `)
	nginxUnknown  = []byte(`" was not found in "`)
	nginxMismatch = []byte(`": password mismatch`)
	apacheClient  = []byte(`[client `)
	apacheUser    = []byte(`: user `)
	apacheUnknown = []byte(` not found: `)
	apacheWrong   = []byte(`: authentication failure for "`)
)

var errTwoClients = errors.New("the line names more than one client; a name or an address that was sent may be forged")

// readNginxError reads a line such as
//
//	2021/09/30 09:23:53 [error] 19#19: *17 user "bob": password mismatch, client: 192.0.2.7, server: …
func readNginxError(text []byte, r *record) error {
	const layout = "2006/01/02 15:04:05"
	if len(text) < len(layout) {
		return errCombined
	}
	at, err := time.Parse(layout, string(text[:len(layout)]))
	if err != nil {
		return errCombined
	}
	r.line = Line{Time: at.UTC(), Kind: config.KindNone}
	rest := text[len(layout):]
	i := bytes.Index(rest, nginxUser)
	if i < 0 {
		return nil
	}
	_, rest, _ = bytes.Cut(rest[i+len(nginxUser):], []byte(" ")) // behind the number of the connection
	said, ok := bytes.CutPrefix(rest, []byte(`user "`))
	if !ok {
		return nil
	}
	end := bytes.Index(said, nginxUnknown)
	if other := bytes.Index(said, nginxMismatch); end < 0 || other >= 0 && other < end {
		end = other
	}
	if end < 0 {
		return nil
	}
	if bytes.Count(said, nginxClient) != 1 {
		return errTwoClients
	}
	_, client, _ := bytes.Cut(said, nginxClient)
	client, _, _ = bytes.Cut(client, []byte(","))
	return refusedByServer(client, said[:end], r)
}

// readApacheError reads a line such as
//
//	[Thu Sep 30 09:23:53.123456 2021] [auth_basic:error] [pid 7] [client 192.0.2.7:4711] AH01617: user bob: authentication failure for "/": Password Mismatch
func readApacheError(text []byte, r *record) error {
	stamp, rest, ok := bytes.Cut(text[1:], []byte("]"))
	if !ok || len(stamp) > 40 {
		return errCombined
	}
	at, err := time.Parse("Mon Jan _2 15:04:05 2006", string(stamp)) // a fraction of a second is accepted, too
	if err != nil {
		return errCombined
	}
	r.line = Line{Time: at.UTC(), Kind: config.KindNone}
	i, j := bytes.Index(rest, apacheClient), bytes.Index(rest, apacheUser)
	if i < 0 || j < i {
		return nil
	}
	client, _, _ := bytes.Cut(rest[i+len(apacheClient):], []byte("] "))
	said := rest[j+len(apacheUser):]
	end := bytes.Index(said, apacheWrong)
	if other := bytes.Index(said, apacheUnknown); end < 0 {
		end = other
	}
	if end < 0 {
		return nil
	}
	return refusedByServer(withoutPort(client), said[:end], r)
}

// withoutPort drops the port of 192.0.2.7:80, [2001:db8::7]:80 and of what Apache
// writes for the latter, as far as it can be told from the address.
func withoutPort(client []byte) []byte {
	if _, err := parseAddr(client); err == nil {
		return client
	}
	if port := bytes.LastIndexByte(client, ':'); port > 0 {
		client = client[:port]
	}
	return bytes.Trim(client, "[]")
}

func refusedByServer(client, user []byte, r *record) error {
	addr, err := parseAddr(client)
	if err != nil {
		return fmt.Errorf("client %s is no address", short(client))
	}
	r.line.Addr, r.line.Kind, r.line.Route, r.line.Basic = addr, config.KindLogin, "basic credentials", true
	r.line.Outcome = recognize.Outcome{Result: recognize.Failure, Confidence: 0.97, Evidence: []string{"the server refused the credentials"}}
	if name := userName(user); name != "" {
		r.line.Identities = []identity.Identity{identity.New(identity.Pair{Key: "username", Value: name})}
	}
	r.client, r.status, r.route = clientOf(r.line.Addr, nil), http.StatusUnauthorized, routeOf(r.line.Route)
	return nil
}
