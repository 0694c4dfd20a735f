package recognizer

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/recognize"
)

// answerVariant is what a route may say about answers.
type answerVariant struct {
	success, failure, unknown []config.Condition
}

// maxAlternatives is how many values a suggested condition has at most: more
// of them are no rule.
const maxAlternatives = 4

// answerVariants lists what may be said, the most first, nothing last. Only
// what success and failure do not share tells them apart. A failure alone is
// enough: all other outcomes are then read automatically.
func (g *group) answerVariants() []answerVariant {
	var list []answerVariant
	if len(g.doubted) > 0 {
		doubted := condition(config.PartStatus, g.doubted)
		if bad := g.values(recognize.Failure, statusOf); len(bad) > 0 && apart(g.doubted, bad) {
			list = append(list, answerVariant{failure: condition(config.PartStatus, bad), unknown: doubted})
		}
		return append(list, answerVariant{unknown: doubted})
	}
	switch open := condition(config.PartStatus, g.values(recognize.Unknown, statusOf)); g.guess() {
	case recognize.Success:
		list = append(list, answerVariant{success: open})
	case recognize.Failure:
		list = append(list, answerVariant{failure: open})
	}
	good, bad := g.values(recognize.Success, statusOf), g.values(recognize.Failure, statusOf)
	if apart(good, bad) {
		failure := condition(config.PartStatus, bad)
		if g.scheme == "" && g.token.From != config.PlaceBearer { // credentials in a header are accepted with whatever the page answers
			list = append(list, answerVariant{success: condition(config.PartStatus, good), failure: failure})
		}
		list = append(list, answerVariant{failure: failure})
	}
	good, bad = g.values(recognize.Success, targetOf), g.values(recognize.Failure, targetOf)
	if apart(good, bad) {
		list = append(list, answerVariant{failure: condition(config.PartRedirect, bad)})
	}
	return append(list, answerVariant{})
}

// guess says what the unknown outcomes of a group are most likely, "" for
// nothing: when only failures are known, and all unknown answers have statuses
// that no failure has, they are the successes; and the other way round. That is
// for the operator to confirm, and the notes say so.
func (g *group) guess() recognize.Result {
	if len(g.doubted) > 0 || g.kind != config.KindLogin && g.kind != config.KindSignup && g.kind != config.KindMFA {
		return ""
	}
	good, bad := g.values(recognize.Success, statusOf), g.values(recognize.Failure, statusOf)
	open := g.values(recognize.Unknown, statusOf)
	within := func(classes string) bool {
		return !slices.ContainsFunc(open, func(status string) bool { return !strings.Contains(classes, status[:1]) })
	}
	switch {
	case len(good) == 0 && apart(bad, open) && within("23"):
		return recognize.Success
	case len(bad) == 0 && apart(good, open) && within("24"):
		return recognize.Failure
	}
	return ""
}

// values collects what the answers of an outcome have at some place, sorted; a
// "" among them is an answer that has nothing there.
func (g *group) values(r recognize.Result, of func(*recognize.Response) string) []string {
	set := map[string]bool{}
	for _, s := range g.steps {
		if s.Outcome == r {
			set[of(&s.entry.Response)] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

func statusOf(r *recognize.Response) string { return strconv.Itoa(r.Status) }

// targetOf is the path an answer redirects to.
func targetOf(r *recognize.Response) string {
	u, err := url.Parse(r.Header.Get("Location"))
	if err != nil || r.Status/100 != 3 || strings.Contains(u.Path, "*") || !writable(u.Path) {
		return ""
	}
	return u.Path
}

// apart reports whether both were seen and share nothing.
func apart(good, bad []string) bool {
	if len(good) == 0 || len(bad) == 0 || len(bad) > maxAlternatives || slices.Contains(bad, "") {
		return false
	}
	return !slices.ContainsFunc(good, func(v string) bool { return slices.Contains(bad, v) })
}

func condition(of config.Part, values []string) []config.Condition {
	return []config.Condition{{{Of: of, Values: values}}}
}
