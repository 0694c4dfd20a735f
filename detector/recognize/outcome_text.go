package recognize

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"
)

// said is the set of things a text says about an attempt, by the vocabulary of
// vocabulary.go. It never holds the text itself.
type said uint32

const (
	// saidNo: something is wrong. By itself it does not tell what.
	saidNo said = 1 << iota
	// saidSubject: the talk is of credentials, accounts or logging in.
	saidSubject
	// saidRefused: the credentials were refused: a phrase that says so, or
	// saidNo close to saidSubject.
	saidRefused
	// saidTooMany: too many attempts.
	saidTooMany
	// saidLocked: locked or blocked for a while. Weaker than saidTooMany: texts
	// such as "wrong password or account locked" answer every failure.
	saidLocked
	// saidForgery: the form, its token or its origin was refused.
	saidForgery
	// saidSecond: a second factor.
	saidSecond
	// saidMissing: a field is missing or not of the right shape.
	saidMissing
	// saidYes: it worked.
	saidYes
	// saidForbidden: known, but not allowed.
	saidForbidden
	// saidTaken: the account exists already.
	saidTaken
	// saidClosed: the account is disabled, not confirmed, expired.
	saidClosed
	// saidSent: a mail was sent.
	saidSent
	// saidNowhere: nothing stands at the address that was asked for.
	saidNowhere
	// saidWho is a user or an account, saidNew that something was created, and
	// saidCreated that it was the former.
	saidWho
	saidNew
	saidCreated
	// saidEntered: somebody is logged in now.
	saidEntered
)

// excuses are the things that make an outcome milder than a failure. Where the
// request says them itself, the answer may only repeat it.
const excuses = saidTooMany | saidLocked | saidForgery | saidSecond | saidYes | saidForbidden | saidSent | saidNowhere | saidNew | saidCreated | saidEntered

func (s said) has(any said) bool { return s&any != 0 }

// The bounds of listening.
const (
	// maxHeardBytes is how much of one text is listened to.
	maxHeardBytes = 4096
	// pairDistance is how many words apart saidNo and saidSubject are heard as
	// one statement ("wrong user name or password").
	pairDistance = 7
	// createdDistance is the same for what was created: "user 'ada' created".
	createdDistance = 4
)

// listen tells what the beginning of a text says. It looks at the words only,
// whatever stands between them; INVALID_CREDENTIALS, invalidCredentials and
// "invalid credentials" say the same.
func listen(text string) said {
	var room [512]byte
	h := hearing{words: room[:0]}
	h.words, h.unspaced = appendWords(h.words, text[:min(len(text), maxHeardBytes)])
	return h.said()
}

// hearing collects texts as words. A phrase or statement is heard within one
// text only.
type hearing struct {
	// words holds every word in lower case, a space behind each, and textEnd
	// between texts.
	words []byte
	// unspaced: there are letters of a script without spaces between words.
	unspaced bool
}

// textEnd stands between two texts. It is no letter, so no word is like it.
const textEnd = '|'

// add appends the words of a text.
func (h *hearing) add(text []byte) {
	var unspaced bool
	h.words, unspaced = appendWords(h.words, text)
	h.unspaced = h.unspaced || unspaced
	h.words = append(h.words, textEnd, ' ')
}

// appendWords appends the words of a text in lower case, a space behind each:
// runs of letters and digits, split where the case begins a new word
// (loginFailed, LDAPError). Apostrophes are dropped. unspaced tells that there
// are letters of a script without spaces between words.
func appendWords[T string | []byte](dst []byte, text T) (words []byte, unspaced bool) {
	dst = slices.Grow(dst, len(text)+3)
	inWord := false
	var last rune
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
			unspaced = unspaced || r >= firstUnspaced
		}
		i += size
		switch {
		case r == '\'' || r == '’':
			continue
		case !isWordRune(r):
			if inWord {
				dst = append(dst, ' ')
			}
			inWord = false
		default:
			if inWord && beginsWord(last, r, text[i:min(i+utf8.UTFMax, len(text))]) {
				dst = append(dst, ' ')
			}
			dst = utf8.AppendRune(dst, toLower(r))
			inWord = true
		}
		last = r
	}
	if inWord {
		dst = append(dst, ' ')
	}
	return dst, unspaced
}

// firstUnspaced is where the scripts of East Asia begin in Unicode.
const firstUnspaced = 0x2E80

func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func toLower(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r |= 0x20
		}
		return r
	}
	return unicode.ToLower(r)
}

// beginsWord reports whether the case of r, between last and the rest of the
// text, begins a new word.
func beginsWord[T string | []byte](last, r rune, rest T) bool {
	if r < 'A' || r > 'Z' && r < utf8.RuneSelf || !unicode.IsUpper(r) {
		return false
	}
	if unicode.IsLower(last) {
		return true
	}
	after, _ := utf8.DecodeRuneInString(string(rest))
	return unicode.IsUpper(last) && unicode.IsLower(after)
}

// said tells what the collected texts say.
func (h *hearing) said() said {
	var s said
	const never = -2 * pairDistance
	lastNo, lastSubject, lastWho := never, never, never
	rest := h.words
	for i := 0; len(rest) > 0; i++ {
		end := bytes.IndexByte(rest, ' ')
		word := rest[:end]
		rest = rest[end+1:]
		if word[0] == textEnd {
			lastNo, lastSubject, lastWho = never, never, never
			continue
		}
		means, length := vocabulary.at(word, rest)
		if means == 0 {
			continue
		}
		s |= means
		if means.has(saidNo) {
			lastNo = i + length - 1
		}
		if means.has(saidSubject) {
			lastSubject = i
		}
		if means.has(saidWho) {
			lastWho = i
		}
		if means.has(saidNew) && i-lastWho <= createdDistance {
			s |= saidCreated
		}
		if means.has(saidNo|saidSubject) && abs(lastNo-lastSubject) <= pairDistance {
			s |= saidRefused
		}
	}
	if h.unspaced {
		s |= unspacedSaid(h.words)
	}
	return s
}

// unspacedSaid looks for phrases of scripts that put no spaces between words.
func unspacedSaid(text []byte) said {
	var s said
	for phrase, means := range unspacedVocabulary {
		if bytes.Contains(text, []byte(phrase)) {
			s |= means
		}
	}
	return s
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
