package recognize

import (
	"bytes"
	"strings"

	"golang.org/x/net/html/atom"
)

// The bounds of reading a page, beside the inspected prefix itself.
const (
	// maxPageText is how many bytes of text are listened to.
	maxPageText = 16 << 10
	// maxPageAttributes is how many attributes of one tag are looked at.
	maxPageAttributes = 32
)

// pageFacts is what an HTML page says about an attempt.
type pageFacts struct {
	// login: a form with exactly one password field. password: a password field
	// of any form. code: a field for a second factor.
	login, password, code bool
	// logout: a link or form that ends a session. enter: a link to a login page.
	logout, enter bool
	// refresh is where a meta element sends the browser.
	refresh string
	// told is what the whole text says, warned what stands in elements marked as
	// errors; warning tells that there is such text.
	told, warned said
	warning      bool
	// scripted: there is a script. framed: the page is one of frames.
	scripted, framed bool
	// blamed: there is an element for errors, with or without a text.
	blamed bool
	// hands: a form that sends the browser on with a completed login.
	hands bool
	// praised: there is text in an element marked as a success.
	praised bool
	// tags is how many tags were seen: a text without any is no page. document
	// tells a whole page from a fragment.
	tags     int
	document bool
	// text is how many bytes of text there were.
	text int
}

// readPage reads a page as far as body goes.
func readPage(body []byte) pageFacts {
	var room [2 << 10]byte // more than the words of most pages that show a form
	r := pageReader{m: markup{body: body}, heard: hearing{words: room[:0]}}
	for r.m.next() {
		r.step()
	}
	r.endForm()
	r.told, r.warned = r.heard.said(), r.warnings.said()
	return r.pageFacts
}

type pageReader struct {
	pageFacts
	m markup
	// tag holds the attributes of the current tag.
	tag pageTag
	// heard are the texts of the page, warnings those in elements marked as
	// errors.
	heard, warnings hearing
	// silent is the element whose text nobody reads, with its nesting.
	silent nesting
	// mark is the element marked as error or success, with its nesting.
	mark     nesting
	praising bool
	// passwords counts the password fields of the current form.
	passwords int
}

// nesting follows one element until it ends.
type nesting struct {
	name    string
	element elementClass
	depth   int
}

func (n *nesting) open() bool { return n.depth > 0 }

// start begins with the element of the current tag.
func (n *nesting) start(m *markup) { n.name, n.element, n.depth = atom.String(m.name()), m.element, 1 }

// see counts the current tag if it is of the same name. An element whose end tag may be left
// out ends with the next one of its name, or with the next block.
func (n *nesting) see(m *markup, step int) {
	switch {
	case n.depth == 0:
	case n.name == string(m.name()) && (step < 0 || !n.element.has(isOpenEnded)):
		n.depth += step
	case n.name == string(m.name()), n.element.has(isOpenEnded) && m.element.has(isBlock):
		n.depth = 0
	}
}

func (r *pageReader) step() {
	switch r.m.kind {
	case markupText:
		r.hear()
	case markupStart:
		r.tags++
		r.startTag()
	case markupEnd:
		r.silent.see(&r.m, -1)
		r.mark.see(&r.m, -1)
		if string(r.m.name()) == "form" {
			r.endForm()
		}
	}
}

// hear takes in a text between two tags.
func (r *pageReader) hear() {
	if r.silent.open() && r.silent.name == "script" {
		r.readScript(r.m.text())
	}
	if r.silent.open() || r.text >= maxPageText {
		return
	}
	text := bytes.TrimSpace(r.m.text())
	if len(text) == 0 {
		return
	}
	text = unescapeMarkup(text[:min(len(text), maxPageText-r.text)])
	r.text += len(text)
	since := len(r.heard.words)
	unspaced := r.heard.add(text)
	switch {
	case r.mark.open() && r.praising:
		r.praised = true
	case r.mark.open():
		r.warning = true
		r.warnings.repeat(r.heard.words[since:], unspaced)
	}
}

func (r *pageReader) startTag() {
	void := r.m.empty || r.m.element.has(isVoid)
	if !void {
		r.silent.see(&r.m, 1)
		r.mark.see(&r.m, 1)
	}
	r.attributes()
	r.see()
	if void {
		return
	}
	if !r.silent.open() && (r.m.element.has(isSilent) || r.tag.hidden) {
		r.silent.start(&r.m)
	}
	r.markElement()
}

