package identity

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What one login costs: New, Pseudonym, RateKey, Fingerprint, each alone and
// all together; then the worst that fits into a body of 64 KiB.

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		New(Pair{"platform_id", "7"}, Pair{"email", "alice.w+shop@example.com"})
	}
}

func BenchmarkPseudonym(b *testing.B) {
	keys, id := testKeys(b, "site"), New(Pair{"email", "alice.w+shop@example.com"})
	b.ReportAllocs()
	for b.Loop() {
		keys.Pseudonym(id)
	}
}

func BenchmarkRateKey(b *testing.B) {
	keys := testKeys(b, "site")
	for name, value := range map[string]string{"ascii": "Alice.W+shop@Example.com", "unicode": "Ａlice.Müller@Example.com"} {
		b.Run(name, func(b *testing.B) {
			id := New(Pair{"email", value})
			b.ReportAllocs()
			for b.Loop() {
				keys.RateKey(id, false)
			}
		})
	}
}

func BenchmarkFingerprint(b *testing.B) {
	keys := testKeys(b, "site")
	for name, value := range map[string]string{"ascii": "correct horse battery", "unicode": "cafe\u0301 ﬁsh"} {
		b.Run(name, func(b *testing.B) {
			list := secrets(value)
			b.ReportAllocs()
			for b.Loop() {
				keys.Fingerprint(list)
			}
		})
	}
}

func BenchmarkMask(b *testing.B) {
	id := New(Pair{"email", "alice.w+shop@example.com"})
	b.ReportAllocs()
	for b.Loop() {
		Mask(id, true, false)
	}
}

func BenchmarkLogin(b *testing.B) {
	keys, list := testKeys(b, "site"), secrets("correct horse battery")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := New(Pair{"email", "alice.w+shop@example.com"})
			keys.Pseudonym(id)
			keys.RateKey(id, false)
			keys.Fingerprint(list)
		}
	})
}

func BenchmarkWorst64KiB(b *testing.B) {
	keys := testKeys(b, "site")
	work := func(b *testing.B, in []Pair) {
		b.ReportAllocs()
		for b.Loop() {
			id := New(in...)
			keys.Pseudonym(id)
			keys.RateKey(id, false)
		}
	}
	long := strings.Repeat("\ufdfa", MaxFolded/3) // NFKC makes 33 bytes of 3
	marks := "a" + strings.Repeat("\u0316\u0301", MaxFolded/4-1)
	var expanding, reordering, candidates, fields []Pair
	for i := range MaxIdentifiers {
		expanding = append(expanding, Pair{fmt.Sprint("k", i), long})
		reordering = append(reordering, Pair{fmt.Sprint("k", i), marks})
	}
	for i := range 64 {
		candidates = append(candidates, Pair{"email", fmt.Sprint(i, marks[4:])})
	}
	for i := range 64 << 10 / 8 {
		fields = append(fields, Pair{fmt.Sprintf("k%04x", 0xffff-i), "v"})
	}
	b.Run("16 expanding values", func(b *testing.B) { work(b, expanding) })
	b.Run("16 values of combining marks", func(b *testing.B) { work(b, reordering) })
	b.Run("64 candidates", func(b *testing.B) { work(b, candidates) })
	b.Run("8192 fields", func(b *testing.B) { work(b, fields) })
	for name, raw := range map[string]string{
		"json of 10000 fields": "{" + strings.TrimSuffix(strings.Repeat(`"a":1,`, 64<<10/6), ",") + "}",
		"json of escapes":      `{"a":"` + strings.Repeat(`\u00e9`, 64<<10/6) + `"}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _, _ = ParseJSON([]byte(raw))
			}
		})
	}
	for name, list := range map[string][][]byte{
		"one secret":      secrets(strings.Repeat("ﬁ", 64<<10/3)),
		"64 secrets":      slices.Repeat(secrets(long), 64),
		"32768 of a byte": slices.Repeat(secrets("a"), 32<<10),
	} {
		b.Run("fingerprint of "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				keys.Fingerprint(list)
			}
		})
	}
}
