package recognize

import (
	"bytes"
	"slices"

	"github.com/doorward/doorward/config"
)

// scene is what is known when the kind is decided.
type scene struct {
	method string
	path   pathSense // what the path says
	all    pathSense // path and named operation together
	rd     *reading
	// password tells that there is a password-like field, filled or not;
	// identifier that a user is named.
	password, identifier bool
	// form is the known form that the request is made of, nil for none.
	form *Form
	// bearer tells that a token of somebody who is logged in came with it.
	bearer bool
}

// The rule behind the functions below: fields, query and body are chosen
// by the client, the path by the app. So fields make a request an attempt, but
// only the path makes an attempt with a password less than a login: decoy
// fields on a login page change nothing.

// kind tells what a request is, KindNone when it is no attempt.
func (s scene) kind() config.Kind {
	rd := s.rd
	filled := len(rd.passwords) > 0
	switch {
	case rd.grant == otherGrant && !filled:
		return config.KindNone
	case rd.credentialsInHeader():
		return config.KindLogin
	case !s.password:
		return s.kindWithoutPassword()
	}
	if !filled && rd.button&saysLogout != 0 {
		return config.KindLogout
	}
	k := s.kindWithPassword()
	if filled && k == config.KindPasswordChange && s.keepsPassword() {
		return config.KindNone
	}
	if filled || s.standsUnfilled(k) {
		return k
	}
	return s.kindWithoutPassword()
}

// standsUnfilled reports whether a request is an attempt of kind k though its
// password is empty.
func (s scene) standsUnfilled(k config.Kind) bool {
	switch k {
	case config.KindLogin:
		return !s.otherButton()
	case config.KindSignup:
		// Below the path of a signup forms are looked at while they are filled in.
		partly := s.path&saysSignup != 0 && s.path&lastSignup == 0
		return !partly && (len(s.rd.identifiers) > 0 || s.rd.button == 0)
	}
	return false
}

// otherButton reports whether another button than that of a login sent the form:
// beside an empty password that is no guess, whatever it says.
func (s scene) otherButton() bool {
	return s.rd.button&(saysSignup|saysReset|saysForgot|saysSelf) != 0 && s.rd.button&saysLogin == 0
}

// kindWithPassword tells what a request with a password-like field is;
// KindNone when it is no attempt. Where the path serves many things an operation
// tells them apart. As a client may name any, it makes another kind of an
// attempt, but never none.
func (s scene) kindWithPassword() config.Kind {
	if k, decided := s.kindOfForm(); decided {
		return k
	}
	if s.path&saysAccount == 0 && s.rd.operation != 0 {
		under := s
		under.path |= s.rd.operation
		if k, decided := under.kindOfPath(); decided && k != config.KindNone {
			return k
		} else if decided {
			return config.KindPasswordChange
		}
	}
	if k, decided := s.kindOfPath(); decided {
		return k
	}
	return s.kindOfFields()
}

// kindOfPath is for paths that say what happens there.
func (s scene) kindOfPath() (k config.Kind, decided bool) {
	p := s.path
	switch {
	case s.setsPassword():
		return s.renewal(), true
	case s.endsThing(), s.confirms(), p&saysMFA != 0 && p&saysEnable != 0 && p&saysLogin == 0:
		return config.KindNone, true
	case p&saysAdmin != 0 && p&saysUsers != 0 && p&saysManage != 0 && p&(saysLogin|saysToken) == 0:
		return config.KindNone, true
	case p&lastLogin != 0:
		return s.kindOfLoginPath(), true
	case s.signupPath(), s.opensAccount():
		return config.KindSignup, true
	case s.entersCode():
		return config.KindMFA, true
	case p&(saysReset|saysForgot) != 0:
		return config.KindReset, true
	case p&saysLogin != 0:
		return config.KindLogin, true
	}
	return s.kindOfOwnPath()
}

// endsThing reports whether the path is that of taking something back, which
// apps let the user confirm by the password: the own account mostly.
func (s scene) endsThing() bool {
	return s.path&saysDelete != 0 && s.path&(saysLogin|saysReset|saysForgot|lastSignup) == 0
}

