package integration

import (
	"fmt"
	"testing"
)

// TestRefusedSourcesCanDoTheRest: behind one address sit a guesser and hundreds
// of customers. When the address is refused, that is for logins and signups:
// pages, open sessions, logout and password reset stay reachable.
func TestRefusedSourcesCanDoTheRest(t *testing.T) {
	t.Parallel()
	_, edge := shop(t, "redirect", "")
	const carrier = "127.0.0.9"
	customer := edge.visitor(t, "shop.test", carrier)
	customer.login(t, alice, alicePassword)

	bot := edge.visitor(t, "shop.test", carrier)
	for i := range 20 {
		bot.login(t, fmt.Sprintf("user-%d@x.test", i), "leaked")
	}
	if got := bot.login(t, "user-21@x.test", "leaked"); got.status != 429 {
		t.Fatalf("the bot: %v; want 429", got)
	}
	if got := bot.post(t, "/signup", "email", "new@x.test", "password", "a b", "confirm", "a b"); got.status != 429 {
		t.Errorf("a signup from the refused address: %v; want 429", got)
	}
	for _, path := range []string{"/", "/products/7", "/login", "/signup", "/profile"} {
		if got := customer.get(t, path); got.status != 200 {
			t.Errorf("the customer's GET %s: %v; want 200", path, got)
		}
	}
	if got := customer.post(t, "/password/reset", "email", alice); got.status != 200 {
		t.Errorf("asking for a new password: %v; want 200", got)
	}
	if got := customer.post(t, "/logout"); got.status != 302 {
		t.Errorf("logging out: %v; want 302", got)
	}
	if got := edge.visitor(t, "shop.test", "127.0.0.10").login(t, alice, alicePassword); got.status != 302 {
		t.Errorf("logging in through another network, as the page advises: %v; want 302", got)
	}
}
