package recognize

import (
	"bytes"

	"github.com/doorward/doorward/config"
)

// Bounds of one reading. They are above what servers themselves accept or what
// an honest form holds; what lies beyond makes the reading cut or flooded and
// the attempt Uninspectable, never silently complete.
const (
	// maxPairs is how many form pairs, parts or JSON values are looked at: the
	// largest default of the servers we know (Rack 4096, PHP, qs and Django
	// 1000).
	maxPairs = 4096
	// maxCandidates is how many distinct passwords and identifiers each are
	// kept.
	maxCandidates = 16
	// maxHolder is how much of the name of an enclosing object is compared.
	maxHolder = 256
)

// place is where in a request a field stood, in the order of Secrets.
type place uint8

const (
	inQuery place = iota
	inHeader
	inBody
)

// field is one interesting field. Its value aliases the request unless it had
// to be decoded.
type field struct {
	meaning
	place  place
	format Format
	holder string // name of the enclosing object, normalised, cut
	value  []byte
}

// valueType tells apart what a JSON value may be. Form values are texts.
type valueType uint8

const (
	textValue valueType = iota
	numberValue
	boolValue
	nullValue
	emptyComposite
)

// grant is what grant_type said (RFC 6749).
type grant uint8

const (
	noGrant grant = iota
	passwordGrant
	otherGrant
)

// reading collects what a request holds. Only fields whose name means
// something are kept, so a body that is no attempt costs no allocation here.
type reading struct {
	passwords   []field
	identifiers []field
	bares       []field // credentials under conditions, see bare

	path pathSense // what the request path says

	// signs are the roles seen with a value, besides the two above.
	signs uint32
	// emptyPassword and emptyIdentifier are the words of such fields without a
	// value.
	emptyPassword, emptyIdentifier string
	grant                          grant
	// operation is what fields and query name as the thing to do, document the
	// field a GraphQL document asks for.
	operation pathSense
	document  string
	// button is what the text of the button says that sent the form.
	button pathSense
	// dispatch is what the method of a remote call and the fields of a GraphQL
	// document say. The server chooses by them what is done.
	dispatch pathSense
	// bindings are the variables of documents that are credentials; binding
	// tells that they are looked for, in a second pass.
	bindings  []binding
	binding   bool
	documents int      // how many were read
	call      rpcCall  // of JSON-RPC
	argued    bool     // params came with it
	texts     [][]byte // of a protobuf message
	tally     tally
	// plain is the body without its encoding.
	plain []byte

	wants []want // declared fields, nil in automatic mode
	forms knownForms

	place  place
	format Format
	body   Format // the format the body was read as, "" when it was not

	cut     bool // the input or a bound ended the reading early
	unread  bool // there is a body that could not be read
	flood   bool // more than maxCandidates distinct values
	opaque  bool // a call whose credentials are hidden, whatever its path
	hostile bool
	leaves  int // how many fields came
	// beyond is how many identifiers came when no more were kept.
	beyond int
	memo   nameMemo
	method senseMemo
	name   [2 * maxHolder]byte // room for that of one field
	nested bool                // inside a JSON text within a field
	scan   jsonScan
	// namedInPath tells that a path segment ends in a colon and the user's name,
	// as where clients log in by PUT to a resource of their own (CouchDB, npm);
	// ownSegment that the last segment is the name of a user.
	namedInPath, ownSegment bool
	// override is the method that a field asks for.
	override string

	// First pieces of memory for what grows: a usual body needs no more, so a
	// request that turns out to be no attempt costs one allocation.
	firstPasswords, firstIdentifiers [4]field
	firstBares                       [4]field
	firstPath                        [96]byte
	firstLevels                      [8]jsonLevel
}

// begin lays the first pieces of memory out.
func (rd *reading) begin() {
	rd.passwords, rd.identifiers = rd.firstPasswords[:0], rd.firstIdentifiers[:0]
	rd.bares = rd.firstBares[:0]
	rd.scan.path, rd.scan.stack = rd.firstPath[:0], rd.firstLevels[:0]
}

