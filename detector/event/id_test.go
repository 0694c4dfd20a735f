package event

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestIDsSortByTimeAndTellIt(t *testing.T) {
	t.Parallel()
	var ids []string
	for ms := range 1000 {
		ids = append(ids, NewID(noon.Add(time.Duration(ms)*time.Millisecond)))
	}
	if !slices.IsSorted(ids) {
		t.Error("later ids sort before earlier ones")
	}
	for ms, id := range ids {
		spelled, at, err := ParseID(id)
		if err != nil || spelled != id || !at.Equal(noon.Add(time.Duration(ms)*time.Millisecond)) {
			t.Fatalf("%s: read as %s of %v, %v", id, spelled, at, err)
		}
	}
}

func TestIDsDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 10_000 {
		seen[NewID(noon)] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d different ids of 10000", len(seen))
	}
}

func TestIDOfATimeIsThatOfTheSpecification(t *testing.T) {
	t.Parallel()
	// The time of the example in github.com/ulid/spec.
	if got := NewID(time.UnixMilli(1469918176385))[:10]; got != "01ARYZ6S41" {
		t.Errorf("got %s", got)
	}
	if got := NewID(time.Time{})[:10]; got != "0000000000" {
		t.Errorf("before 1970: got %s", got)
	}
	if got := NewID(time.UnixMilli(1 << 60))[:10]; got != "7ZZZZZZZZZ" {
		t.Errorf("too late: got %s", got)
	}
}

func TestParseIDReadsWhatPeopleType(t *testing.T) {
	t.Parallel()
	id, _, err := ParseID("olaryz6s41tsv4rrffq69g5fav")
	if err != nil || id != "01ARYZ6S41TSV4RRFFQ69G5FAV" {
		t.Errorf("got %s, %v", id, err)
	}
	for _, bad := range []string{"", "01ARYZ6S41TSV4RRFFQ69G5FA", "01ARYZ6S41TSV4RRFFQ69G5FAVV", "01ARYZ6S41TSV4RRFFQ69G5FAU", "81ARYZ6S41TSV4RRFFQ69G5FAV", strings.Repeat("\xff", 26)} {
		if id, _, err := ParseID(bad); err == nil || id != "" {
			t.Errorf("%q was read as %q", bad, id)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("01ARYZ6S41TSV4RRFFQ69G5FAV")
	f.Fuzz(func(t *testing.T, s string) {
		id, at, err := ParseID(s)
		if err != nil {
			return
		}
		again, same, err := ParseID(id)
		if err != nil || again != id || !same.Equal(at) || NewID(at)[:10] != id[:10] {
			t.Fatalf("%q was read as %q, which was read as %q, %v", s, id, again, err)
		}
	})
}
