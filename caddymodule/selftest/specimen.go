package selftest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// specimenHost is a name that nobody has (RFC 2606).
const specimenHost = "selftest.invalid"

// specimen is a request made of a route's own declaration.
type specimen struct {
	request recognize.Request
	route   *config.Route
	// submitted is what stands where each declared identifier is, by its name.
	submitted map[string]string

	segments []string
	header   http.Header
	query    url.Values
	body     document
	json     bool
	userInfo string // for Basic and Digest
}

// specimenOf makes a request that declares itself as route says. The second
// value tells why none could be made, "" when one was.
func specimenOf(route *config.Route) (specimen, string) {
	s := specimen{route: route, submitted: map[string]string{}, header: http.Header{}, query: url.Values{}, body: document{}}
	s.json = s.anywhere(config.PlaceJSON)
	s.segments = segmentsOf(route)
	s.narrow(true)
	for i, f := range route.Identifiers {
		value := s.put(f, fmt.Sprintf("selftest%d@example.com", i+1))
		s.submitted[f.Name] = value
	}
	if route.Password != nil {
		s.put(*route.Password, "selftest-Secret-1")
	}
	for _, f := range s.usualFields() {
		s.put(config.Field{From: config.PlaceForm, Key: f[0]}, f[1])
	}
	s.narrow(false)
	if s.body.conflict {
		return s, "two of its fields cannot stand in one request"
	}
	s.finish()
	return s, ""
}

// narrow puts the fields that lines `when` ask for: those with a value before
// all others, those that must only be there behind them.
func (s *specimen) narrow(valued bool) {
	for _, m := range s.route.When {
		if valued == (len(m.Values) == 0) || valued && m.Values[0] == "" {
			continue
		}
		s.put(config.Field{From: m.From, Key: m.Key}, filled(m.Values))
	}
}

// anywhere reports whether a declared field has this place.
func (s *specimen) anywhere(place config.Place) bool {
	for _, m := range s.route.When {
		if m.From == place {
			return true
		}
	}
	for _, f := range s.route.Identifiers {
		if f.From == place {
			return true
		}
	}
	return s.route.Password != nil && s.route.Password.From == place
}

// usualFields are the fields of a kind that the declaration leaves to be found
// by their usual names.
func (s *specimen) usualFields() (fields [][2]string) {
	credentials := s.anywhere(config.PlaceBasic) || s.anywhere(config.PlaceDigest) || s.anywhere(config.PlaceBearer)
	if credentials {
		return nil
	}
	kind := s.route.Kind
	user := kind == config.KindLogin || kind == config.KindSignup || kind == config.KindResetRequest
	if len(s.route.Identifiers) == 0 && user {
		fields = append(fields, [2]string{"email", "selftest1@example.com"})
	}
	if s.route.Password != nil {
		return fields
	}
	switch kind {
	case config.KindLogin, config.KindSignup, config.KindReset:
		fields = append(fields, [2]string{"password", "selftest-Secret-1"})
	case config.KindMFA:
		fields = append(fields, [2]string{"code", "123456"})
	case config.KindPasswordChange:
		fields = append(fields, [2]string{"current_password", "selftest-Secret-1"}, [2]string{"new_password", "selftest-Secret-2"})
	}
	return fields
}

// put lays a value where the field is and returns what is there now: of two
// fields in one place both hold what the first put there.
func (s *specimen) put(f config.Field, value string) string {
	switch f.From {
	case config.PlaceForm, config.PlaceJSON:
		return s.body.put(f.Key, value)
	case config.PlaceQuery:
		if old := s.query.Get(f.Key); old != "" {
			return old
		}
		s.query.Set(f.Key, value)
	case config.PlaceHeader:
		if old := s.header.Get(f.Key); old != "" {
			return old
		}
		s.header.Set(f.Key, value)
	case config.PlaceBasic, config.PlaceDigest:
		if s.userInfo == "" {
			s.userInfo = value
		}
		return s.userInfo
	case config.PlaceBearer:
		s.header.Set("Authorization", "Bearer "+value)
	case config.PlacePath:
		n, _ := strconv.Atoi(f.Key)
		return s.segment(n, value)
	case config.PlaceHost:
		return specimenHost
	case config.PlaceValue:
		return f.Key
	}
	return value
}

// segment lays value into segment n, where the declared path leaves it open.
func (s *specimen) segment(n int, value string) string {
	pattern, open := strings.CutSuffix(s.route.Path, "*")
	fixed := strings.Count(pattern, "/")
	if strings.HasSuffix(pattern, "/") {
		fixed--
	}
	if s.route.Path == "" {
		fixed, open = 0, true
	}
	if !open || n <= fixed {
		return value // what is there is the same for everybody, which the caller will notice
	}
	for len(s.segments) < n {
		s.segments = append(s.segments, "x")
	}
	s.segments[n-1] = value
	return value
}

func segmentsOf(route *config.Route) []string {
	path, open := strings.CutSuffix(route.Path, "*")
	if path == "" {
		path = "/selftest"
	}
	if open {
		path += "x"
	}
	return strings.Split(strings.TrimPrefix(path, "/"), "/")
}

// finish puts the request together.
func (s *specimen) finish() {
	r := &s.request
	r.Method, r.Host, r.Header, r.Complete = s.route.Method, specimenHost, s.header, true
	if r.Method == "" {
		r.Method = http.MethodPost
	}
	r.Path = "/" + strings.Join(s.segments, "/")
	s.authorize()
	bodyless := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
	switch {
	case s.json:
		r.Body = s.body.json()
		r.Header.Set("Content-Type", "application/json")
	case bodyless:
		for key, value := range s.body.flat {
			s.query.Set(key, value)
		}
	default:
		r.Body = s.body.form()
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.RawQuery = s.query.Encode()
}

func (s *specimen) authorize() {
	switch {
	case s.anywhere(config.PlaceBasic):
		user := s.userInfo
		if user == "" {
			user = "selftest"
		}
		s.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":selftest-Secret-1")))
	case s.anywhere(config.PlaceDigest):
		s.header.Set("Authorization", fmt.Sprintf(`Digest username=%q, realm="selftest", nonce="n1", uri=%q, qop=auth, nc=00000001, cnonce="c1", response="0123456789abcdef0123456789abcdef"`,
			s.userInfo, s.request.Path))
	}
}
