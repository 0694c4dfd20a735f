package clearance

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

func TestProofsAreParsedStrictly(t *testing.T) {
	t.Parallel()
	sixteen := strings.Repeat("7,", 15) + "7"
	for text, want := range map[string]bool{
		sixteen:                        true,
		strings.Repeat("0,", 15) + "0": true,
		strings.Repeat("9007199254740991,", 15) + "9007199254740991": true,
		strings.Repeat("9007199254740991,", 15) + "9007199254740992": false,
		strings.Repeat("7,", 15) + "18446744073709551623":            false,
		"":                                  false,
		sixteen + ",7":                      false,
		sixteen + ",":                       false,
		"," + sixteen:                       false,
		strings.Repeat("7,", 14) + "7":      false,
		strings.Repeat("7,", 15):            false,
		strings.Repeat("07,", 15) + "7":     false,
		strings.Repeat("00,", 15) + "7":     false,
		strings.Repeat("+7,", 15) + "7":     false,
		strings.Repeat("-7,", 15) + "7":     false,
		strings.Repeat("7 ,", 15) + "7":     false,
		strings.Repeat("7.0,", 15) + "7":    false,
		strings.Repeat("1e3,", 15) + "7":    false,
		strings.Repeat("\u0667,", 15) + "7": false,
		strings.Repeat("7", 1<<20):          false,
		strings.Repeat(",", 1<<20):          false,
	} {
		p, ok := ParseProof(text)
		if ok != want {
			t.Errorf("%.40q: %t, want %t", text, ok, want)
		}
		if ok && p.String() != text {
			t.Errorf("%.40q: reads back as %q", text, p.String())
		}
	}
}

// The vectors are the contract with the page: its worker must find such counters.
func TestTheContractOfTheProof(t *testing.T) {
	t.Parallel()
	p, hashes := Solve("token", 8)
	const want = "363,294,5,222,173,133,160,86,146,524,665,68,342,477,56,176"
	if p.String() != want {
		t.Errorf("the first proof of \"token\" with 8 bits is %s, want %s", p, want)
	}
	if hashes < Parts || !p.Solves("token", 8) || p.Solves("token2", 8) || p.Solves("token", 30) {
		t.Errorf("the proof of %d hashes does not prove just this", hashes)
	}
	for i := range p {
		wrong := p
		wrong[i] += 1 << 40
		if wrong.Solves("token", 8) {
			t.Errorf("part %d is not looked at", i)
		}
	}
}

func TestASolutionCostsAFewHashesAndNoHeap(t *testing.T) {
	w := newWorld(t)
	token, proof := w.solve(alice)
	if n := testing.AllocsPerRun(100, func() {
		p, _ := ParseProof(proof)
		p.Solves(token, easy)
	}); n != 0 {
		t.Errorf("verifying allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { w.Redeem(w.now, token, strings.Repeat("x", 1<<20), home) }); n > 1 {
		t.Errorf("refusing a huge proof allocates %v times", n)
	}
}

func FuzzTokens(f *testing.F) {
	w := newWorld(f)
	own := key(1, 0)
	_, _ = rand.Read(own.Secret[:]) // each process of the fuzzer has its own
	w.Gate = gateOf(f, "shop", w.book, own)
	token, proof := w.solve(alice)
	f.Add(token, proof, w.clearance(alice))
	f.Add("", "", "")
	f.Add(token[:len(token)-1], strings.Repeat("1,", 16), token)
	f.Fuzz(func(t *testing.T, text, solution, cookie string) {
		if _, c, result := w.Redeem(w.now, text, solution, home); result == Accepted && text != token {
			t.Errorf("%q is taken for a token: %v", text, c.Class)
		}
		if _, result := w.use(cookie, bob); result == Accepted {
			t.Errorf("%q is taken for a clearance of another", cookie)
		}
		p, ok := ParseProof(solution)
		if ok && p.String() != solution {
			t.Errorf("%q reads back as %q", solution, p)
		}
	})
}

func FuzzReturnPath(f *testing.F) {
	for _, s := range []string{"/", "//e", "/\\e", "/a?b#c", "http://e", "/%2e%2e//e", "/a\r\nb", "/.doorward/wait"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		got := ReturnPath(address, "/.doorward/")
		if !staysHere(got) || ReturnPath(got, "/.doorward/") != got {
			t.Errorf("%q leads to %q", address, got)
		}
	})
}

func BenchmarkIssue(b *testing.B) {
	w := newWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		w.issue(alice)
	}
}

// BenchmarkVerify is the whole check of a solution: opening the token, the
// hashes, the memory of nonces.
func BenchmarkVerify(b *testing.B) {
	book, _ := NewBook(began)
	seal, _ := NewSeal("shop", key(1, 1))
	g := NewGate("shop", seal, book, 14, MaxLife)
	token, c := g.Issue(began, Ask{Source: home, Class: config.ClassLogin, Identity: alice, Return: "/login"})
	p, _ := Solve(token, c.Bits)
	proof := p.String()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, result := g.Redeem(began, token, proof, home); result != Accepted && result != Replayed {
			b.Fatal(result)
		}
	}
}

func BenchmarkUse(b *testing.B) {
	w := newWorld(b)
	cookie := w.clearance(alice)
	b.ReportAllocs()
	for b.Loop() {
		w.use(cookie, alice)
	}
}

// BenchmarkSolve is what a pass costs a program of one thread, at each step.
func BenchmarkSolve(b *testing.B) {
	book, _ := NewBook(began)
	seal, _ := NewSeal("shop", key(1, 1))
	for step := range MaxSteps + 1 {
		b.Run(fmt.Sprintf("bits=%d", 14+step), func(b *testing.B) {
			g := NewGate("shop", seal, book, 14+step, MaxLife)
			hashes, start := uint64(0), time.Now()
			for b.Loop() {
				token, c := g.Issue(began, Ask{Source: home, Class: config.ClassLogin, Return: "/login"})
				_, n := Solve(token, c.Bits)
				hashes += n
			}
			b.ReportMetric(float64(hashes)/float64(b.N), "hashes/pass")
			b.ReportMetric(float64(hashes)/time.Since(start).Seconds()/1e6, "Mhash/s")
		})
	}
}
