package recognize

import (
	"bytes"
	"math/bits"
	"slices"

	"github.com/doorward/doorward/config"
)

// formField is a field of a known form, as a request will show it.
type formField struct {
	text string // the name as in the page
	name []byte // in the form of appendName
	role role   // what it is for in this form
	key  string // of the identity, for an identifier
}

// formWord stands for the name of such a field in Evidence.
const formWord = "of the served form"

// maxFormsOfAddress is how many forms of one address are told apart: an app
// may take logins, signups and resets at the same one.
const maxFormsOfAddress = 4

// form makes a Form of the fields.
func (t *formTally) form(k config.Kind, method, path string) Form {
	f := Form{Kind: k, Method: method, Path: path}
	for _, u := range t.users {
		f.Identifiers = append(f.Identifiers, u.text)
	}
	for _, p := range t.passwords {
		f.Passwords = append(f.Passwords, p.text)
	}
	f.fields = append(append(f.fields, t.users...), rolesIn(k, t.passwords)...)
	for i := range f.fields {
		f.fields[i].name = appendName(nil, []byte(f.fields[i].text))
	}
	return f
}

// rolesIn says which of the passwords of a form of kind k are repetitions, and
// which are the old and the new one.
func rolesIn(k config.Kind, passwords []formField) []formField {
	list := slices.Clone(passwords)
	first := true
	for i := range list {
		switch f := &list[i]; {
		case k == config.KindLogin:
			f.role = rolePassword
		case f.role == roleOldPassword:
			f.role = rolePassword
			if k == config.KindPasswordChange {
				f.role = roleOldPassword
			}
		case !first:
			f.role = roleConfirm
		default:
			first = false
			if f.role = rolePassword; k == config.KindPasswordChange {
				f.role = roleNewPassword
			}
		}
	}
	return list
}

// known returns the fields as a request shows them. A Form that was not made
// here is looked at anew each time.
func (f *Form) known() []formField {
	if f.fields != nil || len(f.Passwords) == 0 {
		return f.fields
	}
	var t formTally
	for _, name := range f.Identifiers {
		in := formInput{name: name}
		key, _ := in.user()
		t.addUser(name, key)
	}
	for _, name := range f.Passwords {
		t.addPassword(&formInput{name: name})
	}
	made := t.form(f.Kind, f.Method, f.Path)
	return made.fields
}

// knownForms are the forms of the address a request came to.
type knownForms struct {
	list   [maxFormsOfAddress]*Form
	fields [maxFormsOfAddress][]formField
	n      int
	// there are the password fields of each that the request has, filled or
	// not, as bits.
	there [maxFormsOfAddress]uint32
	// named are those of which a field for the user is there, as bits.
	named uint8
}

// expect sets the forms that the request may be made of.
func (rd *reading) expect(f *Form) {
	for ; f != nil && rd.forms.n < maxFormsOfAddress; f = f.next {
		rd.forms.list[rd.forms.n], rd.forms.fields[rd.forms.n] = f, f.known()
		rd.forms.n++
	}
}

// meaning says what a field is by the known forms, m by its name alone. A name
// that says password stays one whatever the page showed: the app may read it
// (H5). Letter case makes no difference, because some servers ignore it.
func (k *knownForms) meaning(path []byte, m meaning) meaning {
	for i, fields := range k.fields[:k.n] {
		for j := range fields {
			f := &fields[j]
			if len(f.name) != len(path) || !bytes.EqualFold(f.name, path) {
				continue
			}
			switch {
			case f.role.isPassword() && !m.role.isPassword():
				m = meaning{role: f.role, word: formWord, hostile: m.hostile, forms: m.forms}
			case f.role == roleIdentifier && !m.role.isPassword() && m.role != roleIdentifier:
				m = meaning{role: roleIdentifier, key: f.key, word: formWord, hostile: m.hostile, forms: m.forms}
			}
			m.forms |= 1 << i
			if f.role.isPassword() {
				k.there[i] |= 1 << j
			} else {
				k.named |= 1 << i
			}
		}
	}
	return m
}

