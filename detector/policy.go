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
	p := &Policy{config: site, answers: site.Policies, thresholds: site.Thresholds}
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

// observes reports whether the operator wants the answer to a detection or a
// list told and not carried out.
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

// list returns the answer to an attempt of class from a listed source. The
// default is to tag it. ClassNone asks for requests that are no attempts:
// only a line for `all` speaks about them.
func (p *Policy) list(name string, class config.Class) config.Answer {
	for i := range p.answers {
		if line := &p.answers[i]; line.On == name && line.Class == config.ClassAll {
			return p.withoutChallenge(line.Answer)
		}
	}
	if class == config.ClassNone {
		return config.AnswerAllow
	}
	if line := p.line(name, class); line != nil && (line.Class != "" || class == config.ClassLogin || class == config.ClassSignup) {
		return p.withoutChallenge(line.Answer)
	}
	return config.AnswerTag
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
