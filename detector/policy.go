package detector

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	limiter "github.com/ulule/limiter/v3"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// gentleFactor is by how much the thresholds are raised on routes that were
// found automatically and have not graduated, and gentleBan the longest
// sanction there: a misread route must not lock customers out on the first
// day.
const (
	gentleFactor = 10
	gentleBan    = 10 * time.Minute
)

// Policy is a site's configuration made ready for the request path. It is
// immutable and safe for concurrent use; each configuration has its own, so
// that a request under way keeps the policy it began with.
type Policy struct {
	config     config.Site
	limits     []limitRule
	answers    []config.Policy
	thresholds config.Thresholds
	tightened  config.Thresholds
	observing  bool // some line only observes
}

// limitRule is one `limit` line.
type limitRule struct {
	config.Limit
	name, reason string
	rate         limiter.Rate
}

// NewPolicy makes site ready. lists are the names of the address lists that
// `on` lines may name.
func NewPolicy(site config.Site, lists []string) (*Policy, error) {
	site = site.WithDefaults()
	if err := site.Validate(lists); err != nil {
		return nil, err
	}
	p := &Policy{config: site, answers: site.Policies, thresholds: site.Thresholds, tightened: tightened(site.Thresholds)}
	p.observing = slices.ContainsFunc(p.answers, func(l config.Policy) bool { return l.Observe })
	for _, l := range site.Limits {
		p.limits = append(p.limits, limitRule{
			Limit:  l,
			name:   "limit " + l.String(),
			reason: fmt.Sprintf("the line `limit %s` is used up", l.String()),
			rate:   limiter.Rate{Period: l.Rate.Window.Std(), Limit: int64(l.Rate.N)},
		})
	}
	return p, nil
}

// Site returns the configuration with its defaults.
func (p *Policy) Site() config.Site { return p.config }

// detection returns the answer to a detection on class, and the length of the
// first sanction. The line for the class wins over the line without one.
// Whether the answer is carried out is for observes to say.
func (p *Policy) detection(name config.Detection, class config.Class) (config.Answer, time.Duration) {
	answer, length := config.AnswerLimit, p.thresholds.Ban.Std()
	if name == config.Attack || name == config.ResetFlood {
		answer = config.AnswerChallenge
	}
	if name == config.MissingCredentials {
		answer = config.AnswerBlock
	}
	if line := p.line(string(name), class); line != nil {
		answer = cmp.Or(line.Answer, answer)
		if line.For > 0 {
			length = line.For.Std()
		}
	}
	return p.withoutChallenge(answer), length
}

// observes reports whether the operator wants the answer to a detection told and
// not carried out.
func (p *Policy) observes(on string, class config.Class) bool {
	line := p.line(on, class)
	return line != nil && line.Observe
}

// withoutChallenge is the answer where `challenge off` is written.
func (p *Policy) withoutChallenge(answer config.Answer) config.Answer {
	if answer == config.AnswerChallenge && p.config.ChallengeOff {
		return config.AnswerLimit
	}
	return answer
}

// listAnswer is what is answered to a listed source; the zero value is nothing.
type listAnswer struct {
	config.Answer
	observed bool // it is only told
	written  bool // by the operator
}

func (p *Policy) answerOf(line *config.Policy) listAnswer {
	return listAnswer{p.withoutChallenge(line.Answer), line.Observe, true}
}

// list returns what is answered to an attempt of class from a listed source: by
// the line for every request, and by the one for the class. A line without a class
// is for logins and signups. Where none is written the source is tightened, and
// for logins and signups from Tor challenged; nobody is limited by that default,
// so without challenges they are tightened, too. ClassNone asks for requests that
// are no attempts: only a line for `all` speaks about them.
func (p *Policy) list(name string, class config.Class) (answers [2]listAnswer) {
	if all := p.line(name, config.ClassAll); all != nil && all.Class == config.ClassAll {
		answers[0] = p.answerOf(all)
	}
	if class == config.ClassNone {
		return answers
	}
	entry := class == config.ClassLogin || class == config.ClassSignup
	if line := p.line(name, class); line != nil && (line.Class != "" || entry) {
		answers[1] = p.answerOf(line)
	}
	switch {
	case answers[0].written || answers[1].written:
	case name == config.ListTor && entry && !p.config.ChallengeOff:
		answers[1].Answer = config.AnswerChallenge
	default:
		answers[1].Answer = config.AnswerTighten
	}
	return answers
}

// countries returns the lines that speak about a class, the one for every
// request first: up to two.
func (p *Policy) countries(class config.Class) (lines [2]*config.Country) {
	for i := range p.config.Countries {
		line := &p.config.Countries[i]
		switch {
		case line.Class == config.ClassAll:
			lines[0] = line
		case class == config.ClassNone:
		case line.Class == class:
			lines[1] = line
		case line.Class == "" && lines[1] == nil && (class == config.ClassLogin || class == config.ClassSignup):
			lines[1] = line
		}
	}
	return lines
}

// country is what a line says to a source from a country it does not let in.
func (p *Policy) country(line *config.Country, code [2]byte) Verdict {
	return Verdict{
		Answer: p.withoutChallenge(cmp.Or(line.Answer, config.AnswerBlock)), Rule: RuleCountry, Axis: config.AxisSource,
		Reason: Reason{text: fmt.Sprintf("the source is in %s, from where the line `%s` lets nobody in", code[:], clipLine(line.String()))},
	}
}

// RuleCountry is the rule of verdicts by a `country` line.
const RuleCountry = "country"

// clipLine bounds a line that is shown: one may name two hundred countries.
func clipLine(text string) string {
	const most = 60
	if len(text) > most {
		return text[:most] + " …"
	}
	return text
}

// JudgesCountries reports whether a line refuses requests of any kind by country.
func (p *Policy) JudgesCountries() bool {
	return slices.ContainsFunc(p.config.Countries, func(c config.Country) bool { return c.Class == config.ClassAll && !c.Observe })
}

func (p *Policy) line(name string, class config.Class) (found *config.Policy) {
	for i := range p.answers {
		line := &p.answers[i]
		if line.On != name {
			continue
		}
		if line.Class == class {
			return line
		}
		if line.Class == "" {
			found = line
		}
	}
	return found
}

// RefusesEverybody returns the names of the lists whose sources are refused
// for every request, attempt or not. Usually none.
func (p *Policy) RefusesEverybody() (names []string) {
	for _, line := range p.answers {
		if line.Class == config.ClassAll && !line.Answer.LetsThrough() && !line.Observe {
			names = append(names, line.On)
		}
	}
	return names
}

func (l *limitRule) counts(class config.Class, path string) bool {
	if l.Path == "" {
		return l.Class.Covers(class)
	}
	path, _, _ = strings.Cut(path, "#") // without the operation
	return recognize.PathMatches(l.Path, path)
}
