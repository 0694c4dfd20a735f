package recognize

import "github.com/doorward/doorward/config"

// kindWithoutPassword tells what a request without any password-like field is.
func (s scene) kindWithoutPassword() config.Kind {
	rd := s.rd
	switch {
	case s.logsOut():
		return config.KindLogout
	case rd.body == "" && !rd.unread:
		return config.KindNone
	case s.secondFactor():
		return config.KindMFA
	case s.path&saysEnable != 0:
		return config.KindNone
	case s.resetsByCode():
		return config.KindReset
	case s.identifier && s.forgot():
		return config.KindResetRequest
	case s.identifier && s.asksForAccount():
		return config.KindSignup
	case s.leavesPasswordOut():
		return config.KindLogin // Missing
	}
	return config.KindNone
}

// resetsByCode reports whether a mailed code is entered where one resets a
// password.
func (s scene) resetsByCode() bool {
	return s.path&(saysReset|saysForgot) != 0 && (s.rd.saw(roleCode) || s.rd.saw(roleOTP))
}

// leavesPasswordOut reports whether a user name is all that was sent to a login.
// An address alone, or a user beside other fields, is the first step of a login
// that asks for the password later, or for a link by mail.
func (s scene) leavesPasswordOut() bool {
	rd := s.rd
	if s.path&lastLogin == 0 || rd.dispatched() != 0 || s.method != "POST" || rd.unread {
		return false
	}
	return rd.leaves == 1 && len(rd.identifiers) == 1 && rd.identifiers[0].role == roleIdentifier && keyRank(rd.identifiers[0].key) > 0
}

// asksForAccount is for signups whose password comes later, by mail. What lies
// below the path of a signup are its parts: looking whether a name is free.
func (s scene) asksForAccount() bool {
	if s.path&(saysManage|saysAdmin|saysCheck|saysSelf|saysThing|saysDelete) != 0 || s.rd.button != 0 && len(s.rd.identifiers) == 0 && s.path&saysSignup == 0 {
		return false
	}
	return s.path&lastSignup != 0 || s.path&saysSignup == 0 && s.all&saysSignup != 0
}

// forgot reports whether this is where one asks for a new password.
func (s scene) forgot() bool {
	return s.all&(saysReset|saysForgot) != 0 || s.path&saysPassword != 0 && s.all&(saysLogin|saysChange) == 0
}

func (s scene) logsOut() bool {
	switch {
	case s.method == "HEAD" || s.method == "OPTIONS":
		return false
	case s.all&saysLogout != 0, s.rd.saw(roleLogout):
		return true
	case s.rd.dispatched()&saysSession != 0 && s.rd.dispatch&saysEdit != 0:
		return true // a session is deleted
	}
	return s.method == "DELETE" && s.path&(saysSession|saysToken|saysAuth|lastLogin) != 0
}

func (s scene) secondFactor() bool {
	if s.path&(saysEnable|saysSignup) != 0 {
		return false
	}
	switch {
	case s.rd.saw(roleOTP):
		return s.path&(saysMFA|saysLogin|saysAuth) != 0
	case s.rd.saw(roleCode):
		return s.path&saysMFA != 0
	}
	return false
}
