package integration

import (
	"fmt"
	"strings"
)

// The files of an edge's folder.
const (
	eventsFile = "events.jsonl"
	accessFile = "access.log"
)

// edgeConfig is what a test wants of its Caddy. Changed in place, it takes
// effect with the next reload or start.
type edgeConfig struct {
	// tor are the arguments of the option tor. Default: off, so that no test
	// reaches beyond loopback.
	tor string
	// global are further lines of the global block doorward.
	global string
	// servers are lines of the global option servers.
	servers string
	// bare leaves Doorward out: Caddy alone.
	bare  bool
	sites []site
}

// site is one site block.
type site struct {
	host string
	// doorward are the lines of the directive's block. Empty: the bare word.
	doorward string
	// app is the address requests are proxied to. Empty: nothing is.
	app string
	// tls serves https (with HTTP/2 and HTTP/3), by Caddy's own authority.
	tls bool
	// accessLog writes an access log with every {vars.doorward_*} of log
	// fields, to accessFile.
	accessLog bool
	// bare leaves the directive out.
	bare bool
	// extra are further lines of the site block.
	extra string
}

// caddyfile prints the Caddyfile of an edge.
type caddyfile struct{ e *edge }

func (c caddyfile) String() string {
	var b strings.Builder
	b.WriteString("{\n")
	fmt.Fprintf(&b, "\tadmin unix/%s\n", c.e.path("admin.sock"))
	b.WriteString("\tpersist_config off\n\tskip_install_trust\n\tlocal_certs\n\tauto_https disable_redirects\n")
	fmt.Fprintf(&b, "\tstorage file_system %s\n", c.e.path("storage"))
	block(&b, "servers", c.e.config.servers)
	if !c.e.config.bare {
		tor := c.e.config.tor
		if tor == "" {
			tor = "off"
		}
		lines := fmt.Sprintf("tor %s\nfile %s\n%s", tor, c.e.path(eventsFile), c.e.config.global)
		block(&b, "doorward", lines)
	}
	b.WriteString("}\n")
	for _, s := range c.e.config.sites {
		c.writeSite(&b, s)
	}
	return b.String()
}

// withPatience raises the thresholds of first contacts and of strangers at one
// account, unless a test is about them: the clients of all tests come from the
// network of this machine, where nobody has logged in for a week, and many fail
// on purpose.
func withPatience(lines string) string {
	for _, line := range []string{"threshold contacts 1000/24h", "threshold account 25/1h"} {
		words := strings.Fields(line)
		if !strings.Contains(lines, words[0]+" "+words[1]+" ") {
			lines += "\n" + line
		}
	}
	return lines
}

func (c caddyfile) writeSite(b *strings.Builder, s site) {
	fmt.Fprintf(b, "\n%s {\n", c.e.url(s.host))
	if s.tls {
		b.WriteString("\ttls internal\n")
	}
	switch {
	case c.e.config.bare || s.bare:
	case s.doorward == "":
		b.WriteString("\tdoorward\n")
	default:
		block(b, "doorward", withPatience(s.doorward))
	}
	if s.accessLog {
		fmt.Fprintf(b, "\tlog {\n\t\toutput file %s\n\t}\n", c.e.path(accessFile))
	}
	for line := range strings.Lines(s.extra) {
		fmt.Fprintf(b, "\t%s\n", strings.TrimRight(line, "\n"))
	}
	if s.app != "" {
		fmt.Fprintf(b, "\treverse_proxy %s\n", s.app)
	}
	b.WriteString("}\n")
}

// block writes a block of a Caddyfile; nothing when there are no lines.
func block(b *strings.Builder, name, lines string) {
	if strings.TrimSpace(lines) == "" {
		return
	}
	fmt.Fprintf(b, "\t%s {\n", name)
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		fmt.Fprintf(b, "\t\t%s\n", strings.TrimSpace(line))
	}
	b.WriteString("\t}\n")
}

// url is where the site of a host is reached, without a trailing slash.
func (e *edge) url(host string) string {
	for _, s := range e.config.sites {
		if s.host == host && s.tls {
			return fmt.Sprintf("https://%s:%d", host, e.httpsPort)
		}
	}
	return fmt.Sprintf("http://%s:%d", host, e.httpPort)
}
