package identity

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"
)

const (
	// Hidden is shown in place of what must not be seen. Its length says
	// nothing about what it hides.
	Hidden = "•••"
	// MaxDisplay is how many bytes of a value are shown: as many as the
	// longest mail address has (64 for the local part, 255 for the domain).
	MaxDisplay = 320

	ellipsis = "…"
)

// Mask returns what people may see of an identity: of its primary key only,
// and by these rules.
//
//   - The empty identity: nothing.
//   - Not seen, that is, this exact identity never logged in: [Hidden], not
//     even a letter. People type passwords into the user box. Whether it was
//     seen must be looked up by [Keys.Pseudonym], not by the rate key, which
//     a never seen spelling may share.
//   - Seen and plaintext, which the operator asked for: [Display].
//   - Seen, a mail address whose domain is a host name under a public suffix
//     (publicsuffix.org): b•••@example.com. Under any other suffix, such as
//     .test, the domain is hidden too.
//   - Seen, anything else: the first letter and [Hidden]. A name that begins
//     with something that is no letter or digit shows nothing.
func Mask(id Identity, seen, plaintext bool) string {
	_, value, ok := id.PrimaryKey()
	switch {
	case !ok:
		return ""
	case !seen:
		return Hidden
	case plaintext:
		return Display(value)
	}
	masked := firstLetter(value) + Hidden
	if at := strings.LastIndexByte(value, '@'); at > 0 {
		if domain, ok := publicDomain(value[at+1:]); ok {
			masked += "@" + domain
		}
	}
	return masked
}

func firstLetter(v string) string {
	r, n := utf8.DecodeRuneInString(v)
	if !unicode.IsLetter(r) && !unicode.IsNumber(r) {
		return ""
	}
	return v[:n]
}

// publicDomain returns domain in lower case if it is a host name under a suffix
// of the public suffix list, of its ICANN or its private part. Names in other
// scripts count only in their ASCII form.
func publicDomain(domain string) (string, bool) {
	if !hostName(domain) {
		return "", false
	}
	domain = strings.ToLower(domain)
	suffix, icann := publicsuffix.PublicSuffix(domain)
	listed := icann || strings.Contains(suffix, ".")
	return domain, listed && len(domain) > len(suffix)
}

// hostName reports whether s has the syntax of RFC 1123 section 2.1, in ASCII.
func hostName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if len(label) < 1 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}

// Display returns a value as it may be printed: what is not printable
// (control and bidi characters, line ends, unusual spaces) is written as a Go
// escape, bytes that are no UTF-8 as U+FFFD, and what would make it longer than
// MaxDisplay bytes is left out with an ellipsis. It does not escape HTML.
func Display(v string) string {
	out := make([]byte, 0, min(len(v), MaxDisplay)+utf8.UTFMax)
	cut := 0
	for _, r := range v { // yields U+FFFD for what is no UTF-8
		out = appendPrintable(out, r)
		if len(out) > MaxDisplay {
			return string(out[:cut]) + ellipsis
		}
		if len(out) <= MaxDisplay-len(ellipsis) {
			cut = len(out)
		}
	}
	return string(out)
}

func appendPrintable(dst []byte, r rune) []byte {
	if strconv.IsPrint(r) {
		return utf8.AppendRune(dst, r)
	}
	start := len(dst)
	dst = strconv.AppendQuoteRuneToASCII(dst, r)
	// Without the quotes.
	return append(dst[:start], dst[start+1:len(dst)-1]...)
}
