"""What detection must reach on simulated attacks, and whether it did.

A target stands for the mean over the seeds of the default size. On the small
size one person more or less moves a figure far, so a share may miss by more:

- counts (PASSED, THROUGH, TAKEN) stand as they are;
- of the attempts twice as many may get through, or the count of the same
  scenario if that is more;
- of the accounts at risk twice the share may be taken, or two accounts;
- of people twice the share may be refused or challenged, or one person.

Against attackers who solve every challenge and bring devices ("hard") one and a
half times the accounts may be taken.
"""

import statistics
from dataclasses import dataclass

# What a figure is. A person is somebody with the right password; shares of
# people are of 10,000 logins.
STOPPED = "attempts stopped, % at least"
PASSED = "attempts let through before the first one is stopped, at most"
THROUGH = "attempts let through in all, at most"
HITS = "accounts at risk taken, % at most"
TAKEN = "accounts taken, at most"
REFUSED = "people refused, of 10,000, at most"
FRICTION = "people refused or challenged, of 10,000, at most"
OFFICE = "people refused in the office, of 10,000, at most"
CGNAT = "people refused behind shared mobile addresses, of 10,000, at most"
VICTIMS = "owners of attacked accounts refused, of 10,000, at most"
RECALL = "takeovers found, % at least"
OPEN = "attempts let through, % at most"
LOST = "people refused or lost, of 10,000, fewer than"
OTHERS = "people refused who sign up, of 10,000, at most"

TARGETS = {
    "A0": {REFUSED: 3, FRICTION: 10, OFFICE: 0},
    "A1": {PASSED: 10, STOPPED: 99.9, TAKEN: 0},
    "A2": {PASSED: 10},
    "A3": {PASSED: 4, TAKEN: 0},
    "A4": {STOPPED: 99.5, HITS: 6, REFUSED: 10, FRICTION: 25},
    "A5": {PASSED: 15, STOPPED: 99.5, HITS: 11, REFUSED: 10, FRICTION: 25},
    "A6": {PASSED: 15, STOPPED: 99.5, HITS: 11, REFUSED: 10, FRICTION: 25},
    "A6b": {STOPPED: 96, HITS: 12, REFUSED: 10, FRICTION: 25},
    "A7": {STOPPED: 99.9, HITS: 1, FRICTION: 25},
    "A8": {PASSED: 25, STOPPED: 99.5, HITS: 1, REFUSED: 5, FRICTION: 25},
    # Ten guesses an hour for two hours.
    "A9": {THROUGH: 20},
    "A10": {STOPPED: 99.9, HITS: 2, FRICTION: 25},
    # 75 % with the worst seed, 90 % in the middle; the latter is checked below.
    "A11": {STOPPED: 75, REFUSED: 30, FRICTION: 60},
    "A12": {VICTIMS: 25},
    "A13": {STOPPED: 99.5, REFUSED: 5},
    "A14": {PASSED: 50, STOPPED: 99, OTHERS: 100},
    "A15": {PASSED: 20},
    "A15b": {PASSED: 10},
    "A16": {THROUGH: 10, TAKEN: 0},
    # The attacker's logins to an account of his own are among them.
    "A17": {THROUGH: 40},
    "A18": {THROUGH: 12},
    # One account has one budget however it is spelled: ten an hour for four hours.
    "A19": {THROUGH: 40},
}

# In worlds that are harder for everybody, by the name of the run.
WORLDS = {
    "errors x3": {"A0": {REFUSED: 10}},
    "new accounts": {"A0": {REFUSED: 5}},
    "no devices": {"A0": {REFUSED: 30}},
    "home country": {"A8": {STOPPED: 99.5}},
}

# Of the takeovers by somebody who knows the password these shares are found,
# when so many of 10,000 owners are asked for a second factor.
TAKEOVER = {75: {"naive": 95, "vpn": 50}, 350: {"naive": 95, "vpn": 95, "targeted": 60}}

# Targets of the small size that are missed as yet, and what they must not fall
# behind: (run, scenario, figure) to bound. None is.
KNOWN = {}

GROUPS = {REFUSED: "benign", FRICTION: "benign", OFFICE: "office", CGNAT: "cgnat", VICTIMS: "victims", OTHERS: "benign_signups_and_resets"}
HARD_HITS = 1.5


def refused(group):
    """People who were refused at the first try, or lost: not let in at the second
    either. Who is refused comes back half a minute later and is refused again, so
    the larger count has the smaller one within it."""
    return max(group["blocked"], group["lost"])


def figure(m, what):
    """One figure of what attacksim measured, None where there is nothing to measure."""
    if what == STOPPED:
        return m["stopped_pct"] if m["attempts"] else None
    if what == OPEN:
        return 100 - m["stopped_pct"] if m["attempts"] else None
    if what == PASSED:
        return m["let_through_before_first_stop"]
    if what == THROUGH:
        return m["attempts"] - m["stopped"]
    if what == TAKEN:
        return m["compromised"]
    if what == HITS:
        return 100 * m["compromised"] / m["at_risk"] if m["at_risk"] else None
    group = m[GROUPS[what]]
    if not group["logins"]:
        return None
    people = group["blocked"] + group["challenged"] if what == FRICTION else refused(group)
    return 1e4 * people / group["logins"]


