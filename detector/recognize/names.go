package recognize

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// role is what a field is for, as far as its name tells.
type role uint8

const (
	roleNone role = iota

	// Password-like. Only these become Secrets.
	rolePassword
	roleNewPassword
	roleOldPassword
	roleConfirm

	// Identifiers. A bare "name" or "id" says little: see [reading.candidates].
	roleIdentifier
	roleName
	roleID

	// u and p mean something as a pair only.
	roleLetterUser
	roleLetterPassword

	// old, new and confirm are passwords together only, where one changes his.
	roleBareOld
	roleBareNew
	roleBareConfirm

	// An access key and a secret key are credentials where one logs in.
	roleKeyUser
	roleKeyPassword

	// Signs that help to tell the kind.
	roleOTP
	roleCode
	roleToken
	roleTerms
	rolePerson
	roleLogout
	roleGrant
	roleOperation
	roleDocument
	roleRPC
	roleMethod // the method that a POST stands for
	roleForgot // the button beside a login, for those who forgot the password
	roleButton // the button that sent a form
	roleGroups // what an administrator gives a user
)

func (r role) isPassword() bool   { return r >= rolePassword && r <= roleConfirm }
func (r role) isKept() bool       { return r >= roleBareOld && r <= roleKeyPassword }
func (r role) isIdentifier() bool { return r >= roleIdentifier && r <= roleID }

// meaning is what a field name says.
type meaning struct {
	role role
	// key is the canonical name of the identifier: email, username, login or
	// phone (acceptance rows 23 to 27). Empty for everything else.
	key string
	// word is the word of our vocabulary that decided. Evidence shows it
	// instead of the name as sent, so that no byte of an attacker gets there.
	word string
	// hostile tells that the name holds a query operator: password[$ne].
	hostile bool
	// forms are the known forms that have the field, as bits.
	forms uint8
}

const (
	// maxName is how long a segment of a field name may be to mean anything.
	maxName = 64
	// maxWords is how many words at the end of a segment are looked at.
	maxWords = 6
)

// classify says what the field at path means. path is normalised by
// [appendName]: segments joined by dots. The last segment decides; one that
// says nothing (an index, an operator, a wrapper such as "value" or "first")
// leaves the decision to the segment before it, for passwords only unless it
// is an index or an operator.
func classify(path []byte) meaning {
	return (*nameMemo)(nil).classify(path)
}

func (memo *nameMemo) classify(path []byte) meaning {
	parent, last := cutLast(path)
	if isDigits(last) && len(parent) > 0 {
		_, holder := cutLast(parent)
		return memo.nameOf(holder)
	}
	m := nameOf(last)
	if m.role != roleNone || len(parent) == 0 || len(last) == 0 {
		return m
	}
	_, holder := cutLast(parent)
	m = memo.nameOf(holder)
	operator := last[0] == '$'
	switch {
	case operator:
		m.hostile = m.role != roleNone
	case isAttribute(last):
		return meaning{}
	case m.role == rolePassword && string(last) == "second":
		m.role = roleConfirm
	case !m.role.isPassword():
		return meaning{}
	}
	if operator && !m.role.isPassword() && !m.role.isIdentifier() {
		return meaning{}
	}
	return m
}

// isAttribute reports whether a member of an object describes the password that
// another member holds.
func isAttribute(last []byte) bool {
	switch string(last) {
	case "algorithm", "type", "salt", "iterations", "format", "method":
		return true
	}
	return false
}

// cutLast splits a normalised path before its last segment.
func cutLast(path []byte) (parent, last []byte) {
	if i := bytes.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return nil, path
}

func isDigits(s []byte) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(s) > 0
}

// nameOf says what one segment of a field name means. It matches whole word
// parts: secretary, passport_number and bypass are no passwords.
func nameOf(segment []byte) meaning {
	if len(segment) == 0 || len(segment) > maxName {
		return meaning{}
	}
	if len(segment) == 1 {
		return letter(segment[0])
	}
	switch string(segment) {
	case "grant_type", "grantType":
		return meaning{role: roleGrant, word: "grant_type"}
	case "_method":
		return meaning{role: roleMethod, word: "method"}
	case "operationName":
		return meaning{role: roleOperation, word: "operation"}
	}
	m, has := nameOfWords(segment, true)
	if m.role == roleNone && has&(isPassword|isPass) == 0 && hasUpper(segment) {
		// pAssWord is password to servers that ignore case.
		m, _ = nameOfWords(segment, false)
	}
	return m
}

func hasUpper(s []byte) bool {
	return slices.ContainsFunc(s, isUpper)
}

// nameOfWords also returns what the words say one by one.
func nameOfWords(segment []byte, camel bool) (meaning, sense) {
	var p parts
	p.split(segment, camel)
	if !p.known {
		return meaning{}, p.has // a word without an entry has no sense by which a name means anything
	}
	if p.n == 1 && p.words[0].sole {
		return soleNames[p.words[0].text], p.has
	}
	if m := p.operation(); m.role != roleNone {
		return m, p.has
	}
	if m := p.keyPair(); m.role != roleNone {
		return m, p.has
	}
	if m := p.password(); m.role != roleNone {
		return m, p.has
	}
	if m := p.code(); m.role != roleNone {
		return m, p.has
	}
	return p.identifier(), p.has
}

// operation is for fields such as login_type and authMode, by which one form is
// told from the other.
func (p *parts) operation() meaning {
	if p.n != 2 || p.words[0].sense&isLogin == 0 && p.words[0].text != "form" {
		return meaning{}
	}
	switch p.words[1].text {
	case "type", "mode", "action", "intent":
		return meaning{role: roleOperation, word: "action"}
	}
	return meaning{}
}

