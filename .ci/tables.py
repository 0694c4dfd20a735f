"""The tables of docs/detection.md, written from what attacksim measured."""

import statistics

import targets

PEERS = ["nginx", "caddy-rl", "fail2ban", "crowdsec", "lockout", "aws-atp", "stopguess"]


def spread(values, digits=1, worst=max):
    """Mean and worst over the seeds; one figure where they are the same."""
    values = [v for v in values if v is not None]
    if not values:
        return "–"
    mean, bad = (f"{v:.{digits}f}" for v in (statistics.mean(values), worst(values)))
    return mean if mean == bad else f"{mean} ({bad})"


def grid(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def per(group, people):
    return 1e4 * people / group["logins"] if group["logins"] else None


def row(scenario, seeds):
    group = "benign_signups_and_resets" if scenario in ("A14", "A15", "A15b") else "benign"
    attacked = seeds[0]["attempts"] > 0
    return [
        scenario,
        f"{statistics.mean(m['attempts'] for m in seeds):,.0f}" if attacked else "–",
        spread([m["stopped_pct"] for m in seeds], 2, min) if attacked else "–",
        spread([m["let_through_before_first_stop"] for m in seeds], 0) if attacked else "–",
        f"{spread([m['compromised'] for m in seeds])} of {statistics.mean(m['at_risk'] for m in seeds):.0f}" if attacked else "–",
        spread([per(m[group], targets.refused(m[group])) for m in seeds]),
        spread([per(m[group], m[group]["challenged"]) for m in seeds]),
        spread([per(m["victims"], targets.refused(m["victims"])) for m in seeds]) if attacked else "–",
    ]


HEAD = ["scenario", "attempts", "stopped %", "through before the first stop", "accounts taken", "people refused /10k", "people challenged /10k", "victims refused /10k"]


def suite(run):
    return grid(HEAD, [row(s, run[s]) for s in targets.TARGETS if s in run])


def worlds(runs):
    rows = []
    for name, flags in (("no devices", "-no-devices"), ("errors x3", "-err 3"), ("new accounts", "-new-users"), ("home country", "-home-share 1"), ("no intel", "-no-intel")):
        rows += [[f"`{flags}`", *row(s, seeds)] for s, seeds in runs.get(name, {}).items()]
    return grid(["world", *HEAD], rows)


def peers(runs):
    rows = []
    for s in targets.TARGETS:
        ours = runs["plain"].get(s)
        if not ours:
            continue
        cells = [beside(s, ours)] + [beside(s, runs["peers"].get((s, p))) for p in PEERS]
        rows.append([s, *cells])
    return grid(["scenario", "Doorward", *PEERS], rows)


def beside(scenario, seeds):
    """Accounts taken, and people refused of 10,000."""
    if not seeds:
        return "–"
    group = "benign_signups_and_resets" if scenario in ("A14", "A15", "A15b") else "benign"
    lost = statistics.mean(targets.people_lost(m[group]) for m in seeds)
    if not seeds[0]["attempts"]:
        return f"{lost:.1f}"
    return f"{statistics.mean(m['compromised'] for m in seeds):.0f}; {lost:.1f}"


def takeover(seeds):
    rows = []
    for i, first in enumerate(seeds[0]["rows"]):
        name = "Doorward" if first["name"] == "program's score" else first["name"]
        same = [t["rows"][i] for t in seeds]
        cells = [spread([r["recall_pct"][k] for r in same], 1, min) for k in range(3)]
        rows.append([name, spread([r["step_ups_per_10k"] for r in same]), *cells])
    return grid(["score", "step-ups /10k", "naive %", "VPN %", "targeted %"], rows)


def write(page, runs):
    """Puts every table between its marks in the page."""
    text = page.read_text()
    made = {
        "plain": suite(runs["plain"]), "hard": suite(runs["hard"]), "worlds": worlds(runs),
        "peers": peers(runs), "takeover": takeover(runs["takeover"]),
    }
    for name, table in made.items():
        begin, end = f"<!-- measured: {name} -->", "<!-- end -->"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"{page} has no place for the table {name}: want {begin} and, below it, {end}")
        text = f"{head}{begin}\n{table}\n{end}{tail}"
    page.write_text(text)