// submitted returns the known form that the request is made of, nil when it is
// none of them. A form other than a login counts only if all its passwords are
// there and no other password-like value is: the fields of a request are chosen by
// the client, and a guess at a login must not become something else by the
// fields of a signup around it.
func (rd *reading) submitted(path pathSense, query string) *Form {
	if rd.forms.n == 0 {
		return nil
	}
	login, other := rd.matching()
	switch {
	case login == nil:
		return other
	case other != nil && !rd.namesUserOf(login):
		return other // no login without a user
	case path&lastLogin != 0:
		return login
	}
	return rd.choose(login, other, query)
}

// choose tells the login from another form that the request may be as well, nil
// when there is none.
func (rd *reading) choose(login, other *Form, query string) *Form {
	renewed := rd.has(roleNewPassword) || rd.has(roleOldPassword) || rd.has(roleConfirm)
	switch {
	case other != nil && login.operation != other.operation:
		// The query is what the app goes by.
		if senseOfQuery(query) == other.operation {
			return other
		}
		return login
	case other != nil && (renewed || rd.operation&saysSignup != 0 && rd.operation&saysLogin == 0):
		return other
	case renewed:
		return nil
	}
	return login
}

// namesUserOf reports whether the request has a field for the user of a known
// form, filled or not, or the form has none.
func (rd *reading) namesUserOf(f *Form) bool {
	i := slices.Index(rd.forms.list[:rd.forms.n], f)
	return len(f.Identifiers) == 0 || rd.forms.named&(1<<i) != 0
}

// matching returns the known login that the request may be, and the largest of
// the other forms.
func (rd *reading) matching() (login, other *Form) {
	k := &rd.forms
	for i, f := range k.list[:k.n] {
		switch there := bits.OnesCount32(k.there[i]); {
		case there == 0:
		case f.Kind == config.KindLogin:
			if login == nil {
				login = f
			}
		case there == len(f.Passwords) && rd.onlyPasswordsOf(i) && (other == nil || there > len(other.Passwords)):
			other = f
		}
	}
	return login, other
}

// onlyPasswordsOf reports whether all passwords of the request are of form i.
func (rd *reading) onlyPasswordsOf(i int) bool {
	for _, f := range rd.passwords {
		if f.forms&(1<<i) == 0 {
			return false
		}
	}
	return true
}

// kindOfForm is the kind that a known form gives to the request. On the path of
// a login only two passwords make it anything else.
func (s scene) kindOfForm() (k config.Kind, decided bool) {
	f := s.form
	switch {
	case f == nil:
		return config.KindNone, false
	case f.Kind == config.KindLogin && s.choosesSignup():
		return config.KindSignup, true
	case f.Kind == config.KindLogin:
		return f.Kind, true
	case s.path&lastLogin != 0 && len(f.Passwords) < 2:
		return config.KindNone, false
	case f.Kind == config.KindSignup && s.path&saysSignup == 0 && s.pressed(saysLogin):
		return config.KindLogin, s.identifier
	case f.Kind == config.KindSignup && s.path&saysSignup == 0 && s.pressed(saysSelf):
		return config.KindNone, false // the profile has the fields of the signup
	}
	return f.Kind, true
}

// choosesSignup reports whether the form, which the app lets one sign up by as
// well, is set to that. It is the app's own word: elsewhere a client may name any
// operation beside a guess.
func (s scene) choosesSignup() bool {
	return s.form.choices&s.rd.operation&saysSignup != 0 && s.rd.operation&saysLogin == 0
}

// pressed reports whether the button that sent the form says does, and nothing
// of a signup.
func (s scene) pressed(does pathSense) bool {
	return s.rd.button&does != 0 && s.rd.button&saysSignup == 0
}

// ofForm reports whether a known form says that the request is of kind k.
func (s scene) ofForm(k config.Kind) bool { return s.form != nil && s.form.Kind == k }
