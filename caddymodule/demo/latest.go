package demo

import (
	"html/template"
	"net/http"

	"github.com/doorward/doorward/detector/event"
)

// Latest is a plain page with the latest events, for the demo. It shows what
// the events hold: masked names, no passwords.
func Latest(recent func(n int) []*event.Event) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_ = latestPage.Execute(w, recent(shownEvents)) // the reader has gone
	})
}

// shownEvents is how many events the page shows.
const shownEvents = 100

var latestPage = template.Must(template.New("latest").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>Doorward demo: latest attempts</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem;border-bottom:1px solid #8886}</style>
<h1>Latest attempts</h1>
<p>Newest first; the page reloads every two seconds.</p>
<table><thead><tr><th>time<th>what<th>from<th>who<th>outcome<th>verdict<th>why</thead><tbody>
{{range .}}<tr><td>{{.Time.Format "15:04:05.000"}}<td>{{.Type}} {{.Kind}} {{.Route}}<td>{{.SourceIP}}<td>{{.Identity}}<td>{{.Outcome}}<td>{{.Verdict}}{{with .Would}} (would: {{.}}){{end}}<td>{{.Reason}}
{{else}}<tr><td colspan="7">No attempt yet: log in at the shop.
{{end}}</tbody></table></html>`))
