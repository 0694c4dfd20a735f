package recognize

import "github.com/doorward/doorward/config"

// How sure the automatic mode is. A declared route is believed entirely.
const (
	sureDeclared     = 1.0
	sureLoginPath    = 0.97 // password and identifier where the path says the kind
	sureHeader       = 0.95 // Basic, Digest, a password in a header
	sureGrant        = 0.95 // OAuth password grant
	sureAuthPath     = 0.9  // password and identifier where the path hints at it
	sureOrder        = 0.85 // fields told apart by their order in a message
	sureFields       = 0.8  // password and identifier, the path says nothing
	surePath         = 0.8  // no password, but path and fields fit
	surePasswordOnly = 0.6  // a password without a user
	sureGuess        = 0.5  // unread, on the path of a login
)

// weigh says how sure the kind is, and why, in words of this package only.
func (rd *reading) weigh(c *Credentials, s scene) (float32, []string) {
	evidence := make([]string, 0, 6)
	if c.Declared != nil {
		evidence = append(evidence, "declared "+string(c.Kind)+" route")
	}
	if len(rd.passwords) > 0 {
		evidence = append(evidence, describe("password", rd.passwords[0]))
	}
	if len(c.Identities) > 0 && len(rd.identifiers) > 0 {
		evidence = append(evidence, describe("identifier", rd.identifiers[0]))
	}
	switch {
	case saysKind(rd.path, c.Kind):
		evidence = append(evidence, pathPhrase[c.Kind])
	case saysKind(s.path, c.Kind):
		evidence = append(evidence, "call of a "+string(c.Kind))
	}
	if s.ofForm(c.Kind) {
		evidence = append(evidence, "the app served a "+string(c.Kind)+" form for this address")
	}
	evidence = append(evidence, flagEvidence(c, rd)...)
	if c.Declared != nil {
		return sureDeclared, evidence
	}
	return rd.sure(c, s), evidence
}

func (rd *reading) sure(c *Credentials, s scene) float32 {
	fits := saysKind(s.path, c.Kind)
	switch {
	case c.Format == FormatBasic, c.Format == FormatDigest, c.Format == FormatHeader:
		return sureHeader
	case c.Format == FormatProtobuf:
		return sureOrder
	case len(rd.passwords) == 0 && c.Uninspectable && !s.identifier:
		return sureGuess
	case !s.password:
		return surePath
	case !s.identifier && c.Kind == config.KindLogin && s.ofForm(c.Kind):
		return sureAuthPath
	case !s.identifier && c.Kind == config.KindLogin:
		return surePasswordOnly
	case fits, s.ofForm(c.Kind):
		return sureLoginPath
	case rd.grant == passwordGrant:
		return sureGrant
	case s.path&saysAuth != 0, saysKind(s.all, c.Kind):
		return sureAuthPath
	}
	return sureFields
}

// describe names a field by our word for it, never by the name as sent.
func describe(what string, f field) string {
	switch f.format {
	case FormatBasic:
		return what + " in Basic credentials"
	case FormatDigest:
		return what + " in Digest credentials"
	case FormatQuery:
		return what + " field " + f.word + " in the query"
	case FormatHeader:
		return what + " in a header"
	case FormatXML:
		return what + " in an XML-RPC call"
	case FormatProtobuf:
		return what + " in a protobuf message"
	}
	switch what {
	case "password":
		return fieldPhrase(passwordPhrases, what, f.word)
	case "identifier":
		return fieldPhrase(identifierPhrases, what, f.word)
	}
	return what + " field " + f.word
}

// The phrases that most evidence is made of, so that an attempt makes none anew.
var (
	passwordPhrases   = phrases("password")
	identifierPhrases = phrases("identifier")
	pathPhrase        = func() map[config.Kind]string {
		m := map[config.Kind]string{}
		for _, k := range config.Kinds {
			m[k] = "path of a " + string(k)
		}
		return m
	}()
)

// phrases maps the words of the lexicon to what describe says of them.
func phrases(what string) map[string]string {
	m := make(map[string]string, len(lexicon))
	for word := range lexicon {
		m[word] = what + " field " + word
	}
	return m
}

func fieldPhrase(known map[string]string, what, word string) string {
	if phrase, ok := known[word]; ok {
		return phrase
	}
	return what + " field " + word
}

// saysKind reports whether a path, or a call, speaks of kind k.
func saysKind(path pathSense, k config.Kind) bool {
	var mask pathSense
	switch k {
	case config.KindLogin:
		mask = saysLogin
	case config.KindSignup:
		mask = saysSignup | lastUsers
	case config.KindLogout:
		mask = saysLogout | saysSession
	case config.KindMFA:
		mask = saysMFA
	case config.KindResetRequest:
		mask = saysForgot | saysReset | saysPassword
	case config.KindReset:
		mask = saysReset | saysForgot | saysPassword
	case config.KindPasswordChange:
		mask = saysPassword | saysChange | saysSelf
	}
	return path&mask != 0
}

func flagEvidence(c *Credentials, rd *reading) []string {
	var list []string
	for _, e := range []struct {
		on   bool
		text string
	}{
		{rd.grant == passwordGrant, "OAuth password grant"},
		{c.Ambiguous, "more than one value for the password or the user"},
		{c.Missing, "password or user is empty"},
		{c.Uninspectable, "body not inspected to the end"},
		{c.Hostile, "value shaped like an injection"},
		{c.InQuery, "password in the query"},
	} {
		if e.on {
			list = append(list, e.text)
		}
	}
	return list
}
