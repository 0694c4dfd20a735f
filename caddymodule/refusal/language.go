package refusal

import (
	"embed"
	"sync"

	"github.com/doorward/doorward/caddymodule/language"
)

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

// catalogue is the embedded texts with what chooses among them.
type catalogue struct {
	byTag  map[string]*messages
	choice *language.Choice
}

// texts reads the catalogue when the first request is refused.
var texts = sync.OnceValue(func() *catalogue {
	byTag, choice := language.Read[messages](messageFiles, "messages")
	for tag, m := range byTag {
		m.tag = tag
	}
	return &catalogue{byTag, choice}
})

// inLanguage returns the texts in the language that fits an Accept-Language
// header best, in English when none does.
func inLanguage(accept string) *messages {
	c := texts()
	return c.byTag[c.choice.Best(accept)]
}
