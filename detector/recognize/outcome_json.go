package recognize

import "bytes"

// jsonFacts is what a JSON answer says about an attempt.
type jsonFacts struct {
	// yes and no: a flag or status word says so plainly (success: false).
	yes, no bool
	// refusedCode: an HTTP status of 400 or more inside the body. oddCode: a
	// code that is neither zero nor an HTTP status, whatever it means.
	refusedCode, oddCode bool
	// fault: an error, errors or … key that holds something.
	fault bool
	// token: an access token, a session id or anything of the shape of a JWT.
	token bool
	// second: a key that asks for a second factor.
	second bool
	// account: an object that describes a user.
	account bool
	// asks: a key or word that asks for one even beside a token.
	asks bool
	// location is where the page is told to go, redirect the same by a key that
	// means nothing else.
	location, redirect string
	// stale: a word says that a token of the form is missing or wrong.
	stale bool
	// clientError: an error code that blames the OAuth client or the request.
	clientError bool
	// invented: the description of a user comes with an empty list of ways to
	// log in, as made up for who must not learn that the account exists.
	invented bool
	// form: markup with a password field.
	form bool
	// withheld: a key for a token holds none. filled: some value is more than
	// null.
	withheld, filled bool
	// rpc and result: a JSON-RPC answer and its result, when that is text.
	rpc, result bool
	// id and name: the identifying fields of a user, outside an account object.
	id, name bool
	// blames: the name of a key blames the credentials.
	blames bool
	// spoken: some value was there at all.
	spoken bool
	// told is what messages and errors say.
	told said
}

// readJSONFacts reads a JSON answer and reports whether it saw all of it.
func readJSONFacts(body []byte) (jsonFacts, bool) {
	r := jsonReader{}
	if len(body) > 0 && body[0] != '{' && body[0] != '[' {
		whole := r.bare(body)
		return r.facts(), whole
	}
	whole := walkAnswerJSON(body, r.node)
	return r.facts(), whole
}

// bare takes in a document that is one value without a key: true, "ok".
func (r *jsonReader) bare(body []byte) bool {
	body = bytes.TrimSpace(body)
	switch {
	case string(body) == "true":
		r.yes, r.spoken = true, true
	case string(body) == "false":
		r.no, r.spoken = true, true
	case len(body) >= 2 && body[0] == '"' && body[len(body)-1] == '"':
		v := jsonValue{kind: jsonString, text: unescapeJSON(body[1 : len(body)-1])}
		r.spoken, r.token = true, isJWT(v.text)
		r.hear(v)
	}
	return true
}

// facts concludes from all values together.
func (r *jsonReader) facts() jsonFacts {
	f := r.jsonFacts
	f.account = f.account || (f.id && f.name)
	f.token = f.token || (f.rpc && f.result)
	f.yes = f.yes || (f.rpc && r.number)
	f.no = f.no || (f.rpc && r.nobody)
	f.invented = r.proofs && !r.proven
	f.told = r.heard.said()
	return f
}

type jsonReader struct {
	jsonFacts
	heard hearing
	// number: a result that is a number above zero. nobody: an id that is false.
	number, nobody bool
	// proofs: there is a list of ways to log in, proven: with something in it.
	proofs, proven bool
	// redirects: the last value was the word redirect.
	redirects bool
	// inner tells that the values stand in a JSON text within a value, of which
	// there may be thousands: visit and frames are kept for the next one.
	inner  bool
	visit  func(jsonNode)
	frames []jsonFrame
}

// jsonValue is a text, number or word with what the keys say about it. It is
// valid only while it is visited.
type jsonValue struct {
	kind jsonKind
	text []byte
	// means is what the nearest key stands for, above what those around it do.
	means, above keyMeaning
	// listed tells that the value is an element of a list; depth is how many
	// objects and lists it stands in.
	listed bool
	depth  int
}

// node takes in one value.
func (r *jsonReader) node(n jsonNode) {
	r.spoken = true
	r.prove(n)
	if n.kind == jsonObject || n.kind == jsonList {
		return
	}
	v := valueOf(n)
	if n.kind == jsonString && len(n.raw) >= minMarkup {
		r.markup(n.raw)
	}
	around := v.means | v.above
	if around.has(keyIgnored) {
		return
	}
	v.text = n.decoded()
	r.filled = r.filled || !v.is("null")
	switch {
	case n.kind == jsonString && !r.inner && bytes.HasPrefix(v.text, []byte(`{"`)):
		r.nested(v.text)
	case around.has(keyFault):
		r.faultValue(v)
	case v.above.has(keyAccount):
		r.account = r.account || v.kind == jsonString
		r.token = r.token || v.isToken()
	default:
		r.plainValue(v)
	}
}

