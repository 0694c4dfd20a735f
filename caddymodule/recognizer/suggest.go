package recognizer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// SiteSuggestion are the routes that would pin down what was recognised
// automatically on one host.
type SiteSuggestion struct {
	Host string
	// Routes are in the order in which they must be declared.
	Routes []config.Route
	// Notes say what is left to the automatic mode and why, and what the
	// session did not show.
	Notes []string
}

// Suggest proposes routes for a session, by host in the order of their first
// attempts. Nothing is proposed that was declared already.
//
// Every route is tried on the session: it stays only if every attempt keeps its
// kind, its identity and its outcome, unless that was unknown and is plain from
// the others, and if it takes no other entry. What a
// route says about fields and answers is left out as far as it would change
// something. Declared means believed, so the operator should read the lines:
// they know no answer that the session does not hold.
//
// Who has the whole session knows more than who has one answer. So a route may
// also take entries that were recognised as no attempts, or as another outcome:
// requests that were incomplete or refused as not found where others were answered
// (adopt), successes that cannot all be some (doubt), tokens (tokens) and mailed
// links that create an account (mailed). The notes say so.
func Suggest(s *Session) []SiteSuggestion {
	hosts := s.hosts()
	sites := make([]SiteSuggestion, 0, len(hosts))
	for _, host := range hosts {
		groups := s.groups(host)
		for settling := true; settling; {
			slices.SortStableFunc(groups, func(a, b *group) int { return a.width() - b.width() })
			settling = s.settleOne(host, groups)
		}
		leaveHidden(groups)
		site := SiteSuggestion{Host: host}
		for _, g := range groups {
			site.Notes = append(site.Notes, g.notes()...)
			if g.left == "" {
				site.Routes = append(site.Routes, g.route)
			}
		}
		sites = append(sites, site)
	}
	return sites
}

// pinnable reports whether a step was recognised automatically.
func (s *step) pinnable() bool { return s.attempt() && s.found.Declared == nil }

