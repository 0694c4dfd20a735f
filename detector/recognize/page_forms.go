package recognize

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The bounds of reading the forms of a page, beside the page itself.
const (
	// maxForms is how many forms of one page are told.
	maxForms = 8
	// maxFormTags is how many fields, buttons and forms of one page are looked
	// at: what holds more is a table of records, not a login.
	maxFormTags = 512
	// maxFormFields is how many fields of a sort a Form names.
	maxFormFields = 8
	// maxOpenForms is how many forms of one page are kept until its end,
	// because a field may stand outside of the form it belongs to.
	maxOpenForms = 32
	// maxFormInputs is how many fields of one form, and how many outside of
	// theirs, are looked at.
	maxFormInputs = 64
	// maxFormButtons is how many submit buttons of one form are looked at.
	maxFormButtons = 8
	// maxButtonText is how many bytes of the text of a button are read.
	maxButtonText = 64
)

// HoldsPasswordField reports whether a page may hold a form that FormsIn tells:
// a cheap question, without allocation, that spares most pages the reading.
func HoldsPasswordField(page []byte) bool {
	for _, word := range passwordSpellings {
		if bytes.Contains(page, word) {
			return true
		}
	}
	return false
}

// passwordSpellings are how pages write the type of a field.
var passwordSpellings = [][]byte{[]byte("password"), []byte("PASSWORD"), []byte("Password")}

// FormsIn returns the forms of an HTML page that hold a password field and
// whose purpose is clear, at most maxForms of them. pagePath is the decoded
// path of the page, pageQuery its query as sent, host the host it was asked
// from, without port.
//
// Of a form it tells what a browser would send: method (GET unless the page
// says POST), the decoded path of its action (that of the page unless given,
// with regard to a base element), and the fields for password and user. One
// that goes to another host is left out, and so is one that may as well belong
// to settings, to the administration of users or to the account of another
// service: from such a form nothing can be learned. See [rawForm.kind].
//
// Forms that scripts build are not seen, nor is what stands in template and
// noscript elements or in comments. Nested forms belong to the outer one, as in
// browsers (HTML, section 13.2.6.4.7, "form" start tag). FormsIn takes time
// linear in the length of the page, less than a third of a MiB of memory for
// 64 KiB, and never fails: broken markup yields fewer forms.
func FormsIn(page []byte, pagePath, pageQuery, host string) []Form {
	if !HoldsPasswordField(page) {
		return nil
	}
	feed := pageFeed{page: page}
	r := formReader{z: html.NewTokenizer(&feed), feed: &feed, page: pageAddress{path: pagePath, query: pageQuery, host: host}}
	for r.step() {
	}
	r.adopt()
	var forms []Form
	for i := range r.forms {
		for _, f := range r.forms[i].finish(&r.page) {
			if len(forms) == maxForms {
				return forms
			}
			forms = append(forms, f)
		}
	}
	return forms
}

// rawForm is a form as it stands in the page.
type rawForm struct {
	id     string
	label  pathSense // what its id, class and name say
	action string
	post   bool
	dialog bool // method=dialog sends nothing
	inputs []formInput
	// buttons are those that send the form.
	buttons []formButton
}

// formInput is a field of a form, in the order of the page.
type formInput struct {
	name string
	sort inputSort
	fill autofill
	flag bool // it has a fixed value such as 1 or submit
	// chooses is what the value of a field means that names what to do.
	chooses   pathSense
	concealed bool // nobody sees it: a trap for robots or for password managers
}

// inputSort is what a field looks like to whoever fills it in.
type inputSort uint8

const (
	otherInput inputSort = iota // check boxes, files, long texts
	textInput                   // one line, a choice included
	emailInput
	phoneInput
	passwordInput
	hiddenInput
)

// autofill is what the autocomplete attribute says (HTML, section 4.10.19.7).
type autofill uint8

const (
	noAutofill autofill = iota
	fillUser
	fillEmail
	fillPhone
	fillCurrentPassword
	fillNewPassword
	fillCode
	fillOther // a name, a street, a card number
)

// formButton sends a form.
type formButton struct {
	says   pathSense
	action string // "" is that of the form
}

// strayInput is a field or button outside of the form it belongs to.
type strayInput struct {
	form   string
	input  formInput
	button *formButton
}

type formReader struct {
	z     *html.Tokenizer
	feed  *pageFeed
	parts int // tags and attributes so far
	tags  int // those of them that belong to forms
	page  pageAddress
	forms []rawForm
	// open tells that the last of forms has not ended.
	open bool
	// inert is how deep the reader is in template elements.
	inert  int
	strays []strayInput
	// button collects the text of the button that is open.
	button struct {
		open bool
		text []byte
		tag  formTag
	}
}

