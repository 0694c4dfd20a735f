package identity

import (
	"strings"
	"unicode"
)

// sequence is the order in which keys are taken for the primary key, as the
// Sqreen SDKs documented it. It is a sequence, not an alphabet: mail comes
// before e-mail.
var sequence = [...]string{"email", "mail", "e-mail", "username", "login"}

// PrimaryKey returns the identifier that stands for the whole identity where
// only one fits: the first present of email, mail, e-mail, username and login,
// else the one with the smallest key in byte order. ok is false for the empty
// identity.
//
// The choice is literal: Email is not email, and of {shop_id, user_id} it is
// the shop. Other keys than the five should be chosen with that in mind.
func (id Identity) PrimaryKey() (key, value string, ok bool) {
	if id.Empty() {
		return "", "", false
	}
	for _, key := range sequence {
		if v := id.Value(key); v != "" {
			return key, v, true
		}
	}
	return id.pairs[0].Key, id.pairs[0].Value, true
}

// SamePrimary reports whether both have the same primary key with the same
// value, whatever else they hold. An operator's block written with the e-mail
// address alone matches by it, and by [Identity.Equal] does not. Empty
// identities are the same as nobody.
func (id Identity) SamePrimary(other Identity) bool {
	key, value, ok := id.PrimaryKey()
	otherKey, otherValue, otherOK := other.PrimaryKey()
	return ok && otherOK && key == otherKey && value == otherValue
}

// suspectWords tell how an attempt ended. As part of an identity they make the
// failures and the successes of one user two users.
var suspectWords = [...]string{
	"reason", "error", "err", "status", "message", "msg", "result", "outcome",
}

// SuspectKeys returns the keys that look like they describe the attempt and
// not the user, such as reason or statusCode. The caller should warn: every
// pair is part of the identity.
func (id Identity) SuspectKeys() []string {
	var keys []string
	for _, p := range id.pairs {
		if suspectKey(p.Key) {
			keys = append(keys, p.Key)
		}
	}
	return keys
}

// suspectKey looks for whole words, so that mirror_id is not an error.
func suspectKey(key string) bool {
	for _, part := range strings.FieldsFunc(key, func(r rune) bool { return !unicode.IsLetter(r) }) {
		for _, word := range camelWords(part) {
			for _, suspect := range suspectWords {
				if strings.EqualFold(word, suspect) {
					return true
				}
			}
		}
	}
	return false
}

// camelWords splits before a capital that follows a small letter.
func camelWords(s string) []string {
	var words []string
	start, small := 0, false
	for i, r := range s {
		if small && unicode.IsUpper(r) {
			words = append(words, s[start:i])
			start = i
		}
		small = unicode.IsLower(r)
	}
	return append(words, s[start:])
}