// want is a declared field that is looked for by its name, and what was found.
type want struct {
	name    []byte // normalised as by appendName
	index   int    // into Route.Identifiers, -1 for the password, -2 for a line `when`
	values  []field
	present bool
	queried bool // present in the query
}

func (rd *reading) saw(r role) bool { return rd.signs&(1<<r) != 0 }

// leaf takes one field: its normalised path, its value as sent and the function
// that decodes it, called only if the field is interesting.
func (rd *reading) leaf(path, raw []byte, decode func([]byte) []byte, t valueType) {
	if rd.binding {
		rd.bind(path, raw, decode, t)
		return
	}
	rd.leafOf(rd.memo.classify(path), path, raw, decode, t)
}

// leafOf takes a field of which m is what its name says.
func (rd *reading) leafOf(m meaning, path, raw []byte, decode func([]byte) []byte, t valueType) {
	rd.leaves++
	rd.argued = rd.argued || bytes.HasPrefix(path, []byte("params"))
	if rd.forms.n > 0 {
		m = rd.forms.meaning(path, m)
	}
	w := rd.wanted(path)
	if w == nil && m.role == roleNone {
		rd.argument(path, raw, decode, t)
		rd.nest(path, raw, decode, t)
		return
	}
	if w == nil && rd.full(m.role) {
		rd.overflow(m, raw)
		return
	}
	value := raw
	if t == textValue {
		value = decode(raw)
	}
	if w != nil {
		rd.declare(w, m, path, value, t)
		return
	}
	rd.take(m, path, value, t)
}

// take keeps the value of a field whose name means something.
func (rd *reading) take(m meaning, path, value []byte, t valueType) {
	switch {
	case m.role.isPassword(), m.role.isIdentifier(), m.role == roleLetterUser, m.role == roleLetterPassword:
		rd.credential(m, path, value, t)
	case m.role.isKept():
		rd.bare(m, path, value, t)
	case m.role == roleDocument:
		rd.readDocument(path, value)
	default:
		if m.role == roleCode || m.role == roleOTP {
			rd.bare(m, path, value, t)
		}
		rd.sign(m, value)
	}
}

// bare keeps a field that is a credential only together with others or with the
// path, until [reading.settleBare] and [reading.settleKeys].
func (rd *reading) bare(m meaning, path, value []byte, t valueType) {
	if t > numberValue || len(value) == 0 || rd.place != inBody || len(rd.bares) == cap(rd.bares) {
		return
	}
	parent, _ := cutLast(path)
	rd.bares = append(rd.bares, field{
		meaning: m, place: rd.place, format: rd.format, value: value, holder: string(parent[:min(len(parent), maxHolder)]),
	})
}

// overflow takes a field that is not kept, because there were too many.
func (rd *reading) overflow(m meaning, raw []byte) {
	rd.hostile = rd.hostile || m.hostile
	if len(raw) > 0 {
		rd.tally.note(m.role.isPassword(), raw)
	}
	if m.role.isIdentifier() {
		rd.beyond++
	}
}

// full reports whether one more field of role r cannot change anything: the
// reading is flooded already.
func (rd *reading) full(r role) bool {
	switch {
	case !rd.flood:
		return false
	case r.isPassword():
		return len(rd.passwords) >= maxCandidates
	}
	return r.isIdentifier() && len(rd.identifiers) >= maxCandidates
}

// nest reads a field that holds a JSON object as text, such as the _payload of
// a multipart form. One level only.
func (rd *reading) nest(path, raw []byte, decode func([]byte) []byte, t valueType) {
	if rd.nested || t != textValue || rd.format == FormatJSON || len(raw) < 2 {
		return
	}
	if raw[0] != '{' && !bytes.HasPrefix(raw, []byte("%7B")) && !bytes.HasPrefix(raw, []byte("%7b")) {
		return
	}
	rd.nested = true
	scanJSON(rd, decode(raw), path)
	rd.nested = false
}

// wanted returns the declared field of a name, in any letter case: ASP.NET and
// others take USERNAME for username, so that who writes it must not become nobody.
func (rd *reading) wanted(path []byte) *want {
	for i := range rd.wants {
		if name := rd.wants[i].name; len(name) == len(path) && bytes.EqualFold(name, path) {
			return &rd.wants[i]
		}
	}
	return nil
}

