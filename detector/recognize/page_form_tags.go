package recognize

import (
	"bytes"
	"net/url"
	"strings"
)

// formTag are the attributes of a tag that matter to a form, each at most maxPath
// bytes.
type formTag struct {
	kind, name, id, class, form      string
	action, method, formAction, post string
	value, label, href, autofill     string
	disabled, concealed, unreachable bool
}

func (r *formReader) attributes(more bool) formTag {
	var tag formTag
	for n := 0; more && n < maxPageAttributes; n++ {
		var key, value []byte
		key, value, more = r.z.TagAttr()
		tag.set(key, value)
	}
	return tag
}

func (tag *formTag) set(key, value []byte) {
	text := func() string { return string(bytes.TrimSpace(value[:min(len(value), maxPath)])) }
	switch string(key) {
	case "type":
		tag.kind = strings.ToLower(text())
	case "name":
		if len(value) <= maxHolder {
			tag.name = string(value)
		}
	case "id":
		tag.id = text()
	case "class":
		tag.class = text()
	case "form":
		tag.form = text()
	case "value":
		tag.value = text()
	case "aria-label", "title":
		tag.label = text()
	case "autocomplete":
		tag.autofill = text()
	case "disabled":
		tag.disabled = true
	default:
		tag.lead(key, value)
		tag.conceal(key, value)
	}
}

// lead notes where a tag leads.
func (tag *formTag) lead(key, value []byte) {
	switch string(key) {
	case "action":
		tag.action = addressText(value)
	case "method":
		tag.method = string(value[:min(len(value), maxName)])
	case "hx-post", "data-hx-post": // htmx sends the form there instead
		tag.post = addressText(value)
	case "formaction":
		tag.formAction = addressText(value)
	case "href":
		tag.href = addressText(value)
	}
}

// addressText is an address in a page: one beyond maxPath bytes loses its query,
// and is no address any more if that does not help.
func addressText(value []byte) string {
	value = bytes.TrimSpace(value)
	if len(value) > maxPath {
		path, _, _ := bytes.Cut(value[:maxPath+1], []byte{'?'})
		if value = path; len(path) > maxPath {
			return "about:blank"
		}
	}
	return string(value)
}

// conceal notes what takes a field out of sight.
func (tag *formTag) conceal(key, value []byte) {
	switch string(key) {
	case "hidden":
		tag.concealed = true
	case "aria-hidden":
		tag.concealed = tag.concealed || bytes.EqualFold(value, []byte("true"))
	case "tabindex":
		tag.unreachable = bytes.HasPrefix(bytes.TrimSpace(value), []byte("-"))
	case "style":
		tag.concealed = tag.concealed || hidesElement(value[:min(len(value), maxPath)])
	}
}

// inputOf reads what an input element is.
func inputOf(tag formTag) formInput {
	in := formInput{name: tag.name, fill: autofillOf(tag.autofill), concealed: tag.concealed}
	if tag.kind == "radio" && nameOf(lastOfName(in.name)).role == roleOperation {
		in.chooses = senseOfWords(tag.value[:min(len(tag.value), maxName)])
	}
	in.flag = tag.value == "" || isSubmitText([]byte(tag.value))
	in.sort = sortOf(tag.kind)
	switch {
	case in.fill == fillCode, in.sort == passwordInput && nameOf(lastOfName(in.name)).role == roleOTP:
		in.sort = otherInput
	case in.sort != hiddenInput && (in.fill == fillCurrentPassword || in.fill == fillNewPassword):
		in.sort = passwordInput // shown in clear at the wish of the user
	}
	// Users reach the password by the mouse too, but not a field they type
	// their name into.
	in.concealed = in.concealed || tag.unreachable && in.sort != passwordInput
	return in
}

// sortOf is what a browser makes of the type of an input element.
func sortOf(kind string) inputSort {
	switch kind {
	case "password":
		return passwordInput
	case "email":
		return emailInput
	case "tel":
		return phoneInput
	case "hidden":
		return hiddenInput
	case "checkbox", "radio", "file", "range", "color", "date", "datetime-local", "month", "week", "time", "textarea", "search", "url", "number":
		return otherInput
	}
	return textInput // browsers make a text field of any other type
}

// lastOfName is the part of a field's name that says what it is for.
func lastOfName(name string) []byte {
	var buf [maxHolder]byte
	_, last := cutLast(appendName(buf[:0], []byte(name)))
	return last
}

// autofillOf reads the field name among the tokens of an autocomplete
// attribute.
func autofillOf(value string) autofill {
	fill := noAutofill
	for token := range strings.FieldsSeq(value) {
		switch strings.ToLower(token) {
		case "on", "off", "webauthn", "home", "work", "mobile", "billing", "shipping":
		case "username":
			fill = fillUser
		case "email":
			fill = fillEmail
		case "tel", "tel-national":
			fill = fillPhone
		case "current-password":
			fill = fillCurrentPassword
		case "new-password":
			fill = fillNewPassword
		case "one-time-code":
			fill = fillCode
		default:
			fill = fillOther
		}
	}
	return fill
}

// address is where a page stands, and so where its forms lead.
type pageAddress struct {
	path, query, host string
	base              *url.URL // of a base element, nil without one
}

// setBase takes the first base element that has an address (HTML, section
// 4.2.3). One that cannot be read makes all relative addresses unknown.
func (a *pageAddress) setBase(href string) {
	if a.base != nil || href == "" {
		return
	}
	base, err := url.Parse(href)
	if err != nil {
		base = &url.URL{Scheme: "http", Host: "unreadable.invalid"}
	}
	a.base = a.page().ResolveReference(base)
}

func (a *pageAddress) page() *url.URL { return &url.URL{Path: a.path, RawQuery: a.query} }

// resolve says where an action leads: the decoded path, and the query. ok is
// false for what is no address of this host.
func (a *pageAddress) resolve(action string) (path, query string, ok bool) {
	target, err := url.Parse(action)
	switch {
	case err != nil:
		return "", "", false
	case action == "" || a.base == nil:
		target = a.page().ResolveReference(target)
	default:
		target = a.base.ResolveReference(target)
	}
	if action == "" || target.RawQuery == "" && strings.HasPrefix(action, "#") {
		target.RawQuery = a.query
	}
	if !a.holds(target) {
		return "", "", false
	}
	if target.Path == "" && target.Host != "" {
		target.Path = "/"
	}
	if !strings.HasPrefix(target.Path, "/") || len(target.Path) > maxPath {
		return "", "", false
	}
	return target.Path, target.RawQuery, true
}

// holds reports whether target is a web address of this host. The port does not
// count: what reaches the site may come by another one than it thinks.
func (a *pageAddress) holds(target *url.URL) bool {
	if target.Opaque != "" || target.Scheme != "" && target.Scheme != "http" && target.Scheme != "https" {
		return false
	}
	return target.Host == "" || strings.EqualFold(target.Hostname(), strings.Trim(a.host, "[]"))
}
