package main

import (
	"testing"
	"time"
)

// TestCampaigns: the same seed gives the same row, peace asks nobody, and a drip
// of eight pairs an hour is found on the first day.
func TestCampaigns(t *testing.T) {
	t.Parallel()
	const n = 300
	quiet, err := run(1, n, campaign{days: 7})
	if err != nil {
		t.Fatal(err)
	}
	if quiet.mode >= 0 || quiet.told >= 0 || quiet.pairs != 0 {
		t.Errorf("a quiet week: %+v, want no attack", quiet)
	}
	for k, p := range quiet.people {
		if p.logins == 0 || p.lost > 0 || p.challenged > 0 {
			t.Errorf("%s in a quiet week: %+v", kindNames[k], p)
		}
	}
	loud := campaign{days: 2, rate: drip(8), right: rightShare, solves: true}
	one, err := run(2, n, loud)
	if err != nil {
		t.Fatal(err)
	}
	if one.mode < 0 || one.mode > 24*time.Hour || one.pairs != 2*24*8 || one.solved == 0 {
		t.Errorf("%+v, want an attack on the first day, and challenges solved", one)
	}
	two, err := run(2, n, loud)
	if err != nil {
		t.Fatal(err)
	}
	if *one != *two {
		t.Errorf("the same seed gave %+v and %+v", one, two)
	}
}

func TestWhenPairsAreTried(t *testing.T) {
	t.Parallel()
	s, err := newSite(1)
	if err != nil {
		t.Fatal(err)
	}
	for on, want := range map[int]int{0: 4, 1: 6, 13: 778} {
		if got := len(ramp(4, 1.5)(s.x, on)); got != want {
			t.Errorf("ramp on day %d: %d, want %d", on, got, want)
		}
	}
	if got := len(drip(4)(s.x, 0)); got != 96 {
		t.Errorf("drip: %d a day, want 96", got)
	}
	if got := len(volleys(9, 30*time.Minute)(s.x, 0)); got != 9*48 {
		t.Errorf("volleys: %d a day, want 432", got)
	}
}
