package recognize

import (
	"bytes"
	"slices"
	"strings"

	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/identity"
)

func isPageNumber(value []byte) bool { return len(value) <= 4 && isDigits(value) }

// has reports whether there is a password of role r.
func (rd *reading) has(r role) bool {
	return slices.ContainsFunc(rd.passwords, func(f field) bool { return f.role == r })
}

// sortByPlace brings fields in the order query, header, body; within a place
// the order of the request stays.
func sortByPlace(fields []field) {
	slices.SortStableFunc(fields, func(a, b field) int { return int(a.place) - int(b.place) })
}

// secrets returns the distinct password-like values for an attempt of kind k
// and whether they are ambiguous. A confirmation counts only for a login, where
// it has no business: a constant in it must not hide the guess beside it. In a
// password change the old and the new one differ by nature.
func (rd *reading) secrets(k config.Kind) (values [][]byte, ambiguous bool) {
	sortByPlace(rd.passwords)
	byRole := map[role]int{}
	for _, f := range rd.passwords {
		r := f.role
		if k != config.KindLogin && k != config.KindMFA && k != config.KindLogout {
			if r == roleConfirm && len(rd.passwords) > 1 {
				continue
			}
		} else {
			r = rolePassword
		}
		if slices.ContainsFunc(values, func(v []byte) bool { return bytes.Equal(v, f.value) }) {
			continue
		}
		values = append(values, f.value)
		if byRole[r]++; byRole[r] > 1 {
			ambiguous = true
		}
	}
	return values, ambiguous
}

// candidates returns the identifiers that may name the user. A bare name
// counts when it is all there is, and for a login also beside others, because
// a decoy must not hide it; a bare id only when it is all there is. Identifiers
// in an object that neither holds a password nor contains one that does are
// about somebody else.
// They are appended to room.
func (rd *reading) candidates(k config.Kind, room []field) []field {
	related := rd.related(room)
	has := func(r role) bool {
		return slices.ContainsFunc(related, func(f field) bool { return f.role == r })
	}
	strong, bare := has(roleIdentifier), has(roleName)
	named := slices.ContainsFunc(related, func(f field) bool { return f.role == roleIdentifier && f.key != "email" && f.key != "phone" })
	related = slices.DeleteFunc(related, func(f field) bool {
		switch f.role {
		case roleName:
			if f.place == inQuery && strong && bytes.IndexByte(f.value, '/') >= 0 {
				return true // a file
			}
			return strong && k != config.KindLogin && (named || rd.namesPerson(f.value))
		case roleID:
			return strong || bare
		}
		return f.key == "login" && isSubmitText(f.value) && otherThan(rd.identifiers, f)
	})
	// The body names the user better than the header in front of it, and than a
	// bare name in the query, which often is that of a file or a page; the field
	// that the app's own form asks for names him best.
	slices.SortStableFunc(related, func(a, b field) int { return trust(b) - trust(a) })
	return related
}

// related appends the identifiers that belong to a password, all if none does.
func (rd *reading) related(room []field) []field {
	for _, f := range rd.identifiers {
		if rd.nearPassword(f) {
			room = append(room, f)
		}
	}
	if len(room) == 0 {
		room = append(room, rd.identifiers...)
	}
	return room
}

// namesPerson reports whether a bare name is that of a person rather than of an
// account: it has a space, or stands beside other names of the person.
func (rd *reading) namesPerson(name []byte) bool {
	return rd.saw(rolePerson) || bytes.IndexByte(name, ' ') >= 0
}

func trust(f field) int {
	switch {
	case f.place == inQuery && f.role != roleIdentifier:
		return 0
	case f.place == inHeader:
		return 1
	case f.forms == 0:
		return 2
	}
	return 3
}

func (rd *reading) nearPassword(f field) bool {
	if len(rd.passwords) == 0 {
		return true
	}
	return slices.ContainsFunc(rd.passwords, func(p field) bool {
		if p.place == inHeader || f.place == inHeader {
			return p.place == f.place
		}
		// Body and query mix: passport-local looks for each field in both.
		return p.place != f.place || within(p.holder, f.holder) || within(f.holder, p.holder)
	})
}

// within reports whether the object named inner is outer or lies in it.
func within(inner, outer string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || outer == "" || rest[0] == '.')
}

func otherThan(fields []field, f field) bool {
	return slices.ContainsFunc(fields, func(g field) bool {
		return (g.role == roleIdentifier || g.role == roleName) && !bytes.Equal(g.value, f.value)
	})
}

// isSubmitText reports whether the value of a field called login is what a
// submit button of that name sends.
func isSubmitText(value []byte) bool {
	switch strings.ToLower(string(value[:min(len(value), 16)])) {
	case "login", "log in", "log on", "logon", "sign in", "signin", "submit", "1", "true", "yes", "go", "ok",
		"anmelden", "einloggen", "entrar", "connexion":
		return true
	}
	return false
}

// named is what the identifiers of a request come to.
type named struct {
	identities []identity.Identity
	ambiguous  bool
	more       bool // more than MaxIdentities
	count      int  // how many, more or not
}

// identify makes identities of candidates. Where a user describes himself (a
// signup, his profile) different identifiers together are one user. Everywhere
// else the app looks at one of them and which is unknown, so each distinct
// value is charged, until MaxIdentities.
func identify(fields []field, k config.Kind) named {
	if k == config.KindSignup || k == config.KindPasswordChange {
		return composite(fields)
	}
	var n named
	var room [maxCandidates][]byte
	seen := room[:0]
	for i, f := range fields {
		if slices.ContainsFunc(seen, func(v []byte) bool { return bytes.Equal(v, f.value) }) {
			continue
		}
		seen = append(seen, f.value)
		n.ambiguous = len(seen) > 1
		// Of several names for one value the first in the key sequence counts,
		// so that their order makes no second identity of it.
		key := f.key
		for _, g := range fields[i+1:] {
			if bytes.Equal(g.value, f.value) && keyRank(g.key) < keyRank(key) {
				key = g.key
			}
		}
		n.add(identity.New(identity.Pair{Key: key, Value: string(f.value)}))
	}
	return n
}

func keyRank(key string) int {
	return slices.Index([]string{"email", "username", "login", "phone"}, key)
}

func (n *named) add(id identity.Identity) {
	if !id.Empty() {
		n.count++
	}
	switch {
	case id.Empty():
	case len(n.identities) == MaxIdentities:
		n.more = true
	default:
		n.identities = append(n.identities, id)
	}
}

// composite makes identities of all keys together: one of the first value of
// every key, and one more for the second values where there are some.
func composite(fields []field) named {
	var keys []string
	values := map[string][]string{}
	for _, f := range fields {
		v := string(f.value)
		if values[f.key] == nil {
			keys = append(keys, f.key)
		}
		if !slices.Contains(values[f.key], v) {
			values[f.key] = append(values[f.key], v)
		}
	}
	most := 0
	for _, vs := range values {
		most = max(most, len(vs))
	}
	n := named{ambiguous: most > 1}
	for i := range most {
		pairs := make([]identity.Pair, 0, len(keys))
		for _, key := range keys {
			vs := values[key]
			pairs = append(pairs, identity.Pair{Key: key, Value: vs[min(i, len(vs)-1)]})
		}
		n.add(identity.New(pairs...))
	}
	return n
}
