package caddymodule

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/event"
	"github.com/doorward/doorward/detector/geo"
	"github.com/doorward/doorward/detector/identity"
	"github.com/doorward/doorward/detector/sanction"
)

// report queues the event of the attempt and, if it imposed or renewed a
// sanction or led to a detection, a second one that no flood pushes out. It
// returns the id by which the attempt can be explained.
func (v *visit) report() string {
	e := v.event()
	state := v.h.app.state
	state.offer(e)
	v.h.sheltered("incident", func() { v.sighted(&e) })
	switch {
	case v.verdict.Imposed:
		v.reportSanction(e, v.verdict.Sanction, v.verdict.Until)
	case v.learned.Sanction != 0:
		v.reportSanction(e, v.learned.Sanction, v.learned.Until)
	case v.learned.Detection != "":
		e.Type, e.ID = event.TypeDetection, ""
		state.offer(e)
	}
	if e.SanctionID != "" {
		return e.SanctionID
	}
	return e.ID
}

// tellPlace adds where a source is.
func tellPlace(e *event.Event, p *geo.Place) {
	e.Country, e.City, e.ASN, e.Organisation = p.CountryCode(), p.City, p.ASN, p.Organisation
}

func (v *visit) reportSanction(e event.Event, id uint64, until time.Time) {
	e.Type, e.ID = event.TypeSanction, ""
	e.SanctionID, e.Expires = sanction.FormatID(id), until
	v.h.app.state.offer(e)
}

// event describes the attempt without any submitted value but the masked
// identity.
func (v *visit) event() event.Event {
	now := time.Now()
	e := event.Event{
		ID: event.NewID(now), Time: v.began, Type: event.TypeAttempt,
		Site: v.h.policy.Site().Name, Route: v.attempt.Route, Kind: string(v.attempt.Kind),
		Outcome: string(v.outcome.Result), Confidence: math.Round(float64(v.outcome.Confidence)*1000) / 1000,
		Verdict: string(v.verdict.Answer), Would: string(v.verdict.Would),
		Rule: v.verdict.Rule, Detection: string(v.verdict.Detection), Reason: v.verdict.Reason.String(),
		SourceIP: v.attempt.Source.Addr, Lists: v.attempt.Source.Lists,
		Format: string(v.found.Format), Ambiguous: v.attempt.Ambiguous,
		Method: v.origin.method, Path: v.origin.path, UserAgent: v.origin.userAgent, RequestID: v.origin.requestID,
		Duration: now.Sub(v.began), Score: v.learned.Score,
		SanctionID: sanction.FormatID(v.verdict.Sanction), Expires: v.verdict.Until,
	}
	if !v.verdict.LetsThrough() {
		e.Outcome = ""
		e.Evidence = append(e.Evidence, v.found.Evidence...)
	} else {
		if v.outcome.Kind != "" && v.outcome.Kind != config.KindNone {
			e.Kind = string(v.outcome.Kind) // the app's answer knows better
		}
		e.Evidence = slices.Concat(v.found.Evidence, v.outcome.Evidence)
		e.Status = v.status
	}
	if v.clearance.result != "" {
		e.Evidence = append(e.Evidence, "clearance "+string(v.clearance.result))
	}
	if v.learned.Triggers != 0 {
		e.Evidence = append(e.Evidence, v.learned.Words(&v.attempt.Source)...)
	}
	if v.learned.Detection != "" {
		e.Detection, e.Reason = string(v.learned.Detection), v.learned.Reason
	}
	if slices.Contains(e.Lists, config.ListTor) {
		e.Evidence = append(e.Evidence, "Accessed from the Tor network")
	}
	tellPlace(&e, &v.place)
	v.identify(&e)
	return e
}

// identify adds the identity as far as it may be shown. The name of an
// attempt that was refused is shown only if it logged in before.
func (v *visit) identify(e *event.Event) {
	if v.site == nil || len(v.attempt.Identities) == 0 || v.attempt.Identities[0].Empty() {
		return
	}
	id := v.attempt.Identities[0]
	seen := v.learned.Seen || v.h.app.state.detector.Seen(&v.attempt)
	e.Identity = identity.Mask(id, seen, v.h.policy.Site().PlaintextIdentities)
	e.Pseudonym, e.KeyID = v.pseudonym(), v.site.Keys().ID()
	e.PrimaryKey, _, _ = id.PrimaryKey()
	e.IdentityKeys = id.Keys()
}

// requestID is {http.request.uuid} if something before has asked for it. Making
// one for every attempt would cost more than the rest of its event.
func requestID(r *http.Request) string {
	if id, ok := caddyhttp.GetVar(r.Context(), "uuid").(fmt.Stringer); ok {
		return id.String()
	}
	return ""
}
