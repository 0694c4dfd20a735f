package caddymodule

import (
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector"
	"github.com/doorward/doorward/detector/geo"
)

// locate adds to a source what the databases know of it: country, provider, and
// the kinds of its network among its lists. It is asked for attempts only, and
// for all requests where a line for `all` needs it.
func (s *state) locate(src *detector.Source) (place geo.Place) {
	book := s.geo.Load()
	if book == nil || !book.Active() {
		return place
	}
	place = book.Lookup(src.Addr)
	src.Country, src.ASN = place.Country, place.ASN
	for kind := range place.Kinds.All() {
		if !slices.Contains(src.Lists, kind) && (kind != config.ListTor || s.knowsTor()) {
			src.Lists = append(src.Lists, kind)
		}
	}
	return place
}

// knowsTor reports whether Tor is not switched off in the configuration that
// holds.
func (s *state) knowsTor() bool {
	app := s.app.Load()
	return app != nil && !app.cfg.TorOff
}

// warnGeo tells at load which database cannot be used. It is no error: a machine
// whose updater failed must still start its sites.
func (a *App) warnGeo() {
	for _, path := range a.geo {
		if err := geo.Check(path); err != nil {
			a.log.Error("a database of countries and networks cannot be used; everything else works, and it is taken into use when it can be",
				zap.String("file", path), zap.Error(err))
		}
	}
}

// needsCountries refuses lines that could never hold.
func (h *Handler) needsCountries() error {
	if len(h.Countries) > 0 && len(h.app.cfg.Geo) == 0 {
		return fmt.Errorf("%s: countries are known from a database only; write `geo /var/lib/GeoIP/GeoLite2-Country.mmdb` into the global option doorward", h.Countries[0])
	}
	return nil
}

// guardsPlaces reports whether every request needs to be located.
func (h *Handler) guardsPlaces() bool {
	return h.policy.JudgesCountries() ||
		len(h.app.cfg.Geo) > 0 && slices.ContainsFunc(h.denied, func(name string) bool { return slices.Contains(geo.KindNames(), name) })
}

// geoStatuses returns the state of the databases.
func (s *state) geoStatuses() []geo.Status {
	book := s.geo.Load()
	if book == nil {
		return nil
	}
	return book.Statuses()
}

// checkGeo looks for databases that cannot be used or are old.
func (s *state) checkGeo(now time.Time) {
	unusable, old := "", ""
	for _, db := range s.geoStatuses() {
		if db.LastError != "" && unusable == "" {
			unusable = db.File + ": " + db.LastError
		}
		if db.Stale(now) && old == "" {
			old = db.File
		}
	}
	s.health.setAbout("geo_unusable", unusable)
	s.health.setAbout("geo_old", old)
}
