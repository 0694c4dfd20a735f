package recognize

import (
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
func listen[T string | []byte](text T) said {
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

// add appends the words of a text. unspaced tells that it holds letters of a
// script without spaces between words.
func (h *hearing) add(text []byte) (unspaced bool) {
	h.words, unspaced = appendWords(h.words, text)
	h.unspaced = h.unspaced || unspaced
	h.words = append(h.words, textEnd, ' ')
	return unspaced
}

// repeat appends words that another hearing took in.
func (h *hearing) repeat(words []byte, unspaced bool) {
	h.words = append(h.words, words...)
	h.unspaced = h.unspaced || unspaced
}

// letterSort is what a letter is to words.
type letterSort uint8

const (
	isGap     letterSort = iota // between words
	isSmall                     // in a word, and no capital
	isCapital                   // in upper case
	isDropped                   // an apostrophe
	isBeyond                    // a byte of a rune beyond ASCII
)

// letterSorts are those of the bytes.
var letterSorts = func() (sorts [256]letterSort) {
	for c := range sorts {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			sorts[c] = isSmall
		case c >= 'A' && c <= 'Z':
			sorts[c] = isCapital
		case c == '\'':
			sorts[c] = isDropped
		case c >= utf8.RuneSelf:
			sorts[c] = isBeyond
		}
	}
	return sorts
}()

// appendWords appends the words of a text in lower case, a space behind each:
// runs of letters and digits, split where the case begins a new word
// (loginFailed, LDAPError). Apostrophes are dropped. unspaced tells that there
// are letters of a script without spaces between words.
func appendWords[T string | []byte](dst []byte, text T) (words []byte, unspaced bool) {
	n := len(dst)
	out := withRoom(dst, n, len(text)+3) // always enough for what is left, and for textEnd
	inWord := false
	var last rune
	for i := 0; i < len(text); {
		c := text[i]
		switch letterSorts[c] {
		case isSmall:
			for { // mostly the rest of the word as well
				out[n] = c
				n, i = n+1, i+1
				if i == len(text) || letterSorts[text[i]] != isSmall {
					break
				}
				c = text[i]
			}
			inWord, last = true, rune(c)
			continue
		case isGap:
			if inWord {
				out[n] = ' '
				n++
			}
			inWord, last = false, rune(c)
		case isCapital:
			if inWord && beginsWord(last, text[i+1:min(i+1+utf8.UTFMax, len(text))]) {
				out = withRoom(out, n, len(text)-i+2)
				out[n] = ' '
				n++
			}
			out[n] = c | 0x20
			n++
			inWord, last = true, rune(c)
		case isDropped:
		case isBeyond:
			r, size := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
			unspaced = unspaced || r >= firstUnspaced
			i += size - 1
			out = withRoom(out, n, len(text)-i+2*utf8.UTFMax)
			n, inWord, last = takeRune(out[:n], r, text[i+1:min(i+1+utf8.UTFMax, len(text))], inWord, last)
		}
		i++
	}
	if inWord {
		out[n] = ' '
		n++
	}
	return out[:n], unspaced
}

// firstUnspaced is where the scripts of East Asia begin in Unicode.
const firstUnspaced = 0x2E80

// sortOfRune is what a rune beyond ASCII is to words.
func sortOfRune(r rune) letterSort {
	switch {
	case r == '’':
		return isDropped
	case unicode.IsUpper(r):
		return isCapital
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return isSmall
	}
	return isGap
}

// withRoom returns a buffer of n bytes in all its capacity, with room for more.
func withRoom(buf []byte, n, more int) []byte {
	if cap(buf)-n < more {
		buf = slices.Grow(buf[:n], more)
	}
	return buf[:cap(buf)]
}

// takeRune appends a rune beyond ASCII, for which there must be room, to words
// that end within a word or not and whose last rune was another. It returns
// their length and how they end now.
func takeRune[T string | []byte](dst []byte, r rune, rest T, inWord bool, last rune) (n int, within bool, end rune) {
	sort := sortOfRune(r)
	if sort == isDropped {
		return len(dst), inWord, last
	}
	if inWord && (sort == isGap || sort == isCapital && beginsWord(last, rest)) {
		dst = append(dst, ' ')
	}
	if sort != isGap {
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
	}
	return len(dst), sort != isGap, r
}

// beginsWord reports whether a capital between last and the rest of the text
// begins a new word.
func beginsWord[T string | []byte](last rune, rest T) bool {
	if unicode.IsLower(last) {
		return true
	}
	if !unicode.IsUpper(last) {
		return false
	}
	after, _ := utf8.DecodeRuneInString(string(rest))
	return unicode.IsLower(after)
}

// said tells what the collected texts say.
func (h *hearing) said() said {
	var s said
	const never = -2 * pairDistance
	lastNo, lastSubject, lastWho := never, never, never
	words := h.words
	for i, at := 0, 0; at < len(words); i++ {
		start := at
		for words[at] != ' ' {
			at++
		}
		end := at
		at++
		if words[start] == textEnd {
			lastNo, lastSubject, lastWho = never, never, never
			continue
		}
		if vocabulary.lacks(lettersAt(words, start, end)) {
			continue // as most words of a page
		}
		means, length := vocabulary.at(words[start:end], words[at:])
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
	for i := 0; i+unspacedFirst <= len(text); i++ {
		if text[i] < firstUnspacedByte {
			continue
		}
		for _, p := range unspacedBook.get(text[i : i+unspacedFirst]) {
			if rest := text[i+unspacedFirst:]; len(rest) >= len(p.rest) && string(rest[:len(p.rest)]) == p.rest {
				s |= p.means
			}
		}
	}
	return s
}

const (
	// unspacedFirst is the length in bytes of the first letter of each phrase in
	// unspacedVocabulary, in UTF-8, and firstUnspacedByte the least of the bytes
	// that firstUnspaced and what follows it begin with.
	unspacedFirst     = 3
	firstUnspacedByte = 0xE2
)

// unspacedBook holds unspacedVocabulary by the first letter.
var unspacedBook = func() *wordTable[[]phrase] {
	b := map[string][]phrase{}
	for text, means := range unspacedVocabulary {
		first := text[:unspacedFirst]
		b[first] = append(b[first], phrase{rest: text[unspacedFirst:], words: 1, means: means})
	}
	return makeWordTable(b)
}()

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
