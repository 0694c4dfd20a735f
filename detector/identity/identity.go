package identity

import (
	"fmt"
	"io"
	"slices"
)

// Bounds of an identity. What is beyond them is left out, never cut: two
// users whose names begin alike must not become one.
const (
	// MaxIdentifiers is how many identifiers an identity holds. Of more, the
	// primary key sequence and then the smallest keys are kept, so that the
	// order of the fields makes no difference.
	MaxIdentifiers = 16
	// MaxKey is how many bytes a key may have.
	MaxKey = 128
	// MaxFolded is up to how many bytes a value is normalised and folded. A
	// longer one is only trimmed, because normal forms cost a hundred times
	// what hashing does; no name is that long (RFC 5321 ends addresses at 254
	// bytes).
	MaxFolded = 1 << 10
	// MaxCandidates is how many identities one request can name; see
	// [Candidates].
	MaxCandidates = 50
)

// Pair is one identifier: a name such as email or platform_id and what was
// submitted for it.
type Pair struct{ Key, Value string }

// Identity is a normalised set of identifiers. The zero value is the empty
// identity: nobody is named. Its strings may share memory with what it was
// made of.
//
// Printing an Identity with package fmt shows no value; see [Mask].
type Identity struct {
	pairs []Pair // sorted by key, keys distinct, values normal and not empty

	// Invalid tells that something was left out: a value that is no text and
	// no number, an empty or overlong key, or too many identifiers.
	Invalid bool
	// Hostile tells that a key or value has the shape of an injection, such as
	// {"email":{"$ne":null}}.
	Hostile bool
	// Ambiguous tells that one key came with several distinct values.
	Ambiguous bool
}

// New makes the identity of pairs. Their order makes no difference, except
// that of several values of one key the first that is not empty is kept.
func New(pairs ...Pair) Identity {
	id, _, _ := build(pairs).identities()
	return id
}

// Candidates makes all identities that pairs can mean when keys repeat: first
// is that of [New], others has one for every further distinct value. Which one
// the app will take is unknown, so all must be counted against. There are at
// most MaxCandidates together; all of them are Ambiguous when there are
// several.
func Candidates(pairs ...Pair) (first Identity, others []Identity) {
	first, others, _ = build(pairs).identities()
	return first, others
}

// Empty reports whether nobody is named. Such an attempt counts for its source
// only.
func (id Identity) Empty() bool { return len(id.pairs) == 0 }

// Pairs returns a copy of the identifiers, sorted by the bytes of their keys.
func (id Identity) Pairs() []Pair { return slices.Clone(id.pairs) }

// Keys returns the keys of the identifiers, sorted by their bytes.
func (id Identity) Keys() []string {
	keys := make([]string, 0, len(id.pairs))
	for _, p := range id.pairs {
		keys = append(keys, p.Key)
	}
	return keys
}

// Value returns the value of key, or "" if there is none.
func (id Identity) Value(key string) string {
	for _, p := range id.pairs {
		if p.Key == key {
			return p.Value
		}
	}
	return ""
}

// AppendValues appends the values of all identifiers to list, in their order.
func (id Identity) AppendValues(list []string) []string {
	for _, p := range id.pairs {
		list = append(list, p.Value)
	}
	return list
}

// Map returns the identifiers as submitted, for the output of
// `caddy doorward recognize --json`. It is nil for the empty identity.
func (id Identity) Map() map[string]string {
	if id.Empty() {
		return nil
	}
	m := make(map[string]string, len(id.pairs))
	for _, p := range id.pairs {
		m[p.Key] = p.Value
	}
	return m
}

// Equal reports whether both have exactly the same pairs. Flags make no
// difference.
func (id Identity) Equal(other Identity) bool { return slices.Equal(id.pairs, other.pairs) }

// Format writes [Hidden], whatever the verb: an identity may be a password
// typed into the wrong box and must not reach a log by accident. Package fmt
// cannot call it on unexported fields of other structs.
func (id Identity) Format(s fmt.State, _ rune) {
	if !id.Empty() {
		_, _ = io.WriteString(s, Hidden)
	}
}
