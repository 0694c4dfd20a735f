package caddymodule

import (
	"testing"

	"github.com/doorward/doorward/detector/clearance"
	"github.com/doorward/doorward/detector/identity"
)

func TestNamesOfAnAttemptAreOneIdentity(t *testing.T) {
	t.Parallel()
	alice, bob := identity.Pseudonym{1, 2, 3}, identity.Pseudonym{4, 5, 6}
	one := clearance.Identity(alice)
	both := whoAre([]identity.Pseudonym{alice, bob})
	for name, row := range map[string]struct {
		names []identity.Pseudonym
		want  clearance.Identity
	}{
		"nobody":                    {nil, clearance.Identity{}},
		"one name":                  {[]identity.Pseudonym{alice}, one},
		"one name in two spellings": {[]identity.Pseudonym{alice, alice}, one},
		"one name and an empty one": {[]identity.Pseudonym{alice, {}}, one},
		"two names the other way":   {[]identity.Pseudonym{bob, alice}, both},
	} {
		if got := whoAre(row.names); got != row.want {
			t.Errorf("%s: %x, want %x", name, [16]byte(got), [16]byte(row.want))
		}
	}
	if both == one || both == (clearance.Identity{}) {
		t.Error("two names are one of them, or nobody")
	}
}