// keyPair is for the credentials of object stores, which are a login where the
// path says so.
func (p *parts) keyPair() meaning {
	if p.n != 2 || p.words[1].text != "key" {
		return meaning{}
	}
	switch p.words[0].text {
	case "access":
		return meaning{role: roleKeyUser, key: "username", word: "access"}
	case "secret":
		return meaning{role: roleKeyPassword, word: "secret"}
	}
	return meaning{}
}

func letter(c byte) meaning {
	switch c | 0x20 {
	case 'u':
		return meaning{role: roleLetterUser, key: "username", word: "u"}
	case 'p':
		return meaning{role: roleLetterPassword, word: "p"}
	}
	return meaning{}
}

// parts are the last words of a segment, each with its lexicon entry.
type parts struct {
	words [maxWords]term
	n     int
	has   sense // union of the senses of all words
	known bool  // one of them has an entry
	two   bool  // the segment ends in the digit 2
}

func (p *parts) split(segment []byte, camel bool) {
	p.two = segment[len(segment)-1] == '2'
	if isPlainWord(segment) {
		p.words[0], p.n = lookup(segment), 1
		p.has, p.known = p.words[0].sense, p.words[0].text != ""
		return
	}
	var buf [maxName + utf8.UTFMax]byte
	s := splitter[[]byte]{text: segment, camel: camel}
	s.toLast(maxWords)
	for p.n < maxWords {
		word := s.next(buf[:0])
		if word == nil {
			break
		}
		w := lookup(word)
		p.words[p.n] = w
		p.n++
		p.has |= w.sense
		p.known = p.known || w.text != ""
	}
}

// isPlainWord reports whether a segment is one lower-case word already, as most
// names are.
func isPlainWord(segment []byte) bool {
	for _, c := range segment {
		if !isLower(c) {
			return false
		}
	}
	return true
}

func (p *parts) password() meaning {
	if p.has&(isPassword|isPass) == 0 || p.has&(isNot|isToken|isCode|isThing) != 0 {
		return meaning{}
	}
	word := ""
	for i, w := range p.words[:p.n] {
		// A short word such as pass must not be followed by anything that
		// changes its meaning: pass_number, pass_through.
		if w.sense&isPass != 0 && i < p.n-1 && !p.onlyModifiers(i+1) {
			return meaning{}
		}
		if w.sense&(isPassword|isPass) != 0 && word == "" {
			word = w.text
		}
	}
	switch {
	case p.has&isOld != 0:
		return meaning{role: roleOldPassword, word: word}
	case p.has&isConfirm != 0 || p.two:
		return meaning{role: roleConfirm, word: word}
	case p.has&isNew != 0:
		return meaning{role: roleNewPassword, word: word}
	}
	return meaning{role: rolePassword, word: word}
}

func (p *parts) onlyModifiers(from int) bool {
	for _, w := range p.words[from:p.n] {
		if w.sense&(isOld|isNew|isConfirm|isFiller|isPass|isPassword) == 0 {
			return false
		}
	}
	return true
}

func (p *parts) code() meaning {
	last := p.words[p.n-1]
	switch {
	case p.has&isForm != 0:
	case last.sense&isToken != 0 && p.n > 1 && p.words[p.n-2].text == "logout":
		return meaning{role: roleLogout, word: "logout"}
	case last.sense&isToken != 0:
		return meaning{role: roleToken, word: "token"}
	case p.has&isNot != 0:
	case p.has&isOTP != 0:
		return meaning{role: roleOTP, word: "otp"}
	case last.sense&isCode != 0:
		return meaning{role: roleCode, word: last.text}
	}
	return meaning{}
}

func (p *parts) identifier() meaning {
	n := p.n
	for n > 1 && p.words[n-1].sense&isFiller != 0 {
		n--
	}
	last, before := p.words[n-1], sense(0)
	if n > 1 {
		before = p.words[n-2].sense
	}
	if last.sense&isNameWord != 0 && before&(isUser|isLogin) == 0 && n > 1 {
		if before&isShort != 0 {
			return meaning{role: roleIdentifier, key: "username", word: "name"}
		}
		if before&isFiller != 0 {
			return meaning{role: roleName, key: "username", word: "name"}
		}
		return meaning{role: rolePerson, word: "name"}
	}
	if p.has&(isNot|isConfirm|isNew|isOld|isForeign) != 0 || p.two {
		return meaning{}
	}
	if last.text == "uid" && before&isFiller != 0 {
		return meaning{} // of the form
	}
	if last.sense&(isNameWord|isIDWord|isNumber) != 0 {
		last = numbered(before)
	}
	return identifierOf(last)
}

// numbered says what user_id, login_name and phone_number are, by the sense of
// their first words.
func numbered(before sense) term {
	switch {
	case before&isLogin != 0:
		return term{text: "login", sense: isLogin}
	case before&(isUser|isEmail) != 0:
		return term{text: "username", sense: isUser}
	}
	return term{sense: before & isPhone}
}

// identifierOf names the identifier a word stands for.
func identifierOf(last term) meaning {
	switch {
	case last.sense&isEmail != 0:
		return meaning{role: roleIdentifier, key: "email", word: last.text}
	case last.sense&isPhone != 0:
		return meaning{role: roleIdentifier, key: "phone", word: "phone"}
	case last.sense&isLogin != 0:
		return meaning{role: roleIdentifier, key: "login", word: last.text}
	case last.sense&isUser != 0:
		return meaning{role: roleIdentifier, key: "username", word: last.text}
	}
	return meaning{}
}
