package identity

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxMore is how many bytes of further values are normalised
// per request. What comes after them is only trimmed.
const maxMore = 4 << 10

// builder collects pairs into a sorted set of at most MaxIdentifiers keys and
// MaxCandidates-1 further values, whatever it is given. Values are normalised
// when all have come, so that only kept ones cost.
type builder struct {
	pairs    []Pair // the first value of each key, sorted by key
	more     []Pair // further distinct values, in the order they came
	invalid  bool
	hostile  bool
	tooMany  bool // keys were left out
	overflow bool // further values were left out
}

func build(pairs []Pair) *builder {
	b := &builder{pairs: make([]Pair, 0, min(len(pairs), MaxIdentifiers+1))}
	for _, p := range pairs {
		b.add(p.Key, p.Value)
	}
	return b
}

func (b *builder) add(key, value string) {
	b.hostile = b.hostile || operatorKey(key)
	value = strings.TrimSpace(value)
	if value == "" {
		return
	}
	if key == "" || len(key) > MaxKey {
		b.invalid = true
		return
	}
	i, found := slices.BinarySearchFunc(b.pairs, key, func(p Pair, k string) int {
		return strings.Compare(p.Key, k)
	})
	if found {
		b.addValue(b.pairs[i], Pair{key, value})
		return
	}
	b.pairs = slices.Insert(b.pairs, i, Pair{key, value})
	if len(b.pairs) > MaxIdentifiers {
		b.evict()
	}
}

func (b *builder) addValue(first, p Pair) {
	switch {
	case p == first || slices.Contains(b.more, p):
	case len(b.more) == MaxCandidates-1:
		b.overflow = true
	default:
		b.more = append(b.more, p)
	}
}

// evict drops the largest key that is not in the primary key sequence. The
// keys that stay are the same in whatever order they come: a key that was
// dropped once can only be dropped again.
func (b *builder) evict() {
	last := len(b.pairs) - 1
	for slices.Contains(sequence[:], b.pairs[last].Key) {
		last--
	}
	dropped := b.pairs[last]
	b.pairs = slices.Delete(b.pairs, last, last+1)
	b.more = slices.DeleteFunc(b.more, dropped.sameKey)
	b.tooMany = true
}

// identities returns the identity of the first values, one more for every
// further value, and whether everything found room.
func (b *builder) identities() (first Identity, others []Identity, complete bool) {
	for i := range b.pairs {
		b.pairs[i].Value = composed(b.pairs[i].Value)
	}
	complete = !b.tooMany && !b.overflow
	first = Identity{pairs: b.pairs, Invalid: b.invalid || !complete, Hostile: b.hostile}
	more := b.composedMore()
	first.Ambiguous = len(more) > 0 || b.overflow
	for _, p := range more {
		id := first
		id.pairs = slices.Clone(first.pairs)
		id.pairs[slices.IndexFunc(id.pairs, p.sameKey)] = p
		others = append(others, id)
	}
	return first, others, complete
}

// composedMore returns the further values that are still distinct when they are
// normalised.
func (b *builder) composedMore() []Pair {
	var more []Pair
	left := maxMore
	for _, p := range b.more {
		if left -= len(p.Value); left >= 0 {
			p.Value = composed(p.Value)
		}
		if !slices.Contains(b.pairs, p) && !slices.Contains(more, p) {
			more = append(more, p)
		}
	}
	return more
}

func (p Pair) sameKey(q Pair) bool { return p.Key == q.Key }

// composed applies NFC. Bytes that are no UTF-8 stay as they are, and so do
// values that are too long. It is idempotent, and what was trimmed stays so.
func composed(v string) string {
	if len(v) > MaxFolded || printableASCII(v) || !utf8.ValidString(v) {
		return v
	}
	return norm.NFC.String(v)
}

func printableASCII(v string) bool {
	for i := range len(v) {
		if v[i] < ' ' || v[i] > '~' {
			return false
		}
	}
	return true
}

// operatorKey reports whether key is a query operator of a document database,
// alone or in the bracket notation of forms: $ne, email[$ne].
func operatorKey(key string) bool {
	return strings.HasPrefix(key, "$") || strings.Contains(key, "[$")
}