func (r *formReader) step() bool {
	token := r.z.Next()
	raw := r.z.Raw()
	r.feed.start += len(raw)
	if !r.afford(token, raw) {
		return false
	}
	switch token {
	case html.ErrorToken:
		return false
	case html.TextToken:
		if b := &r.button; b.open && len(b.text) < maxButtonText {
			text := r.z.Text()
			b.text = append(b.text, text[:min(len(text), maxButtonText-len(b.text))]...)
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		r.start(formElementOf(raw[1:]))
	case html.EndTagToken:
		switch formElementOf(raw[2:]) {
		case atom.Template:
			r.inert = max(r.inert-1, 0)
		case atom.Button:
			r.endButton()
		case atom.Form:
			r.endButton()
			r.open = false
		}
	}
	return true
}

// afford counts the tags and attributes that were read; false ends the reading.
func (r *formReader) afford(token html.TokenType, raw []byte) bool {
	switch token {
	case html.StartTagToken, html.SelfClosingTagToken:
		var t tagParts
		t.add(raw)
		r.parts += t.n
		return t.n <= maxTagAttributes && r.parts <= maxPageParts && r.tags < maxFormTags
	case html.TextToken:
		return true
	}
	r.parts++
	return r.parts <= maxPageParts
}

// formElements are those that matter to forms.
var formElements = makeWordTable(map[string]atom.Atom{
	"template": atom.Template, "base": atom.Base, "form": atom.Form, "input": atom.Input,
	"select": atom.Select, "textarea": atom.Textarea, "button": atom.Button,
})

// formElementOf reads the name of a tag, zero when it matters to no form. The
// tokenizer would make a copy of it.
func formElementOf(tag []byte) atom.Atom {
	var room [len("textarea") + 1]byte
	n := 0
	for n < len(tag) && n < len(room) && !endsName(tag[n]) {
		n++
	}
	return formElements.get(lowerInto(room[:0], tag[:n]))
}

func (r *formReader) start(name atom.Atom) {
	switch {
	case name == 0:
		return
	case name == atom.Template:
		r.inert++
		return
	case r.inert > 0:
		return
	}
	r.tags++
	_, more := r.z.TagName()
	switch tag := r.attributes(more); name {
	case atom.Base:
		r.page.setBase(tag.href)
	case atom.Form:
		r.begin(tag)
	case atom.Input:
		r.input(tag)
	case atom.Select:
		tag.kind = "text"
		r.input(tag)
	case atom.Textarea:
		tag.kind = "textarea"
		r.input(tag)
	case atom.Button:
		r.endButton()
		if tag.kind == "" || tag.kind == "submit" {
			r.button.open, r.button.tag, r.button.text = true, tag, r.button.text[:0]
		}
	}
}

func (r *formReader) begin(tag formTag) {
	if r.open {
		return // a form in a form is none
	}
	r.endButton()
	if len(r.forms) == maxOpenForms && !r.forget() {
		return
	}
	method := strings.ToLower(tag.method)
	if tag.post != "" {
		method, tag.action = "post", tag.post
	}
	r.forms = append(r.forms, rawForm{
		id: tag.id, label: labelSense(tag), action: tag.action,
		post: method == "post", dialog: method == "dialog",
	})
	r.open = true
}

// forget drops the forms without a password field; false: there is none.
func (r *formReader) forget() bool {
	kept := r.forms[:0]
	for _, f := range r.forms {
		if f.holdsPassword() {
			kept = append(kept, f)
		}
	}
	clear(r.forms[len(kept):])
	r.forms = kept
	return len(kept) < maxOpenForms
}

func (f *rawForm) holdsPassword() bool {
	for _, in := range f.inputs {
		if in.sort == passwordInput {
			return true
		}
	}
	return false
}

// input takes one field, or a button in its old form.
func (r *formReader) input(tag formTag) {
	if tag.disabled {
		return
	}
	switch tag.kind {
	case "submit", "image":
		r.addButton(tag, tag.value)
		return
	case "button", "reset":
		return
	}
	in := inputOf(tag)
	if in.name == "" {
		return
	}
	switch {
	case tag.form != "":
		r.stray(strayInput{form: tag.form, input: in})
	case r.open:
		r.forms[len(r.forms)-1].addInput(in)
	}
}

func (f *rawForm) addInput(in formInput) {
	if len(f.inputs) < maxFormInputs {
		f.inputs = append(f.inputs, in)
	}
}

func (r *formReader) endButton() {
	if !r.button.open {
		return
	}
	r.button.open = false
	r.addButton(r.button.tag, string(r.button.text))
}

func (r *formReader) addButton(tag formTag, text string) {
	if tag.disabled {
		return
	}
	b := formButton{says: buttonSense(text) | buttonSense(tag.name) | buttonSense(tag.label), action: tag.formAction}
	switch {
	case tag.form != "":
		r.stray(strayInput{form: tag.form, button: &b})
	case r.open:
		r.forms[len(r.forms)-1].addButton(b)
	}
}

func (f *rawForm) addButton(b formButton) {
	if len(f.buttons) < maxFormButtons {
		f.buttons = append(f.buttons, b)
	}
}

func (r *formReader) stray(s strayInput) {
	if len(r.strays) < maxFormInputs {
		r.strays = append(r.strays, s)
	}
}

// adopt gives the fields outside of their forms to them.
func (r *formReader) adopt() {
	r.endButton()
	for _, s := range r.strays {
		for i := range r.forms {
			if r.forms[i].id != s.form {
				continue
			}
			if s.button != nil {
				r.forms[i].addButton(*s.button)
			} else {
				r.forms[i].addInput(s.input)
			}
			break
		}
	}
}
