package identity

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// RateIdentity returns the form that all spellings of the identity share and
// that attempts are counted by. Each value is folded as an NFKC_Casefold of
// Unicode does (compatibility forms, letter case, invisible characters) and
// trimmed again; letter case and compatibility forms thus never matter. If a
// value looks like a mail address, its +tag and the dots of its local part are
// left out too, unless strict. Keys are not folded. Flags are kept.
//
// Values over MaxFolded bytes stay as they are. Of values that are no UTF-8, have
// over MaxFolded bytes in NFKC, or come after 4 KiB of others that are not ASCII,
// only ASCII letters are folded.
//
// Two people may share a rate identity (john.doe and johndoe at one provider):
// what is decided by it must leave a way in for whoever logged in before.
func (id Identity) RateIdentity(strict bool) Identity {
	f := newFolder()
	f.left = maxUnicode
	id.pairs = slices.Clone(id.pairs)
	for i, p := range id.pairs {
		id.pairs[i].Value = string(f.fold(p.Value, strict))
	}
	return id
}

// appendRateCanon appends the canonical form of the rate identity without
// making it.
func (id Identity) appendRateCanon(dst []byte, f *folder, strict bool) []byte {
	f.left = maxUnicode
	dst = append(dst, canonVersion...)
	for _, p := range id.pairs {
		dst = appendField(dst, p.Key)
		dst = appendField(dst, f.fold(p.Value, strict))
	}
	return dst
}

// maxUnicode is how many bytes of values that are not ASCII are folded per
// identity or list of passwords. Folding them costs up to 200 ns a byte.
const maxUnicode = 4 << 10

// folder folds values, one after the other. Not for concurrent use.
type folder struct {
	caser cases.Caser
	buf   []byte
	wide  []byte
	left  int // of maxUnicode
}

func newFolder() *folder { return &folder{caser: cases.Fold()} }

// fold returns the folded value, never empty if v is not. It is valid until
// the next call.
func (f *folder) fold(v string, strict bool) []byte {
	f.buf = append(f.buf[:0], v...)
	if len(v) > MaxFolded {
		return f.buf
	}
	switch {
	case printableASCII(v) || !utf8.ValidString(v):
		lowerASCII(f.buf)
	default:
		f.foldUnicode()
	}
	if len(f.buf) == 0 { // only invisible characters: still not the same as absent
		f.buf = append(f.buf, v...)
	}
	return foldMail(f.buf, strict)
}

// compatible puts the NFKC form of v into f.wide, unless it or what was done
// before is too much.
func (f *folder) compatible(v []byte) bool {
	f.wide = f.wide[:0]
	if f.left -= len(v); f.left < 0 {
		return false
	}
	// Not norm.Form.Append: one character can become 18 (U+FDFA).
	var it norm.Iter
	it.Init(norm.NFKC, v)
	for !it.Done() && len(f.wide) <= MaxFolded {
		f.wide = append(f.wide, it.Next()...)
	}
	return len(f.wide) <= MaxFolded
}

// foldUnicode folds f.buf in place. Normalising comes first because some
// compatibility forms have no letter case of their own (U+2122, the trade mark
// sign, is TM), and once more because folding and dropping can leave characters
// that compose.
func (f *folder) foldUnicode() {
	if !f.compatible(f.buf) {
		lowerASCII(f.buf)
		return
	}
	folded := f.caser.Bytes(f.wide)
	f.wide = f.wide[:0]
	for len(folded) > 0 {
		r, n := utf8.DecodeRune(folded)
		if !invisible(r) {
			f.wide = append(f.wide, folded[:n]...)
		}
		folded = folded[n:]
	}
	f.buf = norm.NFKC.Append(f.buf[:0], f.wide...)
	f.buf = bytes.TrimSpace(f.buf)
}

// invisible reports whether r shows nothing and is ignored when databases
// compare text by the Unicode Collation Algorithm: such characters make
// unlimited spellings of one name. White space is not among them.
func invisible(r rune) bool {
	if r < utf8.RuneSelf {
		return (r < ' ' && !unicode.IsSpace(r)) || r == 0x7f
	}
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) ||
		unicode.Is(unicode.Cc, r) && !unicode.IsSpace(r)
}

func lowerASCII(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

var ideographicStop = []byte("\u3002")

// foldMail folds b in place if it looks like a mail address: something before
// and after the last @. The domain loses the dot of the root and has its
// ideographic full stops (RFC 3490 section 3.1) made dots; the local part, if
// not strict, loses the tag after the first + and its dots.
func foldMail(b []byte, strict bool) []byte {
	at := bytes.LastIndexByte(b, '@')
	if at < 1 || at == len(b)-1 {
		return b
	}
	domain := b[at:]
	if bytes.Contains(domain, ideographicStop) {
		domain = bytes.ReplaceAll(domain, ideographicStop, []byte("."))
	}
	if trimmed := bytes.TrimRight(domain, "."); len(trimmed) > 1 {
		domain = trimmed
	}
	local := b[:at]
	if !strict {
		local = foldLocal(local)
	}
	return append(local, domain...)
}

// foldLocal folds the local part of a mail address, and leaves alone one of
// which nothing would be left.
func foldLocal(local []byte) []byte {
	tagless, _, _ := bytes.Cut(local, []byte("+"))
	if len(bytes.Trim(tagless, ".")) == 0 {
		return local
	}
	out := tagless[:0]
	for _, c := range tagless {
		if c != '.' {
			out = append(out, c)
		}
	}
	return out
}
