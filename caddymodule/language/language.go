// Package language chooses the language of the pages that the edge itself
// shows, by Accept-Language (RFC 9110 §12.5.4).
package language

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	xlanguage "golang.org/x/text/language"
)

// Fallback is the language of whoever wants none that there is.
const Fallback = "en"

// maxAccept is how much of Accept-Language is read. Real ones are shorter;
// parsing is quadratic in the worst case (CVE-2022-32149).
const maxAccept = 256

// Choice chooses among a fixed set of languages. It is safe for concurrent use.
type Choice struct {
	known   map[string]bool
	tags    []xlanguage.Tag // the fallback first, as the matcher wants it
	matcher xlanguage.Matcher
}

// Among returns the choice among languages, given as BCP 47 tags of a language
// alone, such as "de". [Fallback] always belongs to them. A tag that is none
// panics: the set is part of the program.
func Among(tags ...string) *Choice {
	c := &Choice{known: map[string]bool{Fallback: true}, tags: []xlanguage.Tag{xlanguage.MustParse(Fallback)}}
	for _, tag := range tags {
		if !c.known[tag] {
			c.known[tag] = true
			c.tags = append(c.tags, xlanguage.MustParse(tag))
		}
	}
	c.matcher = xlanguage.NewMatcher(c.tags)
	return c
}

// Best returns the tag that fits an Accept-Language header best, [Fallback] when
// none does.
func (c *Choice) Best(accept string) string {
	if tag := c.firstChoice(accept); tag != "" {
		return tag
	}
	if len(accept) > maxAccept {
		accept = accept[:maxAccept]
		accept = accept[:max(strings.LastIndexByte(accept, ','), 0)]
	}
	wanted, _, err := xlanguage.ParseAcceptLanguage(accept) // by weight, without those of zero
	if err != nil {
		return Fallback
	}
	_, index, confidence := c.matcher.Match(wanted...)
	if confidence == xlanguage.No {
		return Fallback
	}
	return c.tags[index].String()
}

// firstChoice spares most requests the matcher: a first language without a
// weight is the most wanted one, and usually there are texts for it.
func (c *Choice) firstChoice(accept string) string {
	const longest = 16
	first, _, _ := strings.Cut(accept[:min(len(accept), longest)], ",")
	if len(first) == longest || strings.Contains(first, ";") {
		return ""
	}
	base, _, _ := strings.Cut(strings.TrimSpace(first), "-")
	base = strings.ToLower(base)
	if !c.known[base] {
		return ""
	}
	return base
}

// Read reads the texts of all languages from the files TAG.json of an embedded
// folder, and returns them by tag with the choice among them. A mistake in them
// cannot be an operator's, so it panics; tests read all of it.
func Read[T any](files embed.FS, folder string) (map[string]*T, *Choice) {
	entries, err := files.ReadDir(folder)
	if err != nil {
		panic(fmt.Sprintf("reading embedded texts: %v", err))
	}
	byTag := make(map[string]*T, len(entries))
	tags := make([]string, 0, len(entries))
	for _, entry := range entries {
		content, err := files.ReadFile(path.Join(folder, entry.Name()))
		texts := new(T)
		if err == nil {
			err = json.Unmarshal(content, texts)
		}
		if err != nil {
			panic(fmt.Sprintf("reading embedded texts %s: %v", entry.Name(), err))
		}
		tag := strings.TrimSuffix(entry.Name(), ".json")
		byTag[tag] = texts
		tags = append(tags, tag)
	}
	return byTag, Among(tags...)
}