// see notes what the tag of an element says.
func (r *pageReader) see() {
	switch string(r.m.name()) {
	case "html", "head", "body":
		r.document = true
	case "form":
		r.endForm()
		r.logout = r.logout || endsSession(r.m.of(r.tag.target))
	case "input":
		r.input()
	case "script":
		r.scripted = true
	case "frameset":
		r.framed = true
	case "meta":
		if bytes.EqualFold(r.m.of(r.tag.equiv), []byte("refresh")) {
			r.refresh = firstOf(r.refresh, refreshTarget(string(unescapeMarkup(r.m.of(r.tag.content)))))
		}
	case "a", "button":
		target := r.m.of(r.tag.target)
		r.logout = r.logout || endsSession(target)
		r.enter = r.enter || beginsSession(target)
	}
}

func (r *pageReader) input() {
	if r.silent.open() && r.silent.name == "template" {
		return
	}
	tag := &r.tag
	name := r.m.of(tag.name)
	oneTime := bytes.EqualFold(bytes.TrimSpace(r.m.of(tag.autocomplete)), []byte("one-time-code"))
	var room [len("password") + 1]byte
	switch kind := string(lowerInto(room[:0], bytes.TrimSpace(r.m.of(tag.kind)))); {
	case kind == "password" && !oneTime:
		r.password = true
		r.passwords++
	case kind == "hidden":
		r.hands = r.hands || tag.value.length() >= 2*minSessionValue && fieldSenseOf(name)&fieldHands != 0
	case kind == "submit", kind == "checkbox":
	case (kind == "" || kind == "text") && fieldSenseOf(name)&fieldPassword != 0:
		r.password = true
		r.passwords++
	case oneTime, (fieldSenseOf(name)|fieldSenseOf(r.m.of(tag.labels[1])))&fieldCode != 0:
		r.code = true
	}
}

// fieldSense is what the name of a field says it is for.
type fieldSense uint8

const (
	fieldPassword fieldSense = 1 << iota
	fieldCode
	fieldHands
)

func fieldSenseOf(name []byte) fieldSense {
	var room [maxKeyLength]byte
	return fieldNames.get(appendPlainKey(room[:0], name[:min(len(name), maxKeyLength)]))
}

func (r *pageReader) endForm() {
	r.login = r.login || r.passwords == 1
	r.passwords = 0
}

// refreshTarget returns the address in "0; url=/next", empty when there is
// none: the page then only reloads itself.
func refreshTarget(content string) string {
	_, target, _ := strings.Cut(content, ";")
	target = strings.TrimSpace(target)
	if len(target) < 4 || !strings.EqualFold(target[:4], "url=") {
		return ""
	}
	return strings.Trim(strings.TrimSpace(target[4:]), `'"`)
}

var (
	// markWords: what takes an alert back does so only where no label said error.
	markWords = classesOf(map[markSense]string{
		marksSuccess: `success successful succeeded positive`,
		marksError:   `error errors errorlist err danger alert invalid warning failure failed flash nonfield negative errorbox errormessage`,
		marksFault:   `error errors errorlist danger failure failed negative errorbox errormessage`,
		marksCalm:    `info information positive primary secondary light notice`,
	})
	// fieldNames: a password is one where the page shows what is typed; fields
	// that hand a login on to another site are those of SAML 2.0 and WS-Federation
	// responses and of OAuth 2.0 form_post.
	fieldNames = classesOf(map[fieldSense]string{
		fieldPassword: `password passwd passwort pwd userpassword loginpassword`,
		fieldCode: `otp otpcode otpattempt totp totpcode mfacode mfatoken 2facode 2fatoken twofactorcode
			twofactortoken tfacode tfatoken onetimecode onetimepassword verificationcode authcode passcode securitycode
			smscode authenticatorcode factorcode`,
		fieldHands: `samlresponse wresult code idtoken accesstoken`,
	})
	markStems     = makeStems(`err danger alert invalid warn fail flash nonfield success succeed negative positive`)
	leavingStems  = makeStems(`out off abmeld deconn`)
	enteringStems = makeStems(`log sign anmeld conn acce`)
	leavingWords  = phrasesOf(`logout, log out, signout, sign out, logoff, log off, abmelden, deconnexion`)
)
