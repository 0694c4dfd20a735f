package detector

import (
	"fmt"
	"testing"
	"time"

	"github.com/doorward/doorward/config"
)

// TestWhatIsRefusedIsOpenWhenItSaid: every rule that imposes no sanction says to
// the second when the same attempt will be let through if nobody adds to it; and
// it is refused until then, or a bit less where others end it earlier.
func TestWhatIsRefusedIsOpenWhenItSaid(t *testing.T) {
	t.Parallel()
	code := func(i int, source *Attempt) *Attempt {
		a := login(source.Source.Addr.String(), citizen(3), uint64(500_000+i))
		a.Source, a.Kind, a.Route, a.Declared = source.Source, config.KindMFA, "/code", true
		return a
	}
	for name, row := range map[string]struct {
		attempt func(c town, i int) *Attempt
		apart   time.Duration
		want    config.Detection
		rule    string
		sooner  bool // it may be open earlier than told
	}{
		"first contacts of a network": {
			func(_ town, i int) *Attempt {
				return login(fmt.Sprintf("192.0.2.%d", 1+i%12), fmt.Sprintf("u%d@x.test", i), uint64(100+i))
			}, time.Second, config.CredentialStuffing, "contacts", false,
		},
		"a sprayed password": {
			func(_ town, i int) *Attempt { return proxy(i, citizen(1000+i), 4242) }, time.Hour, config.PasswordSpray, "spray", true,
		},
		"an attack": {
			func(_ town, i int) *Attempt { return proxy(i, citizen(1000+i), uint64(100+i)) }, time.Second, config.Attack, "attack", true,
		},
		"resets from a source": {
			func(_ town, i int) *Attempt { return resetRequest(proxy(1, "", 0), citizen(1000+i)) }, 7 * time.Second, config.ResetFlood, "resets", false,
		},
		"resets of an account": {
			func(_ town, i int) *Attempt { return resetRequest(proxy(i, "", 0), citizen(3)) }, 7 * time.Second, config.ResetFlood, "account_resets", false,
		},
		"codes from a source": {
			func(_ town, i int) *Attempt { return code(i, proxy(1, "", 0)) }, 7 * time.Second, config.CodeGuessing, "codes", false,
		},
		"codes of an account": {
			func(_ town, i int) *Attempt { return code(i, proxy(i, "", 0)) }, 7 * time.Second, config.CodeGuessing, "codes", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTown(t, 100, 9)
			var v Verdict
			i := 0
			for ; v.Answer == "" || v.LetsThrough(); i++ {
				if i == 100 {
					t.Fatal("nothing is refused")
				}
				v = c.try(row.attempt(c, i), failed)
				c.now = c.now.Add(row.apart)
			}
			told := v.Until
			if v.Detection != row.want || v.Rule != row.rule || v.Sanction != 0 || !told.After(c.now) || told.After(c.now.Add(72*time.Hour)) {
				t.Fatalf("%+v, want %s by %s and when it ends", v, row.want, row.rule)
			}
			if c.now = told.Add(-2 * time.Second); !row.sooner && c.try(row.attempt(c, i-1), failed).LetsThrough() {
				t.Errorf("let through before %s", told)
			}
			c.now = told.Add(time.Second)
			if v := c.try(row.attempt(c, i-1), failed); !v.LetsThrough() {
				t.Errorf("refused at the time it said, %s: %+v", told, v)
			}
		})
	}
}
