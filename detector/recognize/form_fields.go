package recognize

// formTally is what the fields of a form come to.
type formTally struct {
	passwords []formField
	users     []formField
	// current, fresh and old are the passwords that are plainly the one in
	// force, one to be, and the one to be replaced.
	current, fresh, old int
	// typed is how many fields there are besides the passwords to be filled in.
	typed int
	// known: the name or autocomplete attribute of a user field tells.
	known bool
	// choices are what the values say of fields that name what to do.
	choices pathSense
	// proof: a hidden field that may hold the token of a reset.
	proof bool
}

// tally sorts the fields.
func (f *rawForm) tally() formTally {
	var t formTally
	before := -1 // the last field somebody types a text into before the password
	for i := range f.inputs {
		in := &f.inputs[i]
		t.choices |= in.chooses
		switch {
		case in.sort == hiddenInput:
			t.proof = t.proof || isProof([]byte(in.name))
		case in.concealed:
		case in.sort == passwordInput:
			t.addPassword(in)
		case in.sort == otherInput:
			t.typed++
		default:
			t.typed++
			if key, ok := in.user(); ok {
				t.addUser(in.name, key)
				t.known = true
			} else if len(t.passwords) == 0 && in.fill != fillOther {
				before = i
			}
		}
	}
	switch {
	case len(t.users) > 0 || len(t.passwords) == 0:
	case before >= 0:
		t.addUser(f.inputs[before].name, f.inputs[before].defaultKey())
	default:
		f.hiddenUser(&t)
	}
	return t
}

// hiddenUser looks for the user among the hidden fields: the second step of a
// login that asks for the name first, and has it filled in.
func (f *rawForm) hiddenUser(t *formTally) {
	for i := range f.inputs {
		if in := &f.inputs[i]; in.sort == hiddenInput && !in.flag && len(t.passwords) == 1 {
			if key, ok := in.user(); ok {
				t.addUser(in.name, key)
			}
		}
	}
}

// user reports whether name or autocomplete attribute say that a field names
// the user, and the key of the identity.
func (in *formInput) user() (key string, ok bool) {
	m := nameOf(lastOfName(in.name))
	if m.role == roleIdentifier {
		key = m.key
	}
	switch in.fill {
	case fillUser, fillEmail, fillPhone:
		if key == "" {
			key = in.defaultKey()
		}
	case fillOther:
		return "", false
	default:
		if key == "" && in.sort == emailInput {
			key = "email"
		}
	}
	return key, key != "" || m.role == roleLetterUser
}

// defaultKey is for fields whose name says nothing.
func (in *formInput) defaultKey() string {
	switch {
	case in.fill == fillUser:
		return "username"
	case in.fill == fillEmail, in.sort == emailInput:
		return "email"
	case in.fill == fillPhone, in.sort == phoneInput:
		return "phone"
	}
	return "username"
}

func (t *formTally) addUser(name, key string) {
	if key == "" {
		key = "username"
	}
	if len(t.users) < maxFormFields {
		t.users = append(t.users, formField{text: name, role: roleIdentifier, key: key})
	}
}

func (t *formTally) addPassword(in *formInput) {
	if len(t.passwords) == maxFormFields {
		return
	}
	role := nameOf(lastOfName(in.name)).role
	switch {
	case in.fill == fillCurrentPassword:
		t.current++
	case in.fill == fillNewPassword, role == roleNewPassword, role == roleConfirm:
		t.fresh++
	}
	p := formField{text: in.name, role: rolePassword}
	if role == roleOldPassword {
		t.old++
	}
	if role == roleOldPassword || in.fill == fillCurrentPassword {
		p.role = roleOldPassword
	}
	t.passwords = append(t.passwords, p)
}