// confirms reports whether somebody who is logged in proves that he still is who
// he was, or opens what was shared with him: by a password alone, where the path
// says so.
func (s scene) confirms() bool {
	const other = saysSignup | saysInvite | saysSetup | saysReset | saysForgot | saysMFA | saysChange
	if s.identifier || s.renews() || s.rd.saw(roleToken) || s.path&other != 0 {
		return false
	}
	return s.path&saysSudo != 0 || s.path&saysConfig != 0 && s.path&lastLogin == 0
}

// signupPath reports whether the path is that of a signup, and not one below it
// where something is looked up or taken back.
func (s scene) signupPath() bool {
	p := s.path
	return p&saysSignup != 0 && !s.oldAndNew() && (p&(saysCheck|saysEdit) == 0 || p&lastSignup != 0)
}

// kindOfOwnPath is for paths of passwords and users that exist.
func (s scene) kindOfOwnPath() (k config.Kind, decided bool) {
	p := s.path
	switch {
	case p&saysPassword != 0 && (s.renews() || p&saysChange != 0):
		return s.renewal(), true
	case p&saysCheck != 0 && p&(saysSignup|saysPassword) != 0 && p&lastSignup == 0:
		return config.KindNone, true
	case p&saysSelf != 0:
		return s.ownProfile(), true
	case p&saysUsers != 0 && (s.oldAndNew() || s.replacesUser() && !s.identifier):
		return config.KindPasswordChange, true
	}
	return config.KindNone, s.administers()
}

// kindOfLoginPath is for the path of a login, which may serve a signup and a
// reset too: if an operation says so, and the fields are none of a login.
func (s scene) kindOfLoginPath() config.Kind {
	op, renews := s.rd.operation, s.rd.has(roleConfirm) || s.rd.has(roleNewPassword)
	switch {
	case !renews || op&saysLogin != 0:
	case op&(saysReset|saysForgot) != 0 && !s.identifier:
		return config.KindReset
	case op&saysSignup != 0:
		return config.KindSignup
	}
	return config.KindLogin
}

// setsPassword reports whether a new password is sent, and nothing that a login
// could be made of. Where the path says that credentials change, it is enough
// that a password is repeated.
func (s scene) setsPassword() bool {
	if len(s.rd.identifiers) > 0 || s.path&(saysSignup|saysInvite|saysSetup|saysReset|saysForgot) != 0 {
		return false
	}
	if s.path&saysPassword != 0 && s.path&saysChange != 0 && (s.renews() || s.rd.saw(roleToken)) {
		return true
	}
	return s.rd.has(roleNewPassword) && !s.rd.has(rolePassword)
}

// kindOfFields is for all other paths.
func (s scene) kindOfFields() config.Kind {
	rd := s.rd
	switch {
	case s.oldAndNew() && !(s.identifier && rd.has(rolePassword)):
		return config.KindPasswordChange
	case rd.saw(roleToken) && s.renews() && !s.identifier:
		return config.KindReset
	case s.signsUp():
		return s.kindOfSignup()
	case s.rd.namedInPath && s.path&lastUserList != 0:
		return config.KindSignup
	case s.identifier:
		return config.KindLogin
	}
	return s.passwordAlone()
}

// kindOfSignup tells a signup from what has fields like one.
func (s scene) kindOfSignup() config.Kind {
	switch {
	case s.identifier && s.path&saysSignup == 0 && s.pressed(saysLogin):
		return config.KindLogin
	case s.all&saysSignup == 0 && s.all&(saysSelf|saysManage|saysChange) != 0:
		return config.KindPasswordChange
	}
	return config.KindSignup
}

// opensAccount is for paths of the first account of an installation and of an
// accepted invitation, whose mail address the app knows already.
func (s scene) opensAccount() bool {
	if s.path&(saysMFA|saysSelf) != 0 {
		return false
	}
	return s.path&saysInvite != 0 || s.path&saysSetup != 0 && s.identifier
}

// entersCode reports whether a one-time password is sent in a password field.
func (s scene) entersCode() bool {
	return s.path&saysMFA != 0 && s.path&(saysSelf|saysEnable) == 0 && !s.identifier
}

// keepsPassword reports whether a profile is saved, the mail address mostly,
// which the user confirms by his password, and the fields for a new one that are
// in the same form are empty. Where nothing but the password can be meant, a new
// one is missing instead.
func (s scene) keepsPassword() bool {
	if len(s.rd.identifiers) == 0 || (s.all|s.rd.button)&saysPassword != 0 {
		return false
	}
	return !slices.ContainsFunc(s.rd.passwords, func(f field) bool { return f.role != roleOldPassword })
}

