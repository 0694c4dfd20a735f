package refusal

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/doorward/doorward/config"
)

// speech is everything a refusal says, in one language.
type speech struct {
	Lang, Dir string
	Title     string
	What      string   // what happened
	Unchecked string   // that nothing was judged
	Until     string   // until when
	Machine   string   // the end as RFC 3339, empty when there is none
	Todo      string   // heading of Advice
	Advice    []string // what to do now
	ID        string   // the sentence with the id, empty without one
}

// speak puts n into words.
func (n Notice) speak(m *messages) speech {
	s := speech{Lang: m.tag, Dir: m.Dir, Title: m.TitleLimit, What: m.limited(n.Class), Unchecked: m.InputUnchecked, Todo: m.Todo}
	if n.Status == http.StatusForbidden {
		s.Title, s.What = m.TitleBlock, m.blocked(n.Class)
	}
	if n.Class == config.ClassLogin {
		s.Unchecked = m.PasswordUnchecked
	}
	s.Until, s.Machine = n.end(m)
	s.Advice = append(s.Advice, m.Network)
	if n.Class == config.ClassLogin || n.Class == config.ClassMFA {
		s.Advice = append(s.Advice, m.Reset) // refused only by ClassReset and ClassAll
	}
	if n.Contact != "" {
		s.Advice = append(s.Advice, fill(m.Contact, "{contact}", m.isolate(n.Contact)))
	} else {
		s.Advice = append(s.Advice, m.Ask)
	}
	if n.ID != "" {
		s.ID = fill(m.ID, "{id}", m.isolate(n.ID))
	}
	return s
}

func (m *messages) limited(c config.Class) string {
	switch c {
	case config.ClassLogin, config.ClassMFA:
		return m.LimitLogin
	case config.ClassSignup:
		return m.LimitSignup
	case config.ClassReset:
		return m.LimitReset
	default:
		return m.LimitAll
	}
}

func (m *messages) blocked(c config.Class) string {
	switch c {
	case config.ClassLogin, config.ClassMFA:
		return m.BlockLogin
	case config.ClassSignup:
		return m.BlockSignup
	case config.ClassReset:
		return m.BlockReset
	default:
		return m.BlockAll
	}
}

// end says until when, to the minute and rounded up, so that whoever comes back
// at that time is not too early. Up to three hours it counts minutes, then hours.
func (n Notice) end(m *messages) (text, machine string) {
	const minutesUpTo = 180
	seconds := n.seconds()
	if seconds == 0 {
		if n.Status == http.StatusForbidden {
			return m.NoEnd, ""
		}
		return m.Later, ""
	}
	until := n.Until.UTC()
	if t := until.Truncate(time.Minute); t.Before(until) {
		until = t.Add(time.Minute)
	}
	left := fill(m.Minutes, "{n}", strconv.FormatInt((seconds+59)/60, 10))
	if seconds > minutesUpTo*60 {
		left = fill(m.Hours, "{n}", strconv.FormatInt((seconds+3599)/3600, 10))
	}
	text = fill(m.Until, "{time}", m.isolate(until.Format("2006-01-02 15:04 UTC")))
	return fill(text, "{left}", m.isolate(left)), until.Format(time.RFC3339)
}

// isolate keeps text of another direction from being shuffled into a sentence
// that runs from right to left (Unicode UAX #9: first strong isolate; a date is
// given its direction explicitly, having no letter at its start).
func (m *messages) isolate(s string) string {
	if m.Dir != "rtl" {
		return s
	}
	if s[0] >= '0' && s[0] <= '9' && strings.HasSuffix(s, "UTC") {
		return "\u2066" + s + "\u2069"
	}
	return "\u2068" + s + "\u2069"
}

// fill replaces the first placeholder only: what is put in is not looked at.
func fill(text, placeholder, value string) string {
	return strings.Replace(text, placeholder, value, 1)
}
