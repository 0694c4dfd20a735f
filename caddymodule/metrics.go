package caddymodule

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/doorward/doorward/detector/event"
)

// The collectors are made once per process and registered with the registry of
// every configuration, so that their values survive a reload. Labels hold
// words from closed lists and site names from the configuration, never
// anything a client sent.
var (
	attempts = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_doorward_attempts_total",
		Help: "Attempts by site, kind and outcome. Refused attempts have the outcome refused.",
	}, []string{"site", "kind", "outcome"})

	verdicts = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_doorward_verdicts_total",
		Help: "Verdicts that were carried out, by site, answer and detection.",
	}, []string{"site", "verdict", "detection"})

	would = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_doorward_would_have_refused_total",
		Help: "Verdicts that were not carried out because of the mode, the gentle start, a line with observe, or who it is, by site and detection.",
	}, []string{"site", "detection"})

	sanctions = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_doorward_sanctions_total",
		Help: "Sanctions imposed or renewed, by site and detection.",
	}, []string{"site", "detection"})

	deviceCookies = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_doorward_device_cookies_total",
		Help: "Device cookies by site and what became of them: issued and renewed, and those that came with attempts: known, malformed, foreign, forged, expired, repeated, insecure.",
	}, []string{"site", "result"})

	challenges = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_doorward_challenges_total",
		Help: "Challenges by site and how they were put: page, program (problem details), asked (by their own address), wait, error (left to handle_errors); or what was answered in their place: limited, blocked (failed after solving), unsolved (left one after the other unsolved).",
	}, []string{"site", "answer"})

	solutions = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_doorward_challenge_solutions_total",
		Help: "Solutions and waits by site and what became of them: accepted, or why not.",
	}, []string{"site", "result"})

	clearances = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_doorward_clearances_total",
		Help: "Clearances that attempts brought, by site and what became of them: accepted, or why not.",
	}, []string{"site", "result"})

	panics = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "caddy_doorward_panics_total",
		Help: "Panics of the detector that a request survived, by place.",
	}, []string{"in"})
)

// registerMetrics registers everything with reg. That it already is there is
// no error: the app and the admin API of one configuration share a registry.
func registerMetrics(reg *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{attempts, verdicts, would, sanctions, deviceCookies, challenges, solutions, clearances, panics, stateCollector{}} {
		var already prometheus.AlreadyRegisteredError
		if err := reg.Register(c); err != nil && !errors.As(err, &already) {
			return err
		}
	}
	return nil
}

// metricsSink counts what the worker delivers.
type metricsSink struct{}

// Name returns "metrics".
func (metricsSink) Name() string { return "metrics" }

// Write counts one event.
func (metricsSink) Write(_ context.Context, e *event.Event) error {
	n := float64(e.Total())
	switch e.Type {
	case event.TypeAttempt:
		outcome := e.Outcome
		if outcome == "" {
			outcome = "refused"
		}
		attempts.WithLabelValues(e.Site, e.Kind, outcome).Add(n)
		verdicts.WithLabelValues(e.Site, e.Verdict, e.Detection).Add(n)
		if e.Would != "" {
			would.WithLabelValues(e.Site, e.Detection).Add(n)
		}
	case event.TypeSanction:
		sanctions.WithLabelValues(e.Site, e.Detection).Add(n)
	}
	return nil
}

// stateCollector reads the state of the process when it is asked.
type stateCollector struct{}

var (
	trackedDesc = prometheus.NewDesc("caddy_doorward_tracked_entries",
		"Entries in memory, by table.", []string{"table"}, nil)
	evictedDesc = prometheus.NewDesc("caddy_doorward_evicted_entries_total",
		"Entries forgotten because a table was full, by table.", []string{"table"}, nil)
	capDesc = prometheus.NewDesc("caddy_doorward_max_tracked",
		"The configured bound of each table.", nil, nil)
	bytesDesc = prometheus.NewDesc("caddy_doorward_tracked_bytes",
		"Memory of the tables.", nil, nil)
	sanctionedDesc = prometheus.NewDesc("caddy_doorward_sanctions_running",
		"Sanctions that have not ended.", nil, nil)
	regretDesc = prometheus.NewDesc("caddy_doorward_refused_then_succeeded_total",
		"Refusals, also those not carried out, of an account that logged in within a day from the same client or network, by site and rule.",
		[]string{"site", "rule"}, nil)
	machinesDesc = prometheus.NewDesc("caddy_doorward_machines",
		"Sources that only ever log in to one account, by site and whether their logins fail.", []string{"site", "failing"}, nil)
	overrunDesc = prometheus.NewDesc("caddy_doorward_filter_overrun_total",
		"How often a filter took more than it is made for and forgot early, by site and filter: passwords (sprays), refused (credentials), failures and arrivals (site test), unusual (logins).",
		[]string{"site", "filter"}, nil)
	heldDesc = prometheus.NewDesc("caddy_doorward_held_requests",
		"Requests that the answer delay holds.", nil, nil)
	incidentsOpenDesc = prometheus.NewDesc("caddy_doorward_incidents_open",
		"Attacks that run, by site.", []string{"site"}, nil)
	incidentsDesc = prometheus.NewDesc("caddy_doorward_incidents_total",
		"Attacks that began, by site and the detection that opened the incident.", []string{"site", "detection"}, nil)
	droppedDesc = prometheus.NewDesc("caddy_doorward_events_dropped_total",
		"Events that found the queue full, by class.", []string{"class"}, nil)
	sinkDroppedDesc = prometheus.NewDesc("caddy_doorward_sink_lost_total",
		"Events a sink did not take, by sink and reason.", []string{"sink", "reason"}, nil)
	listAgeDesc = prometheus.NewDesc("caddy_doorward_list_age_seconds",
		"Time since an address list was last found fresh.", []string{"list"}, nil)
	listEntriesDesc = prometheus.NewDesc("caddy_doorward_list_entries",
		"Entries of an address list.", []string{"list"}, nil)
	listRefusedDesc = prometheus.NewDesc("caddy_doorward_list_refused_total",
		"Copies of an address list that were refused.", []string{"list"}, nil)
	listLeavingDesc = prometheus.NewDesc("caddy_doorward_list_leaving_entries",
		"Entries that are in the source of an address list no more and are kept for a while.", []string{"list"}, nil)
	listFailuresDesc = prometheus.NewDesc("caddy_doorward_list_failures",
		"How many times in a row the source of an address list brought nothing usable.", []string{"list"}, nil)
	listInfoDesc = prometheus.NewDesc("caddy_doorward_list_info",
		"1 for every address list, with where it comes from (no credentials) and how it is written.", []string{"list", "source", "format"}, nil)
	geoBuiltDesc = prometheus.NewDesc("caddy_doorward_geo_build_timestamp_seconds",
		"When the vendor made the database of countries and networks that is in use, by file.", []string{"file"}, nil)
	geoUsableDesc = prometheus.NewDesc("caddy_doorward_geo_usable",
		"1 if a database of countries and networks can be used as it is now, by file.", []string{"file"}, nil)
	geoRefusedDesc = prometheus.NewDesc("caddy_doorward_geo_refused_total",
		"States of a database of countries and networks that were not taken into use, by file.", []string{"file"}, nil)
	healthDesc = prometheus.NewDesc("caddy_doorward_unhealthy",
		"1 for every health notice that stands.", []string{"notice"}, nil)
)

