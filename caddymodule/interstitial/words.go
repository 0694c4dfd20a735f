package interstitial

import (
	"embed"
	"strings"
	"sync"

	"github.com/doorward/doorward/caddymodule/language"
)

//go:embed messages/*.json
var messageFiles embed.FS

// words are the texts of one language. The placeholders are {n}, a number of
// seconds or minutes, {contact} and {id}.
type words struct {
	tag string

	Dir string `json:"dir"` // ltr or rtl

	Title   string `json:"title"`
	Lead    string `json:"lead"`
	Privacy string `json:"privacy"`

	Working    string `json:"working"`
	Seconds    string `json:"seconds"`
	Minutes    string `json:"minutes"`
	Done       string `json:"done"`
	DoneRetype string `json:"done_retype"`
	Continue   string `json:"continue"`

	Retype string `json:"retype"`
	Failed string `json:"failed"`

	Expired string `json:"expired"`
	Reload  string `json:"reload"`

	Off     string `json:"off"`
	Slow    string `json:"slow"`
	Instead string `json:"instead"`

	WaitTitle string `json:"wait_title"`
	WaitLead  string `json:"wait_lead"`
	WaitOver  string `json:"wait_over"`

	Contact string `json:"contact"`
	Ask     string `json:"ask"`
	ID      string `json:"id"`
}

// vocabulary is the texts of all languages with what chooses among them.
type vocabulary struct {
	byTag  map[string]*words
	choice *language.Choice
}

// texts reads the vocabulary when the first page is shown.
var texts = sync.OnceValue(func() vocabulary {
	byTag, choice := language.Read[words](messageFiles, "messages")
	for tag, text := range byTag {
		text.tag = tag
	}
	return vocabulary{byTag, choice}
})

func inLanguage(accept string) *words {
	v := texts()
	return v.byTag[v.choice.Best(accept)]
}

// isolate keeps text of another direction from being shuffled into a sentence
// that runs from right to left (Unicode UAX #9, first strong isolate).
func (w *words) isolate(s string) string {
	if w.Dir != "rtl" {
		return s
	}
	return "\u2068" + s + "\u2069"
}

// fill replaces the first placeholder only: what is put in is not looked at.
func fill(text, placeholder, value string) string {
	return strings.Replace(text, placeholder, value, 1)
}