@dataclass
class Row:
    run: str
    scenario: str
    what: str
    figure: float
    limit: float
    note: str = ""
    known: float | None = None  # what a target that is missed as yet must reach all the same

    def reaches(self, limit):
        if self.what in (STOPPED, RECALL):
            return self.figure >= limit
        return self.figure < limit if self.what == LOST else self.figure <= limit

    @property
    def met(self):
        return self.reaches(self.limit)

    @property
    def failed(self):
        return not self.met and (self.known is None or not self.reaches(self.known))

    def __str__(self):
        word = "met" if self.met else "MISSED" if self.failed else "missed"
        known = "" if self.known is None else f", and no further than {self.known:.4g}"
        return f"{word:7} {self.run:13} {self.scenario:9} {self.what}: {self.figure:.4g}, target {self.limit:.4g}{known}{self.note}"


def small_limit(m, what, limit):
    """The limit of a target for one run of the small size."""
    if what == STOPPED:
        count = max(TARGETS[m["scenario"]].get(PASSED, 0), TARGETS[m["scenario"]].get(THROUGH, 0))
        return 100 - max(2 * (100 - limit), 100 * count / max(m["attempts"], 1))
    if what == HITS:
        return max(2 * limit, 200 / m["at_risk"])
    if what in GROUPS and limit > 0:
        return max(2 * limit, 1e4 / m[GROUPS[what]]["logins"])
    return limit


def judge(run, by_seed, small=False, hard=False):
    """Rows of one run: by_seed maps a scenario to what each seed measured."""
    rows = []
    for scenario, targets in WORLDS.get(run, TARGETS).items():
        seeds = by_seed.get(scenario)
        if not seeds:
            continue
        for what, limit in targets.items():
            figures = [f for m in seeds if (f := figure(m, what)) is not None]
            if not figures:
                continue
            limit *= HARD_HITS if hard and what == HITS else 1
            if small:
                limit = small_limit(seeds[0], what, limit)
            worst = scenario == "A11" and what == STOPPED
            got = min(figures) if worst else statistics.mean(figures)
            note = " (worst seed)" if worst and len(seeds) > 1 else ""
            rows.append(Row(run, scenario, what, got, limit, note, KNOWN.get((run, scenario, what)) if small else None))
            if worst and not small:
                rows.append(Row(run, scenario, what, statistics.median(figures), 90, " (median)"))
    if run not in WORLDS and "A0" in by_seed and "A13" in by_seed:
        rows += shared_address(run, by_seed)
    return rows


def shared_address(run, by_seed):
    """A bot behind a shared mobile address costs its neighbours at most three
    times what a quiet week does, or one of them."""
    quiet, bot = (statistics.mean(figure(m, CGNAT) for m in by_seed[s]) for s in ("A0", "A13"))
    one = statistics.mean(1e4 / m["cgnat"]["logins"] for m in by_seed["A13"])
    return [Row(run, "A13", CGNAT, bot, max(3 * quiet, one))]


def judge_takeover(run, seeds):
    """Rows of the takeover experiment."""
    rows = []
    for budget, kinds in TAKEOVER.items():
        for i, kind in enumerate(("naive", "vpn", "targeted")):
            if kind in kinds:
                got = statistics.mean(recall(t, budget)[i] for t in seeds)
                rows.append(Row(run, f"takeover {kind}", RECALL, got, kinds[kind], f" at {budget} step-ups of 10,000"))
    return rows


def recall(takeover, budget):
    """The shares of naive, VPN and targeted takeovers found within the budget."""
    for row in takeover["rows"]:
        if row["name"] == "program's score" and row.get("budget_per_10k") == budget:
            return row["recall_pct"]
    raise ValueError(f"the takeover experiment has no row for {budget} step-ups")


def beside_peers(ours, peers):
    """Rows of the comparison: no peer takes fewer accounts, and none that stops
    half of an attack refuses fewer people."""
    rows = []
    for scenario, seeds in ours.items():
        theirs = {peer: ms for (s, peer), ms in peers.items() if s == scenario and peer != "none"}
        if not theirs or scenario == "A0":
            continue
        group = "benign_signups_and_resets" if scenario in ("A14", "A15", "A15b") else "benign"
        taken = min(statistics.mean(m["compromised"] for m in ms) for ms in theirs.values())
        rows.append(Row("peers", scenario, TAKEN, statistics.mean(m["compromised"] for m in seeds), taken, " (the best peer)"))
        stop = {p: ms for p, ms in theirs.items() if statistics.mean(m["stopped_pct"] for m in ms) >= 50}
        for peer, ms in stop.items():
            mine, its = (statistics.mean(people_lost(m[group]) for m in x) for x in (seeds, ms))
            rows.append(Row("peers", scenario, LOST, mine, its, f" ({peer})"))
    return rows


def people_lost(group):
    return 1e4 * refused(group) / group["logins"] if group["logins"] else 0


def without_lists(plain, blind):
    """Rows of the world without providers, countries and lists: at most twice as
    much gets through, is taken and is refused."""
    rows = []
    for scenario, seeds in blind.items():
        ours = plain.get(scenario, [])[: len(seeds)]
        for what in (OPEN, HITS, REFUSED):
            pairs = [(figure(m, what), figure(b, what)) for m, b in zip(ours, seeds)]
            pairs = [p for p in pairs if None not in p]
            if pairs:
                with_lists, without = (statistics.mean(x) for x in zip(*pairs))
                rows.append(Row("no intel", scenario, what, without, 2 * with_lists, " (twice that of plain)"))
    return rows
