package detector

import (
	"testing"

	"github.com/doorward/doorward/detector/evidence"
)

// TestSlowTestTellsADripAndNoOrdinaryMonth: forty logins an hour, of whose
// strangers one fails every five hours. Half a failure an hour more is told within
// a fortnight though the attack mode never begins; people's own are not.
func TestSlowTestTellsADripAndNoOrdinaryMonth(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		every evidence.Seconds // between the failures of the drip
		told  bool
	}{
		"an ordinary month":   {0, false},
		"half a pair an hour": {7200, true},
	} {
		s := newSurge()
		const begin = 1000 * day
		id, since := uint64(1), evidence.Seconds(0)
		fail := func(now evidence.Seconds) {
			id += 2
			s.failed(now, surgeRare, id, id+1<<40)
		}
		for now := begin; now < begin+56*day && s.dripped == 0; now += 90 {
			s.login(now)
			if now%(5*3600) == 0 {
				fail(now)
			}
			if since = now - begin; row.every > 0 && since > 28*day && now%row.every == 0 {
				fail(now)
			}
		}
		if s.times > 0 {
			t.Errorf("%s: the attack mode began", name)
		}
		if told := s.dripped != 0; told != row.told || told && (since < 28*day || since > 42*day) {
			t.Errorf("%s: told %t after %d days, want %t within a fortnight from day 28", name, told, since/day, row.told)
		}
	}
}
