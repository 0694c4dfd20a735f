package recognize

import "slices"

// settleLetters decides whether u and p are credentials: only together, in one
// place and object, or p in a body whose u is empty. A p that is a small number
// is a page.
func (rd *reading) settleLetters() {
	nobody := rd.emptyIdentifier == "u"
	rd.passwords = slices.DeleteFunc(rd.passwords, func(f field) bool {
		return f.role == roleLetterPassword && !(nobody && f.place == inBody && !isPageNumber(f.value)) && !rd.hasLetterFor(f)
	})
	both := rd.emptyPassword == "p"
	for i := range rd.passwords {
		if f := &rd.passwords[i]; f.role == roleLetterPassword {
			f.role, both = rolePassword, true
		}
	}
	rd.identifiers = slices.DeleteFunc(rd.identifiers, func(f field) bool {
		return f.role == roleLetterUser && !both
	})
	for i := range rd.identifiers {
		if f := &rd.identifiers[i]; f.role == roleLetterUser {
			f.role = roleIdentifier
		}
	}
	if nobody && !both {
		rd.emptyIdentifier = ""
	}
	// An empty p without a u is nothing.
	if rd.emptyPassword == "p" && !slices.ContainsFunc(rd.identifiers, func(f field) bool { return f.word == "u" }) {
		rd.emptyPassword = ""
	}
}

// hasLetterFor reports whether there is a u for the field p.
func (rd *reading) hasLetterFor(p field) bool {
	return !isPageNumber(p.value) && slices.ContainsFunc(rd.identifiers, func(u field) bool {
		return u.role == roleLetterUser && u.place == p.place && u.holder == p.holder
	})
}

// settleBare makes passwords of fields called old, new and confirm. They are
// some where an old one comes with a new one, and where the path is that of a
// password or of the user himself.
func (rd *reading) settleBare(path pathSense) {
	has := func(r role) bool {
		return slices.ContainsFunc(rd.bares, func(f field) bool { return f.role == r && !isPageNumber(f.value) })
	}
	renewed := has(roleBareNew) || rd.has(rolePassword) || rd.has(roleNewPassword)
	if !has(roleBareOld) || !renewed || path&(saysPassword|saysSelf|saysAuth) == 0 {
		return
	}
	roles := map[role]role{roleBareOld: roleOldPassword, roleBareNew: roleNewPassword, roleBareConfirm: roleConfirm}
	for _, f := range rd.bares {
		if f.role = roles[f.role]; f.role != roleNone {
			rd.passwords = rd.keep(rd.passwords, &f, []byte(f.holder))
		}
	}
}

// settleKeys makes credentials of an access and a secret key, and of a code that
// is sent in place of a password: where the path says that one logs in, and there
// is no password. A code that is not called a PIN or a passcode needs a user
// beside it, because the codes of OAuth come to such paths too.
func (rd *reading) settleKeys(path pathSense) {
	if path&lastLogin == 0 || path&saysMFA != 0 || len(rd.passwords) > 0 || rd.emptyPassword != "" {
		return
	}
	for _, f := range rd.bares {
		switch f.role {
		case roleKeyUser:
			f.role = roleIdentifier
			rd.identifiers = rd.keep(rd.identifiers, &f, []byte(f.holder))
			continue
		case roleKeyPassword:
		case roleCode:
			if f.word == "code" && len(rd.identifiers) == 0 {
				continue
			}
		case roleOTP:
			if len(rd.identifiers) == 0 {
				continue
			}
		default:
			continue
		}
		f.role = rolePassword
		rd.passwords = rd.keep(rd.passwords, &f, []byte(f.holder))
	}
}
