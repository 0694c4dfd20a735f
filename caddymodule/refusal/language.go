package refusal

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"sync"

	xlanguage "golang.org/x/text/language"
)

// maxAcceptLanguage is how much of Accept-Language is read. Real ones are
// shorter; parsing is quadratic in the worst case (CVE-2022-32149).
const maxAcceptLanguage = 256

//go:embed messages/*.json
var messageFiles embed.FS

// messages are the texts of one language. The placeholders are {time} and
// {left} in until, {n} in minutes and hours, {contact} and {id}.
type messages struct {
	tag string

	Dir string `json:"dir"` // ltr or rtl

	TitleLimit string `json:"title_limit"`
	TitleBlock string `json:"title_block"`

	LimitLogin  string `json:"limit_login"`
	LimitSignup string `json:"limit_signup"`
	LimitReset  string `json:"limit_reset"`
	LimitAll    string `json:"limit_all"`

	BlockLogin  string `json:"block_login"`
	BlockSignup string `json:"block_signup"`
	BlockReset  string `json:"block_reset"`
	BlockAll    string `json:"block_all"`

	PasswordUnchecked string `json:"password_unchecked"`
	InputUnchecked    string `json:"input_unchecked"`

	Until   string `json:"until"`
	Later   string `json:"later"`
	NoEnd   string `json:"no_end"`
	Minutes string `json:"minutes"`
	Hours   string `json:"hours"`

	Todo    string `json:"todo"`
	Network string `json:"network"`
	Reset   string `json:"reset"`
	Contact string `json:"contact"`
	Ask     string `json:"ask"`
	ID      string `json:"id"`
}

const fallback = "en"

// catalogue is the embedded texts with what chooses among them.
type catalogue struct {
	byTag   map[string]*messages
	tags    []xlanguage.Tag // the fallback first, as the matcher wants it
	matcher xlanguage.Matcher
}

// texts reads the catalogue when the first request is refused. It is part of
// the program: a mistake in it cannot be an operator's, and the tests read all
// of it.
var texts = sync.OnceValue(func() *catalogue {
	c := &catalogue{byTag: make(map[string]*messages), tags: []xlanguage.Tag{xlanguage.MustParse(fallback)}}
	files, err := messageFiles.ReadDir("messages")
	if err != nil {
		panic(fmt.Sprintf("reading embedded messages: %v", err))
	}
	for _, f := range files {
		m := &messages{tag: strings.TrimSuffix(f.Name(), ".json")}
		content, err := messageFiles.ReadFile(path.Join("messages", f.Name()))
		if err == nil {
			err = json.Unmarshal(content, m)
		}
		if err != nil {
			panic(fmt.Sprintf("reading embedded messages of %s: %v", f.Name(), err))
		}
		c.byTag[m.tag] = m
		if m.tag != fallback {
			c.tags = append(c.tags, xlanguage.MustParse(m.tag))
		}
	}
	c.matcher = xlanguage.NewMatcher(c.tags)
	return c
})

// language returns the texts in the language that fits an Accept-Language
// header best, in English when none does.
func language(accept string) *messages {
	c := texts()
	if m := c.firstChoice(accept); m != nil {
		return m
	}
	if len(accept) > maxAcceptLanguage {
		accept = accept[:maxAcceptLanguage]
		accept = accept[:max(strings.LastIndexByte(accept, ','), 0)]
	}
	wanted, _, err := xlanguage.ParseAcceptLanguage(accept) // by weight, without those of zero
	if err != nil {
		return c.byTag[fallback]
	}
	_, index, confidence := c.matcher.Match(wanted...)
	if confidence == xlanguage.No {
		return c.byTag[fallback]
	}
	return c.byTag[c.tags[index].String()]
}

// firstChoice spares most requests the matcher: a first language without a
// weight is the most wanted one, and usually there are texts for it.
func (c *catalogue) firstChoice(accept string) *messages {
	const longest = 16
	first, _, _ := strings.Cut(accept[:min(len(accept), longest)], ",")
	if len(first) == longest || strings.Contains(first, ";") {
		return nil
	}
	base, _, _ := strings.Cut(strings.TrimSpace(first), "-")
	return c.byTag[strings.ToLower(base)]
}