func (s scene) oldAndNew() bool {
	return s.rd.has(roleOldPassword) && (s.rd.has(roleNewPassword) || s.rd.has(rolePassword) || s.rd.has(roleConfirm))
}

// renews reports whether a field belongs to a new or an old password, which a
// login does not ask for.
func (s scene) renews() bool {
	return s.rd.has(roleNewPassword) || s.rd.has(roleOldPassword) || s.rd.has(roleConfirm)
}

// renewal tells a forgotten password from a changed one: whoever forgot it
// proves himself by a token instead of the old one.
func (s scene) renewal() config.Kind {
	proven := s.rd.has(roleOldPassword) || s.rd.has(rolePassword) && s.rd.has(roleNewPassword)
	if s.rd.saw(roleToken) && !proven {
		return config.KindReset
	}
	return config.KindPasswordChange
}

// ownProfile is for paths of the user's own settings. A profile saved with its
// password field filled in the browser is no attempt.
func (s scene) ownProfile() config.Kind {
	if s.path&saysEnable != 0 || s.path&saysMFA != 0 {
		return config.KindNone
	}
	if s.renews() || !s.identifier {
		return config.KindPasswordChange
	}
	return config.KindNone
}

// administers reports whether the path is that of managing users: an admin who
// creates or edits one sends a password that is not his.
func (s scene) administers() bool {
	p := s.path
	switch {
	case p&(saysLogin|saysToken) != 0:
		return false
	case p&saysManage != 0 && p&saysAccount == 0 && s.rd.dispatched() != 0:
		return true
	case p&saysEdit != 0 && !s.renewsOwn():
		return true
	case p&saysConfig != 0 && p&saysAccount == 0 && s.method != "GET":
		return true // what is fetched there may ask for the user's own password
	case p&saysManage != 0 && p&(saysUsers|saysAdmin) != 0:
		return true
	case p&saysAdmin != 0 && p&saysUsers != 0, s.createsForOthers():
		return true
	}
	return s.replacesUser() && !s.rd.namedInPath
}

// renewsOwn reports whether the fields are those of somebody who changes his
// own password.
func (s scene) renewsOwn() bool { return s.oldAndNew() || s.renews() && !s.identifier }

// createsForOthers reports whether somebody who is logged in creates a user, or
// writes to one by the user's name.
func (s scene) createsForOthers() bool {
	if s.path&saysUsers == 0 || s.path&(saysAuth|saysSignup) != 0 {
		return false
	}
	return s.rd.ownSegment || s.path&lastUsers != 0 && (s.bearer || s.rd.saw(roleGroups))
}

// replacesUser reports whether an existing user is written to.
func (s scene) replacesUser() bool {
	return s.path&saysUsers != 0 && s.path&saysAuth == 0 && (s.method == "PUT" || s.method == "PATCH")
}

// signsUp is for paths that say nothing of login.
func (s scene) signsUp() bool {
	if s.path&saysAuth != 0 && !s.rd.has(roleConfirm) {
		return s.all&saysSignup != 0 && s.all&saysLogin == 0
	}
	switch {
	case !s.identifier:
		return false
	case s.all&saysSignup != 0 && s.all&saysLogin == 0:
		return true
	case s.rd.has(roleConfirm):
		return true
	case s.path&saysLogin == 0 && s.rd.describesUser():
		return true
	}
	return s.path&lastUsers != 0 && s.method == "POST"
}

// describesUser reports whether both a mail address and another name of the user
// are there, of which a login takes one.
func (rd *reading) describesUser() bool {
	mail, name := -1, -1
	for i, f := range rd.identifiers {
		switch {
		case f.role != roleIdentifier || f.place != inBody:
		case f.key == "email":
			mail = i
		case f.key == "username":
			name = i
		}
	}
	return mail >= 0 && name >= 0 && !bytes.Equal(rd.identifiers[mail].value, rd.identifiers[name].value)
}

// passwordAlone is for a password without a user: an attempt only where the
// path, or the OAuth grant, says that one logs in.
func (s scene) passwordAlone() config.Kind {
	if s.path&(saysLogin|lastAuth) != 0 || s.rd.grant == passwordGrant {
		return config.KindLogin
	}
	return config.KindNone
}
