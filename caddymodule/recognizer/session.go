package recognizer

import (
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
	"github.com/doorward/doorward/detector/recognize/har"
)

// session remembers who is logged in.
func (m *memory) session(e *har.Entry, found *recognize.Credentials, o recognize.Outcome) {
	if o.Result != recognize.Success {
		return
	}
	host := e.Request.Host
	if m.sessions[host] == nil {
		put(m.sessions, host, new(recognize.Sessions), maxHosts)
	}
	switch found.Kind {
	case config.KindLogin, config.KindMFA:
		m.sessions[host].Opened(e.Started, e.Request.Header, e.Response.Header, e.Response.Body)
	case config.KindSignup:
		m.sessions[host].Joined(e.Started, e.Request.Header, e.Response.Header, e.Response.Body)
	case config.KindLogout:
		m.sessions[host].Ended(e.Request.Header)
	}
}

// administers reports whether what looks like an attempt is the work of
// somebody who is logged in.
func (m *memory) administers(e *har.Entry, found *recognize.Credentials) bool {
	sessions := m.sessions[e.Request.Host]
	if sessions == nil || !found.MayAdminister || found.Declared != nil {
		return false
	}
	if found.Kind == config.KindLogin && m.route(&e.Request, found).tried {
		return false
	}
	return sessions.Administers(e.Started, e.Request.Header)
}
