package refusal

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed page.html
var pageSource string

// page escapes every value for the place it stands in.
var page = template.Must(template.New("refusal").Parse(pageSource))

// contentSecurityPolicy allows the page its own style and nothing else.
var contentSecurityPolicy = "default-src 'none'; style-src 'sha256-" + styleHash() +
	"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func styleHash() string {
	_, style, _ := strings.Cut(pageSource, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func (f form) render(s speech, n Notice) []byte {
	switch f {
	case formHTML:
		return renderPage(s)
	case formProblem:
		return renderProblem(s, n)
	default:
		return renderText(s)
	}
}

func renderPage(s speech) []byte {
	var b bytes.Buffer
	if err := page.Execute(&b, s); err != nil {
		return renderText(s) // cannot happen with a template that has run once
	}
	return b.Bytes()
}

// problem is an RFC 9457 problem detail. retry_after is in seconds, as the
// header Retry-After.
type problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail"`
	Instance   string `json:"instance,omitempty"`
	ID         string `json:"id,omitempty"`
	RetryAfter int64  `json:"retry_after,omitempty"`
	Until      string `json:"until,omitempty"`
	Contact    string `json:"contact,omitempty"`
}

// The problem types. Programs compare them; people find the words in the
// README.
const (
	typeLimited = "https://github.com/doorward/doorward#too-many-attempts"
	typeBlocked = "https://github.com/doorward/doorward#access-refused"
)

func renderProblem(s speech, n Notice) []byte {
	p := problem{
		Type: typeLimited, Title: s.Title, Status: n.Status, Detail: s.What + " " + s.Unchecked + " " + s.Until,
		ID: n.ID, RetryAfter: n.seconds(), Contact: n.Contact,
	}
	if n.Status == http.StatusForbidden {
		p.Type = typeBlocked
	}
	if n.ID != "" {
		p.Instance = "urn:doorward:" + url.PathEscape(n.ID)
	}
	if p.RetryAfter > 0 {
		p.Until = n.Until.UTC().Format(time.RFC3339)
	}
	body, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		return []byte("{}\n") // cannot happen: strings and numbers only
	}
	return append(body, '\n')
}

func renderText(s speech) []byte {
	var b bytes.Buffer
	for _, line := range []string{s.Title, "", s.What, s.Unchecked, s.Until, "", s.Todo + ":"} {
		b.WriteString(line + "\n")
	}
	for _, line := range s.Advice {
		b.WriteString("- " + line + "\n")
	}
	if s.ID != "" {
		b.WriteString("\n" + s.ID + "\n")
	}
	return b.Bytes()
}