// Describe sends the descriptions.
func (stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		trackedDesc, evictedDesc, capDesc, bytesDesc, sanctionedDesc, regretDesc, machinesDesc, overrunDesc, heldDesc, incidentsOpenDesc, incidentsDesc, droppedDesc,
		sinkDroppedDesc, listAgeDesc, listEntriesDesc, listRefusedDesc, listLeavingDesc, listFailuresDesc, listInfoDesc,
		geoBuiltDesc, geoUsableDesc, geoRefusedDesc, healthDesc,
	} {
		ch <- d
	}
}

// Collect sends the values; nothing before the first configuration started.
func (stateCollector) Collect(ch chan<- prometheus.Metric) {
	value, done := borrowState()
	if value == nil {
		return
	}
	defer done()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	now := time.Now()
	memory := value.detector.Memory()
	for table, n := range memory.Tracked {
		gauge(trackedDesc, float64(n), table)
		counter(evictedDesc, float64(memory.Evictions[table]), table)
	}
	for table, n := range value.challenges.Entries() {
		gauge(trackedDesc, float64(n), table)
	}
	gauge(capDesc, float64(memory.Cap))
	gauge(bytesDesc, float64(memory.Bytes))
	gauge(sanctionedDesc, float64(value.detector.Sanctions(now)))
	gauge(heldDesc, float64(value.held.now()))
	collectSites(value, now, gauge, counter)
	if queue := value.queue.Load(); queue != nil {
		for _, class := range []event.Class{event.Reserved, event.Normal, event.Cheap} {
			counter(droppedDesc, float64(queue.Dropped(class)), class.String())
		}
	}
	for _, sink := range value.sinks() {
		counter(sinkDroppedDesc, float64(sink.Dropped), sink.Name, "full")
		counter(sinkDroppedDesc, float64(sink.Failed+sink.Panicked), sink.Name, "error")
	}
	for _, list := range value.listStatuses() {
		gauge(listAgeDesc, list.Age(now).Seconds(), list.Name)
		gauge(listEntriesDesc, float64(list.Entries), list.Name)
		counter(listRefusedDesc, float64(list.Refused), list.Name)
		gauge(listLeavingDesc, float64(list.Leaving), list.Name)
		gauge(listFailuresDesc, float64(list.Failures), list.Name)
		gauge(listInfoDesc, 1, list.Name, list.Source, string(list.Format))
	}
	collectGeo(value, gauge, counter)
	for _, notice := range value.health.standing() {
		gauge(healthDesc, 1, notice.Notice)
	}
}

// sender sends a value with its labels.
type sender = func(d *prometheus.Desc, v float64, labels ...string)

// collectGeo sends what there is of every database. Files are named by the
// configuration.
func collectGeo(value *state, gauge, counter sender) {
	for _, db := range value.geoStatuses() {
		usable := 0.0
		if db.LastError == "" && !db.LoadedAt.IsZero() {
			usable = 1
		}
		gauge(geoUsableDesc, usable, db.File)
		if !db.Built.IsZero() {
			gauge(geoBuiltDesc, float64(db.Built.Unix()), db.File)
		}
		counter(geoRefusedDesc, float64(db.Refused), db.File)
	}
}

// collectSites sends what there is of every site.
func collectSites(value *state, now time.Time, gauge, counter sender) {
	for _, site := range value.detector.Status(now) {
		for _, r := range site.Regrets {
			counter(regretDesc, float64(r.Total), site.Site, r.Rule)
		}
		for filter, n := range site.Overrun {
			counter(overrunDesc, float64(n), site.Site, filter)
		}
		failing := 0
		for _, m := range site.Machines {
			if !m.Failing.IsZero() {
				failing++
			}
		}
		gauge(machinesDesc, float64(len(site.Machines)-failing), site.Site, "false")
		gauge(machinesDesc, float64(failing), site.Site, "true")
	}
	for site, w := range value.watches.all() {
		open, opened := w.incidents.Counts()
		gauge(incidentsOpenDesc, float64(open), site)
		for detection, n := range opened {
			counter(incidentsDesc, float64(n), site, string(detection))
		}
	}
}