// declare keeps a declared field. A declared password is also one of the
// request's passwords.
func (rd *reading) declare(w *want, m meaning, path, value []byte, t valueType) {
	w.present, w.queried = true, w.queried || rd.place == inQuery
	switch {
	case w.index == ofWhen && m.role != roleNone:
		rd.take(m, path, value, t) // it means what it would mean undeclared, too
	case w.index != ofWhen && t >= boolValue:
		rd.hostile = rd.hostile || t != nullValue
		value = nil
	}
	if w.index == ofPassword {
		if !m.role.isPassword() {
			m = meaning{role: rolePassword, word: declaredWord}
		}
		rd.credential(m, path, value, textValue)
	}
	if len(bytes.TrimSpace(value)) > 0 {
		f := field{meaning: m, place: rd.place, format: rd.format, value: value}
		w.values = rd.keep(w.values, &f, nil)
	}
}

// declaredWord stands for the name of a declared field in Evidence.
const declaredWord = "declared"

func (rd *reading) credential(m meaning, path, value []byte, t valueType) {
	rd.hostile = rd.hostile || m.hostile || t == boolValue || t == emptyComposite
	secret := m.role.isPassword() || m.role == roleLetterPassword
	switch {
	case t == nullValue || t == emptyComposite || (t == boolValue && !secret):
		value = nil
	case !secret:
		value = bytes.TrimSpace(value)
	}
	if len(value) == 0 {
		rd.empty(m)
		return
	}
	parent, _ := cutLast(path)
	parent = parent[:min(len(parent), maxHolder)]
	f := field{meaning: m, place: rd.place, format: rd.format, value: value}
	rd.tally.note(secret, value)
	if secret {
		rd.passwords = rd.keep(rd.passwords, &f, parent)
	} else {
		rd.identifiers = rd.keep(rd.identifiers, &f, parent)
	}
}

func (rd *reading) empty(m meaning) {
	switch {
	case (m.role == rolePassword || m.role == roleLetterPassword) && rd.emptyPassword == "":
		rd.emptyPassword = m.word
	case (m.role == roleIdentifier || m.role == roleName || m.role == roleLetterUser) && rd.emptyIdentifier == "":
		rd.emptyIdentifier = m.word
	}
}

// keep appends f, a field of the object named holder, unless its like is there.
// Beyond maxCandidates it only notes that there was more: the first ones and the
// flood decide then. It allocates for what it keeps only.
func (rd *reading) keep(list []field, f *field, holder []byte) []field {
	for i := range list {
		g := &list[i]
		if g.role == f.role && g.key == f.key && g.place == f.place && bytes.Equal(g.value, f.value) && g.holder == string(holder) {
			return list
		}
	}
	if len(list) >= maxCandidates {
		rd.flood = true
		if f.role.isIdentifier() {
			rd.beyond++
		}
		return list
	}
	f.holder = string(holder)
	return append(list, *f)
}

// normalised returns the name of a declared field as leaf will see it.
func normalised(f config.Field) []byte { return appendName(nil, []byte(f.Key)) }

// appendName appends a field name in normal form: user[email], user.email and
// user$email become user.email, a[] becomes a. A name ends at a NUL byte, as
// in PHP. Names longer than maxHolder become "~", which means nothing.
func appendName(dst, name []byte) []byte {
	if i := bytes.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	if len(name) > maxHolder {
		return append(dst, '~')
	}
	start, from := len(dst), 0
	for i, c := range name {
		if !nameBreaks[c] || c == '$' && (i == 0 || nameBreaks[name[i-1]]) {
			continue
		}
		dst = append(dst, name[from:i]...)
		from = i + 1
		if n := len(dst); n > start && dst[n-1] != '.' {
			dst = append(dst, '.')
		}
	}
	dst = append(dst, name[from:]...)
	if n := len(dst); n > start && dst[n-1] == '.' {
		dst = dst[:n-1]
	}
	return dst
}

// nameBreaks are the bytes at which a name may be cut into segments.
var nameBreaks = [256]bool{'[': true, ']': true, '.': true, ':': true, '$': true}
