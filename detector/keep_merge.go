package detector

import (
	"github.com/doorward/doorward/config"
	"github.com/doorward/doorward/detector/evidence"
)

// What was kept comes back within seconds of the start, while requests are
// answered. For the few entries that were made in those seconds the merges below
// add the kept one to the live one: counts are summed, sets united, of two times
// the one counts that is the more careful. Windows are the default ones; another
// one reads what was counted as after a change of the configuration.

var keptWindows = config.DefaultThresholds

func mergeSource(live, kept *sourceEvidence) {
	t := &keptWindows
	live.fails.Merge(kept.fails, seconds(t.Source.Window))
	live.slow.Merge(kept.slow, seconds(t.SourceSlow.Window))
	live.signups.Merge(kept.signups, seconds(t.Signups.Window))
	live.upstream.Merge(kept.upstream, upstreamRefunds.window)
	live.failed.Merge(kept.failed)
	live.entered.Merge(kept.entered)
	live.contact.Merge(kept.contact, contactFade)
	live.begun = earliest(live.begun, kept.begun)&^crowded | (live.begun|kept.begun)&crowded
	live.resident = max(live.resident, kept.resident)
}

func mergeAccount(live, kept *accountEvidence) {
	live.guesses.Merge(kept.guesses, seconds(keptWindows.Account.Window))
	live.sources.Merge(kept.sources)
	if live.success < kept.success {
		live.success, live.name = kept.success, kept.name
	}
	live.opened = max(live.opened, kept.opened)
}

func mergePair(live, kept *pairEvidence) {
	live.guesses.Merge(kept.guesses, seconds(keptWindows.Pair.Window))
	live.met = max(live.met, kept.met)
	if live.entered < kept.entered {
		live.entered, live.with = kept.entered, 0
	}
}

func mergeHistory(live, kept *accountHistory) {
	live.clients.Merge(kept.clients)
	live.sources.Merge(kept.sources)
	live.networks.Merge(kept.networks)
	live.born = earliest(live.born, kept.born)
	live.last = max(live.last, kept.last)
	live.barred = max(live.barred, kept.barred)
	if live.credited < kept.credited {
		live.credited = kept.credited
	}
	live.credits.Merge(kept.credits)
	mergeHabits(&live.habits, &kept.habits)
}

func mergeHabits(live, kept *accountHabits) {
	live.providers.Merge(kept.providers)
	live.agents.Merge(kept.agents)
	live.lists |= kept.lists
	live.logins = min(live.logins+kept.logins, maxHabits)
	for _, country := range kept.countries {
		for i := range live.countries {
			if live.countries[i] == country {
				break
			}
			if live.countries[i] == 0 {
				live.countries[i] = country
				break
			}
		}
	}
}

func mergeNetwork(live, kept *networkEvidence) {
	live.entered.Merge(kept.entered)
	live.good.Merge(kept.good, networkFade)
	live.bad.Merge(kept.bad, networkFade)
	live.solved.Merge(kept.solved, networkFade)
	live.wasted.Merge(kept.wasted, networkFade)
	live.contact.Merge(kept.contact, contactFade)
	live.sources.Merge(kept.sources)
	live.logins.Merge(kept.logins, habitFade)
}

func mergeFlood(live, kept *floodEvidence) {
	live.requests.Merge(kept.requests, seconds(keptWindows.AccountResets.Window))
}

func mergeDevice(live, kept *deviceEvidence) {
	accounts, countries := kept.accounts, kept.countries
	for i := len(live.accounts) - 1; i >= 0; i-- {
		if live.accounts[i] != 0 {
			toFront(accounts[:], live.accounts[i])
		}
	}
	for i := len(live.countries) - 1; i >= 0; i-- {
		if live.countries[i] != ([2]byte{}) {
			toFront(countries[:], live.countries[i])
		}
	}
	live.accounts, live.countries = accounts, countries
	for i := range live.guesses {
		if live.guesses[i].account == 0 {
			live.guesses[i] = kept.guesses[i]
		}
	}
	live.guessed = max(live.guessed, kept.guessed)
	live.prefixes.Merge(kept.prefixes)
	live.begun = earliest(live.begun, kept.begun)
	live.until = max(live.until, kept.until)
}

// mergeMachine goes on with the row that was kept if it is the same one.
func mergeMachine(live, kept *machineEvidence) {
	if live.account != kept.account || live.client != kept.client {
		return
	}
	if live.last > kept.last+machineGap {
		return
	}
	live.since = earliest(live.since, kept.since)
	live.last = max(live.last, kept.last)
	switch {
	case live.success != 0: // logged in since
	case live.failing != 0:
		live.success, live.failing = kept.success, earliest(live.failing, kept.failing)
	default:
		live.success, live.failing = kept.success, kept.failing
	}
	live.tried = max(live.tried, kept.tried)
}

// earliest is the earlier of two moments, of which 0 is none.
func earliest(a, b evidence.Seconds) evidence.Seconds {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