// valueOf puts a value together with what the keys say about it.
func valueOf(n jsonNode) jsonValue {
	last := n.frames[len(n.frames)-1]
	v := jsonValue{kind: n.kind, means: last.means, above: last.above, listed: last.list, depth: len(n.frames)}
	if last.list && len(n.frames) > 1 {
		v.means = n.frames[len(n.frames)-2].means
	}
	return v
}

// prove notes a list of ways to log in, and whether it holds any.
func (r *jsonReader) prove(n jsonNode) {
	last := n.frames[len(n.frames)-1]
	if r.proofs && (last.means | last.above).has(keyProof) {
		r.proven = true
	}
	if n.kind == jsonList && !last.list && last.means.has(keyProof) {
		r.proofs = true
	}
}

func (v jsonValue) is(word string) bool { return string(v.text) == word }

// isToken reports whether a value is a session or a token for access.
func (v jsonValue) isToken() bool {
	return v.kind == jsonString && len(v.text) >= minSessionValue && (v.means.has(keyToken) || isJWT(v.text))
}

// minMarkup is the length in bytes from which a text can hold a form.
const minMarkup = len(`<input type=password>`)

// markup notes a form in a text, as sent to replace a part of the page.
func (r *jsonReader) markup(raw []byte) {
	if !bytes.Contains(raw, []byte("password")) {
		return
	}
	if bytes.IndexByte(raw, '<') < 0 && !bytes.Contains(raw, []byte(`\u003c`)) {
		return
	}
	for _, written := range passwordTypes {
		r.form = r.form || bytes.Contains(raw, written)
	}
}

// passwordTypes are the ways to write the type of a password field within JSON.
var passwordTypes = [][]byte{
	[]byte(`type=\"password`), []byte(`type='password`), []byte(`type=password`), []byte(`type=\u0022password`),
}

// nested takes in an object that stands in a text, one level deep.
func (r *jsonReader) nested(text []byte) {
	w := jsonWalker{rest: text, visit: r.visit, frames: r.frames[:0]}
	if r.visit == nil {
		w.visit = r.node
		r.visit = w.visit
	}
	r.inner = true
	w.walk()
	r.inner, r.frames = false, w.frames
}

// listedText takes in a text in the outermost list: what apps and single-fetch
// requests of routers send is the word redirect and an address, or a message.
func (r *jsonReader) listedText(v jsonValue) {
	if r.redirects && bytes.HasPrefix(v.text, []byte("/")) {
		r.redirect, r.location = firstText(r.redirect, v.text), firstText(r.location, v.text)
	}
	r.redirects = v.is("redirect")
	r.hear(v)
}

// plainValue takes in a value that belongs to no error and no account.
func (r *jsonReader) plainValue(v jsonValue) {
	r.token = r.token || v.isToken()
	r.withheld = r.withheld || v.withholds()
	switch {
	case v.listed && v.depth == 1 && v.kind == jsonString:
		r.listedText(v)
	case v.means.has(keyStep):
		r.step(v)
	case v.means.has(keyFlag):
		r.flag(v)
	case v.means.has(keyStatus | keyCode | keyResult):
		r.status(v)
	case v.means.has(keyMessage), v.means.has(keyField) && v.listed:
		r.hear(v)
	case v.means.has(keySecond):
		r.ask(v)
	case v.means.has(keyLocation) && v.kind == jsonString:
		r.locate(v)
	}
	r.identify(v)
}

// ask takes in what asks for a second factor if it holds something.
func (r *jsonReader) ask(v jsonValue) {
	if !v.holdsSomething() {
		return
	}
	r.second = true
	r.asks = r.asks || v.means.has(keyAsks)
}

// step takes in the name of a step or a method, of the answer itself rather
// than of a list in it.
func (r *jsonReader) step(v jsonValue) {
	if v.depth > 2 {
		return
	}
	r.second = r.second || listen(v.text).has(saidSecond)
	r.hear(v)
}

// The depth down to which an address is one to go to.
const (
	maxLocationDepth = 3
	maxRedirectDepth = 6
)

func (r *jsonReader) locate(v jsonValue) {
	if v.means.has(keyRedirect) && v.depth <= maxRedirectDepth {
		r.redirect, r.location = firstText(r.redirect, v.text), firstText(r.location, v.text)
	}
	if v.depth <= maxLocationDepth {
		r.location = firstText(r.location, v.text)
	}
}

// identify notes what makes an object the description of a user.
func (r *jsonReader) identify(v jsonValue) {
	r.nobody = r.nobody || v.means.has(keyID) && v.is("false")
	if v.depth > 4 || !v.holdsSomething() {
		return
	}
	r.rpc = r.rpc || v.means.has(keyRPC)
	r.id = r.id || v.means.has(keyID)
	r.name = r.name || v.means.has(keyName)
	if v.means.has(keyResult) {
		r.token = r.token || v.kind == jsonString && looksRandom(v.text)
		r.result = v.kind == jsonString && len(v.text) >= 2*minSessionValue && bytes.IndexByte(v.text, ' ') < 0
	}
}
