package identity

import (
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fingerprint stands for the passwords of one request: equal when they are
// equal, else different but for one chance in 2^64. Zero stands for none. It
// stays in memory: printed or marshalled as text it is hidden.
type Fingerprint uint64

// Fingerprint returns the fingerprint of all password-like values of a request,
// in order. All of them count, so that a constant beside the guess does not
// make every guess look like a repeat. An empty value is one too; no values at
// all have fingerprint zero.
//
// Values are put into Unicode form NFKC, as apps do before they hash
// (NIST SP 800-63B section 5.1.1.2), and not changed otherwise. Those over
// MaxFolded bytes, in NFKC or as they are, those beyond 4 KiB of values that are
// not normal, and bytes that are no UTF-8 are taken as they are. Nothing of
// secrets is changed or retained.
func (k *Keys) Fingerprint(secrets [][]byte) Fingerprint {
	if len(secrets) == 0 {
		return 0
	}
	h := k.credential.get()
	defer k.credential.put(h)
	h.folder.left = maxUnicode
	for _, secret := range secrets {
		h.writeSecret(secret)
	}
	h.flush()
	f := Fingerprint(binary.BigEndian.Uint64(h.mac.Sum(h.sum[:0])))
	if f == 0 {
		return 1
	}
	return f
}

// writeSecret hashes the length and the bytes of the normal form, which nearly
// all passwords have already. Short ones are gathered in h.buf first: a body can
// hold tens of thousands, and each write to a hash costs.
func (h *hasher) writeSecret(secret []byte) {
	if len(secret) <= MaxFolded && utf8.Valid(secret) && norm.NFKC.QuickSpan(secret) != len(secret) {
		if h.folder.compatible(secret) {
			secret = h.folder.wide
		}
	}
	if len(h.buf) > maxPooled/2 {
		h.flush()
	}
	h.buf = binary.AppendUvarint(h.buf, uint64(len(secret)))
	if len(secret) <= MaxFolded {
		h.buf = append(h.buf, secret...)
		return
	}
	h.flush()
	h.mac.Write(secret)
}

// flush hashes what was gathered.
func (h *hasher) flush() {
	h.mac.Write(h.buf)
	h.buf = h.buf[:0]
}

const redacted = "REDACTED"

// Format hides the fingerprint, whatever the verb.
func (f Fingerprint) Format(s fmt.State, _ rune) {
	if f != 0 {
		_, _ = io.WriteString(s, redacted)
	}
}

// MarshalText hides the fingerprint.
func (f Fingerprint) MarshalText() ([]byte, error) {
	if f == 0 {
		return nil, nil
	}
	return []byte(redacted), nil
}
