// Command campaigns measures what the simulator beside the source does not: slow
// campaigns over weeks against a small site, and attackers who keep the attack mode
// awake for its own sake (hostile reading, H11 and H12). It drives the detector
// directly, with a clock of its own, and prints a table of each.
//
//	go run ./integration/campaigns [SEED]
//
// The site has 2,000 users who log in once a day; see people.go for who they are.
// It is learned from for four weeks before a campaign begins. Everything is drawn
// from SEED, 1 by default, so a row can be had again.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"text/tabwriter"
	"time"
)

const day = 24 * time.Hour

func main() {
	seed := uint64(1)
	if len(os.Args) > 1 {
		n, err := strconv.ParseUint(os.Args[1], 10, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, "usage: campaigns [SEED]")
			os.Exit(2)
		}
		seed = n
	}
	if err := measure(os.Stdout, seed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// measure prints all tables.
func measure(w io.Writer, seed uint64) error {
	for _, part := range []func(io.Writer, uint64) error{slowCampaigns, smallest, keptAwake} {
		if err := part(w, seed); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	return nil
}

// slowCampaigns are those of H11: the ramp and the drip.
func slowCampaigns(w io.Writer, seed uint64) error {
	t := table(w, "campaign", "days", "pairs", "mode first, day", "told first, day", "right pairs", "accounts lost", "solved", "CPU s an account")
	for _, row := range []struct {
		name string
		campaign
	}{
		{"none", campaign{days: 28}},
		{"ramp x1.5 a day from 4", campaign{days: 14, rate: ramp(4, 1.5), right: rightShare}},
		{"ramp, solving", campaign{days: 14, rate: ramp(4, 1.5), right: rightShare, solves: true}},
		{"drip of 4 an hour", campaign{days: 28, rate: drip(4), right: rightShare}},
		{"drip of 4 an hour, solving", campaign{days: 28, rate: drip(4), right: rightShare, solves: true}},
		{"list of 5,000 in a day, solving", campaign{days: 1, rate: drip(208), right: rightShare, solves: true}},
	} {
		r, err := run(seed, users, row.campaign)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\t%d\t%d\t%d\t%s\n", row.name, row.days, r.pairs, onDay(r.mode), onDay(r.told), r.right, r.lost, r.solved, r.cost())
	}
	return t.Flush()
}

// smallest looks for the smallest drip that is found, by the size of the site.
func smallest(w io.Writer, seed uint64) error {
	t := table(w, "users", "pairs an hour", "mode first, day", "told first, day")
	for _, n := range []int{200, 2_000, 10_000} {
		for _, perHour := range []float64{0.5, 1, 2, 4, 8} {
			r, err := run(seed, n, campaign{days: 14, rate: drip(perHour), right: rightShare})
			if err != nil {
				return err
			}
			fmt.Fprintf(t, "%d\t%g\t%s\t%s\n", n, perHour, onDay(r.mode), onDay(r.told))
		}
	}
	return t.Flush()
}

// keptAwake is H12: nine failures from fresh proxies every half hour.
func keptAwake(w io.Writer, seed uint64) error {
	t := table(w, "attackers", "who", "logins", "challenged", "refused for good", "of 10,000")
	for _, row := range []struct {
		name string
		campaign
	}{
		{"none", campaign{days: 5}},
		{"do not solve", campaign{days: 5, rate: volleys(9, 30*time.Minute)}},
		{"solve", campaign{days: 5, rate: volleys(9, 30*time.Minute), solves: true}},
	} {
		r, err := run(seed, users, row.campaign)
		if err != nil {
			return err
		}
		for k, name := range kindNames {
			p := r.people[k]
			fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%.1f\n", row.name, name, p.logins, p.challenged, p.lost, 1e4*float64(p.lost)/float64(max(p.logins, 1)))
		}
	}
	return t.Flush()
}

func table(w io.Writer, head ...string) *tabwriter.Writer {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i, h := range head {
		if i > 0 {
			fmt.Fprint(t, "\t")
		}
		fmt.Fprint(t, h)
	}
	fmt.Fprintln(t)
	return t
}

// onDay is a time within a campaign as its day, from 1.
func onDay(d time.Duration) string {
	if d < 0 {
		return "never"
	}
	return fmt.Sprintf("%.1f", 1+d.Hours()/24)
}