func (s *Session) hosts() []string {
	var hosts []string
	for i := range s.steps {
		if host := s.steps[i].entry.Request.Host; s.steps[i].pinnable() && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// group is a place where attempts of one kind arrive, and what is suggested
// for it.
type group struct {
	groupKey
	steps []*step
	route config.Route
	// left says why the group is left to the automatic mode, "" when it is not.
	left string
	// doubted are the statuses of answers that tell nothing.
	doubted []string
	// remarks are for the notes.
	remarks []string
}

// owns reports whether an entry is one of the group, or a copy of it is.
func (g *group) owns(s *step) bool {
	return slices.ContainsFunc(g.steps, func(o *step) bool { return o.Entry == s.Entry })
}

type groupKey struct {
	kind          config.Kind
	method, place string
	// scheme is that of an Authorization header; such credentials arrive
	// anywhere, so method and place are empty, unless the answers of one place
	// are doubted.
	scheme recognize.Format
	// token is where a token stands that nothing else comes with.
	token config.Field
}

func (s *Session) groupKey(one *step) groupKey { return one.groupKey(s.doubtful(one)) }

func (s *step) groupKey(doubtful bool) groupKey {
	if s.inHeader() && doubtful {
		return groupKey{kind: s.Kind, scheme: s.found.Format, method: s.entry.Request.Method, place: s.entry.Request.Path}
	}
	if s.inHeader() {
		return groupKey{kind: s.Kind, scheme: s.found.Format}
	}
	return groupKey{kind: s.Kind, method: s.entry.Request.Method, place: s.found.Route}
}

// groups gathers the attempts at a host and makes a route of each group. The
// narrower route comes first, that of an Authorization header last.
func (s *Session) groups(host string) []*group {
	byKey := map[groupKey]*group{}
	var list []*group
	for i := range s.steps {
		one := &s.steps[i]
		if !one.pinnable() || one.entry.Request.Host != host {
			continue
		}
		key := s.groupKey(one)
		if byKey[key] == nil {
			byKey[key] = &group{groupKey: key}
			list = append(list, byKey[key])
		}
		byKey[key].steps = append(byKey[key].steps, one)
	}
	for _, g := range list {
		s.adopt(g)
		s.doubt(g)
	}
	list = append(list, s.tokens(host, list)...)
	for _, g := range list {
		g.tellApart(list)
		g.declare(s.player)
	}
	return list
}

// width orders routes: exact paths, then prefixes, the longer first; of the same
// paths those that look at fields first.
func (g *group) width() int {
	const widest = 1 << 20
	width := 0
	switch prefix, open := strings.CutSuffix(g.route.Path, "*"); {
	case g.anywhere():
		width = widest
	case open:
		width = widest - 2*len(prefix) - 2
	}
	return width - min(len(g.route.When), 1)
}

// declare makes the route of the group.
func (g *group) declare(p *Player) {
	g.route.Kind, g.route.Method = g.kind, g.method
	if g.left = g.findPath(); g.left != "" {
		return
	}
	for _, fields := range g.fieldVariants() {
		for _, answers := range g.answerVariants() {
			r := g.route
			r.Identifiers, r.Password = fields.identifiers, fields.password
			r.Success, r.Failure, r.Unknown = answers.success, answers.failure, answers.unknown
			if r.Validate() == nil && !slices.ContainsFunc(g.steps, func(s *step) bool { return !p.agrees(s, &r, g.guess()) }) {
				g.route = r
				if g.operation() && !g.narrow(p, nil) {
					g.left = "its address serves several operations, and no field names this one"
				}
				return
			}
		}
	}
	g.left = "a declared route would read some of the entries otherwise"
}

// findPath sets the path of the route, or says why there is none.
func (g *group) findPath() string {
	path, _, _ := strings.Cut(g.place, "#") // operations of one address are told apart by fields
	switch before, _, varies := strings.Cut(path, "*"); {
	case g.anywhere():
		path = g.commonDirectory() + "*"
		if !slices.ContainsFunc(g.steps, func(s *step) bool { return s.facts.Challenges || s.Outcome == recognize.Failure }) &&
			g.guess() != recognize.Failure {
			return "nothing here was seen to ask for the credentials"
		}
	case varies && before == "/":
		return "its addresses have no common beginning"
	case varies:
		path = before + "*"
	}
	if !writable(path) || config.ValidatePath(path) != nil {
		return "its path cannot be written in a Caddyfile"
	}
	g.route.Path = path
	return ""
}

// anywhere tells that the credentials come with requests to any path.
func (g *group) anywhere() bool { return g.scheme != "" && g.place == "" }

func (g *group) commonDirectory() string {
	common := g.steps[0].entry.Request.Path
	for _, s := range g.steps[1:] {
		for !strings.HasPrefix(s.entry.Request.Path, common) {
			common = common[:len(common)-1]
		}
	}
	return common[:strings.LastIndexByte(common, '/')+1]
}

// agrees reports whether the route reads a step as it was read without, or an
// unknown outcome as guess.
func (p *Player) agrees(s *step, r *config.Route, guess recognize.Result) bool {
	if !recognize.RouteMatches(&s.entry.Request, r) {
		return false
	}
	again := *s
	found, ok := p.find(&s.entry.Request, r, nil)
	if again.found = found; s.adopted {
		return ok && found.Declared == r && recognize.Classify(p.exchange(&again)).Result == s.Outcome
	}
	if !ok || found.Kind != s.found.Kind || len(found.Secrets) != len(s.found.Secrets) {
		return false
	}
	if len(found.Identities) != len(s.found.Identities) || found.Missing != s.found.Missing {
		return false
	}
	for i := range found.Identities {
		if !found.Identities[i].Equal(s.found.Identities[i]) {
			return false
		}
	}
	was := s.Outcome
	if s.repeat {
		was = recognize.Success
	}
	got := recognize.Classify(p.exchange(&again)).Result
	return got == was || was == recognize.Unknown && got == guess
}

// settleOne looks for a group whose route takes an entry that is not its own,
// and narrows the route down or leaves the group to the automatic mode. It
// reports whether there was one.
func (s *Session) settleOne(host string, groups []*group) bool {
	for i := range s.steps {
		one := &s.steps[i]
		if one.entry.Request.Host != host || one.found.Declared != nil {
			continue
		}
		g := s.player.takenBy(groups, &one.entry.Request)
		if g == nil || g.owns(one) || one.repeat && s.player.agrees(one, &g.route, "") {
			continue
		}
		if !g.narrow(s.player, s.strangers(host, g)) {
			g.left = "other requests have the same method and path, and no field tells them apart"
		}
		return true
	}
	return false
}

// strangers are the entries at a host that the route of a group would take
// though they are not its own.
func (s *Session) strangers(host string, g *group) []*step {
	var list []*step
	for i := range s.steps {
		one := &s.steps[i]
		if one.entry.Request.Host == host && !g.owns(one) && s.player.takes(&g.route, &one.entry.Request) {
			list = append(list, one)
		}
	}
	return list
}

func (p *Player) takenBy(groups []*group, r *recognize.Request) *group {
	for _, g := range groups {
		if g.left == "" && p.takes(&g.route, r) {
			return g
		}
	}
	return nil
}

// notes are the remarks about a group.
func (g *group) notes() []string {
	name := g.name()
	if g.token.From != "" && g.left != "" {
		return nil // it was none of the attempts
	}
	var notes []string
	for _, remark := range g.remarks {
		notes = append(notes, name+": "+remark)
	}
	if g.left != "" {
		notes = append(notes, name+" is left to the automatic mode: "+g.left)
	}
	return append(notes, g.outcomeNotes(name)...)
}

// name is how the remarks call the group.
func (g *group) name() string {
	name := word(g.kind) + " " + strings.TrimSpace(g.method+" "+g.place)
	if g.scheme != "" {
		name = word(g.kind) + " by " + string(g.scheme)
	}
	if !writable(name) {
		name = word(g.kind)
	}
	return name
}

// outcomeNotes are the remarks about the outcomes of a group.
func (g *group) outcomeNotes(name string) (notes []string) {
	seen := map[recognize.Result]int{}
	for _, s := range g.steps {
		seen[s.Outcome]++
	}
	if n := seen[recognize.Unknown]; n > 0 && len(g.doubted) == 0 {
		advice := "describe the answers by `success` and `failure`"
		if guess := g.guess(); guess != "" && g.left == "" && len(g.route.Success)+len(g.route.Failure) > 0 {
			advice = fmt.Sprintf("taken for %s by a status that no other outcome has: check that", guess)
		}
		notes = append(notes, fmt.Sprintf("%s: %d of %d outcomes are unknown; %s", name, n, len(g.steps), advice))
	}
	if g.kind != config.KindLogin && g.kind != config.KindSignup || g.token.From != "" || len(g.doubted) > 0 {
		return notes
	}
	for _, r := range results {
		if seen[r] == 0 && (g.left != "" || r != g.guess()) {
			notes = append(notes, fmt.Sprintf("%s: no %s was recorded, so its answer is not declared", name, r))
		}
	}
	return notes
}
