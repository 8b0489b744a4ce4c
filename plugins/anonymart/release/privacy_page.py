"""`privacy_report.html`: the privacy report as a page for a person, on a screen, on paper and read aloud
(S-ANON).

One file, no script, nothing loaded from elsewhere, and nothing that does not stand in `privacy_report.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from anonymart.policy import CLASSES
from anonymart.release.page_parts import bar, facts, in_words, percent, table
from anonymart.release.policy_rows import FORBIDDEN
from anonymart.release.report_costs import MORE
from anonymart.release.report_persons import REASONS

SECTIONS = {
    "short": "In short",
    "checked": "What was checked",
    "policy": "What the policy requires, and how often it was enforced",
    "suppressed": "Figures that are not shown",
    "persons": "Persons in and out of the statistics",
    "requests": "Requests of persons",
    "guaranteed": "What is guaranteed by rule",
    "attacks": "The attacker, and what the strongest can learn",
    "membership": "What all counts over the years tell together",
    "drill": "The leak drill",
    "cards": "Risk of each mart",
    "cost": "What protection costs",
    "changes": "What changed since the release before",
}
# Rules that hold for each row, by class of noise; those of FLAT are one for all.
GUARANTEED = {
    "counts.smallest": "No count from 1 to under this is shown",
    "counts.largest_deviation": "A count is off by so many persons at most",
    "counts.variance": "Variance of the noise of a count",
    "rates.smallest_base": "Published persons under a share or mean at least",
    "nps.smallest_base": "Published answers under a score at least",
    "quantiles.smallest_base_median": "Published persons under a median at least",
    "quantiles.smallest_base_quartile": "Published persons under a quartile at least",
    "quantiles.persons_each_side": "True persons on each side of a quantile at least",
    "money.largest_share_percent": "Largest share of one person in an amount, in %",
}
FLAT = ("nps.smallest_base", "quantiles.persons_each_side", "money.largest_share_percent")
_NO_GATE = {
    "passed": False,
    "expectations": 0,
    "rows": 0,
    "texts": 0,
    "policies": [],
    "attacks": [],
    "drill": [],
}


@cache
def style() -> str:
    """The style sheet that stands in the page."""
    return Path(__file__).with_name("privacy_page.css").read_text(encoding="utf-8")


def page(report: Mapping[str, Any]) -> str:
    """The whole page. Raises KeyError when the report is none of this version."""
    gate = report.get("gate") or _NO_GATE
    parts = {
        "short": _short(report, gate),
        "checked": _checked(report, gate),
        "policy": _policy(gate),
        "suppressed": _suppressed(report),
        "persons": _persons(report),
        "requests": _requests(report),
        "guaranteed": _rules(report),
        "attacks": _attacks(gate) + _one_count(report),
        "membership": _membership(report),
        "drill": _drill(gate),
        "cards": _cards(report),
        "cost": _cost(report),
        "changes": changes_part(report),
    }
    links = "".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title in SECTIONS.items())
    body = "".join(
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 '
        f'id="{name}-title">{escape(SECTIONS[name])}</h2>{part}</section>'
        for name, part in parts.items()
    )
    title = f"Privacy report of release {report['release_id']}"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="UTF-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style()}</style></head><body>"
        f'<a class="skip" href="#main">Skip to the report</a><header><h1>{escape(title)}</h1>'
        f"<p>As of {escape(report['as_of'])}, made by version {escape(report['code_version'])} of the "
        f"code under version "
        f"{escape(str(report['policy_version']))} of the policy register.</p></header>"
        f'<nav aria-label="Contents"><ol>{links}</ol></nav><main id="main">{body}</main>'
        "<footer><p>Names and counts only: no value of a person stands on this page. "
        "The same stands for machines in privacy_report.json, and each expectation in "
        "data_docs.</p></footer></body></html>\n"
    )


def _short(report: Mapping[str, Any], gate: Mapping[str, Any]) -> str:
    planted, caught = (sum(row[name] for row in gate["drill"]) for name in ("planted", "caught"))
    broken = sum(attack["succeeded"] for attack in gate["attacks"])
    new = sum(mart["new_cells"] for mart in report["marts"].values())
    mark, words = (
        ("good", "The gate let it pass.") if gate["passed"] else ("bad", "The gate has not let it pass.")
    )
    return (
        f'<p class="verdict {mark}">{words}</p><ul>'
        f"<li>{in_words(gate['expectations'])} expectations were evaluated on {in_words(gate['rows'])} rows "
        f"in {len(report['marts'])} marts, {in_words(new)} of them new.</li>"
        f"<li>{in_words(planted)} leaks were planted in a copy, and {in_words(caught)} were caught.</li>"
        f"<li>{in_words(len(gate['attacks']))} attacks were tried, with {in_words(broken)} successes.</li>"
        f"<li>Requests of persons are all in time: {in_words(report['requests']['all_in_time'])}.</li></ul>"
    )


def _checked(report: Mapping[str, Any], gate: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            mart["rows"],
            mart["new_cells"],
            mart["carried_cells"],
            mart["closed_periods"],
            mart["figures"],
        )
        for name, mart in report["marts"].items()
    ]
    return (
        f"<p>The gate opened the very files of the release. It read {in_words(gate['texts'])} texts, in "
        f"cells, names, comments and metadata, for "
        "identifiers, and worked out every new figure again from its evidence. A carried cell must be, "
        "byte for byte, what was published before.</p>"
        + table(
            "Rows that were checked, by mart",
            ("Mart", "Rows", "New cells", "Carried cells", "Periods closed", "Figures"),
            rows,
        )
    )


def _policy(gate: Mapping[str, Any]) -> str:
    rules = [entry for entry in gate["policies"] if entry["what"].startswith(FORBIDDEN)]
    persons = [entry for entry in gate["policies"] if entry not in rules]
    return (
        "<p>Two things are counted here, each in a table of its own: questions that the gate asked, and "
        "persons who were kept out, with noise as in the table of persons.</p>"
        + table(
            "What was forbidden (questions)",
            ("Policy", "What", "Times asked", "Not kept"),
            [
                (
                    entry["policy"],
                    entry["what"].removeprefix(FORBIDDEN),
                    entry["how_often"],
                    entry["not_kept"],
                )
                for entry in rules
            ],
        )
        + table(
            "Who was kept out (persons, with noise)",
            ("Policy", "Who", "Persons"),
            [(entry["policy"], entry["what"], entry["how_often"]) for entry in persons],
        )
    )


def _suppressed(report: Mapping[str, Any]) -> str:
    rows = [
        (
            name,
            mart["figures"],
            mart["suppressed"]["too_few"],
            mart["suppressed"]["protected"],
            percent(mart["suppressed_share"]),
        )
        for name, mart in report["marts"].items()
    ]
    return (
        "<p>A figure that could tell something about a person is empty. Too few: under a threshold. "
        "Protected: it would give another figure away.</p>"
        + table(
            "Suppressed figures, by mart and reason",
            ("Mart", "Figures", "Too few", "Protected", "Share"),
            rows,
        )
    )


def _persons(report: Mapping[str, Any]) -> str:
    rows = [(words, policy, report["persons"].get(reason)) for reason, (policy, words) in REASONS.items()]
    return (
        "<p>These counts are protected too: each has the noise of its own persons, and it stays what "
        "the last report said until enough "
        "persons have come or gone. Two reports side by side tell of nobody who left in between.</p>"
        + table("Persons, by reason (with noise)", ("Reason", "Policy", "Persons"), rows)
    )


def _requests(report: Mapping[str, Any]) -> str:
    words = (
        "None is open after its last day to answer."
        if report["requests"]["all_in_time"]
        else "One or more are open after their last day to answer."
    )
    return (
        f"<p>{words} How many are open, near that day or late, stands on the reviewer's own page "
        f"(R-CLOCK).</p>"
    )


def _attacks(gate: Mapping[str, Any]) -> str:
    rows = [
        (
            attack["attack"].replace("_", " "),
            attack["succeeded"],
            f"{in_words(attack['control']['succeeded'])} of {in_words(attack['control']['tried'])}",
        )
        for attack in gate["attacks"]
    ]
    return (
        "<p>An attacker has the files and the published rules. One success refuses the release. Each "
        "attack must also succeed on a naive "
        "release, made up on the spot: else its silence would prove nothing. How often each has tried "
        "follows from true figures and stands on the "
        "reviewer's own page.</p>"
        + table("Attacks on this release", ("Attack", "Succeeded", "Succeeded on the naive release"), rows)
    )


def _rules(report: Mapping[str, Any]) -> str:
    """What holds for every row whatever the data, by class of noise."""
    limits = report["register"]
    rows = [
        (words, *(limits[f"{name}.{noise}"] if name not in FLAT else limits[name] for noise in CLASSES))
        for name, words in GUARANTEED.items()
    ]
    return (
        "<p>These hold for each row, however many persons are behind it. No published count is a promise: "
        "it has noise, so the smallest one that is shown says nothing of how many persons there are. How "
        "many stand behind a figure at least follows from its published base: the base less the largest "
        "deviation, of a score less three of them.</p>"
        + table("Rules (S-ANON), by the noise of the mart", ("Rule", *CLASSES), rows)
    )


def _one_count(report: Mapping[str, Any]) -> str:
    """What one published count tells of one person, by the persons behind it."""
    right = report.get("one_count") or {}
    if not right:
        return "<p>What one count tells was not worked out by this version.</p>"
    rows = [
        (
            "more than 20" if n == MORE else int(n),
            *(percent(right[noise][n]) for noise in CLASSES),
        )
        for n in right[CLASSES[0]]
    ]
    return (
        "<p>The strongest attacker knows the rules and everybody in a cell but one person, and asks one "
        "published count whether that person is in it. Without the release he guesses, and is right in "
        "50 of 100. The table tells how often he is right with it; no reading of the count does better. "
        "A share is made of two such counts. A mean has noise of its own and a quantile is read beside its "
        "own rank: what they tell is tried by the attacks above. What all counts over the years tell is told "
        "in the next section.</p>"
        + table(
            "Right about one person from one count, by true persons in the cell and noise of the mart",
            ("Persons in the cell", *CLASSES),
            rows,
        )
    )


def _membership(report: Mapping[str, Any]) -> str:
    words = {
        "median_at_most": "Half of all persons",
        "of_99_percent_at_most": "99 of 100 persons",
        "of_anybody_at_most": "Anybody",
    }
    within, limits = report.get("membership") or {}, report["register"]
    if not within:
        return "<p>Not evaluated: this release was made by an earlier version.</p>"
    rows = [
        (words[name], percent(limits[f"membership.{name}"]), "Yes" if within[name] else "No")
        for name in words
    ]
    return (
        "<p>An attacker who knows everybody else in every cell compares, over all counts over the years, "
        "what is published with the person and without. "
        "Told: how often he is right to say that the person is in the statistics, at one false alarm in "
        f"{in_words(round(1 / limits['membership.false_alarms']))}. How often it is, stands on the "
        f"reviewer's own page and in no release.</p>"
        + table("Limits of the policy (S-ANON)", ("Persons", "Told at most", "Kept"), rows)
    )


def _drill(gate: Mapping[str, Any]) -> str:
    return (
        "<p>Made-up leaks were planted in a copy of the release, all at once, and looked for with the "
        "same questions. One that was missed "
        "refuses the release. Each leak in each place stands in privacy_report.json.</p>"
        + table(
            "Leaks, in all places",
            ("Leak", "Places", "Planted", "Caught"),
            _summed(gate["drill"], "leak", "place"),
        )
        + table(
            "Places, with all leaks",
            ("Place", "Leaks", "Planted", "Caught"),
            _summed(gate["drill"], "place", "leak"),
        )
    )


def _summed(rows: list[Mapping[str, Any]], by: str, other: str) -> list[tuple[Any, ...]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row[by], []).append(row)
    return [
        (
            name,
            len({row[other] for row in group}),
            sum(row["planted"] for row in group),
            sum(row["caught"] for row in group),
        )
        for name, group in found.items()
    ]


def _cards(report: Mapping[str, Any]) -> str:
    legend = (
        '<p class="key"><span class="swatch few"></span>too few <span class="swatch '
        'protected"></span>protected '
        '<span class="swatch whole"></span>shown</p>'
    )
    return (
        "<p>From published figures and the limits of the policy alone. Smallest cell: the smallest "
        "count that is shown and not 0, with its noise: "
        "it says nothing of how many persons there are at least. What is guaranteed stands beside it, "
        "and holds for each row. "
        "Dominance: largest share of one person in an amount, and the p of the p% rule. "
        "Noise: its class, and the standard deviation of a count, in persons.</p>"
        f"{legend}<div "
        f'class="cards">{"".join(_card(name, mart) for name, mart in report["marts"].items())}</div>'
    )


def _guaranteed(limits: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The limits of a mart as facts; of the kinds of figures that it has."""
    found = [
        (
            "Counts",
            f"0, or {limits['smallest']} and more; at most {limits['largest_deviation']} from the "
            f"truth, variance {in_words(limits['variance'])}",
        )
    ]
    for base, name, words in (
        ("smallest_base", "true_persons", "Shares, means"),
        ("smallest_base_of_a_score", "true_persons_of_a_score", "Score"),
    ):
        if name in limits:
            found.append(
                (
                    words,
                    f"on a published base of {limits[base]} and more: {limits[name]} true persons and more",
                )
            )
    if "persons_each_side" in limits:
        bases = f"{limits['smallest_base_median']} (median) or {limits['smallest_base_quartile']} (quartile)"
        found.append(
            (
                "Quantiles",
                f"on a published base of {bases} and more, {limits['persons_each_side']} true persons "
                f"and more on each side",
            )
        )
    return found


def _card(name: str, mart: Mapping[str, Any]) -> str:
    figures = mart["figures"] or 1
    shares = {reason: n / figures for reason, n in mart["suppressed"].items()}
    dominance = mart["dominance"]
    rule = f"{dominance['largest_share_percent']} %, p {dominance['p_percent']} %" if dominance else None
    words = (
        f"Of {in_words(mart['figures'])} figures, {percent(shares['too_few'])} too few and "
        f"{percent(shares['protected'])} protected."
    )
    return (
        f'<article class="card"><h3>{escape(name)}</h3>'
        + facts(
            (
                ("Rows", mart["rows"]),
                ("Smallest cell", mart["smallest_cell"]),
                *_guaranteed(mart["guaranteed"]),
                ("Dominance", rule),
                ("Noise", f"{mart['noise']['class']}, {in_words(mart['noise']['standard_deviation'])}"),
                ("Suppressed", percent(mart["suppressed_share"])),
            )
        )
        + bar([("few", shares["too_few"]), ("protected", shares["protected"])], words)
        + "</article>"
    )


def _cost(report: Mapping[str, Any]) -> str:
    limits = report["register"]
    off = [
        f"{in_words(error)} persons in the mean and {in_words(limits[f'counts.largest_deviation.{noise}'])} "
        f"at most in a mart with {noise} noise"
        for noise, error in report["count_error_persons"].items()
    ]
    return (
        f"<p>By the table of noise a count is off by {', by '.join(off)}. Figures that are not shown "
        f"are counted above. By how much the figures of this very "
        "release are off follows from true ones, and stands on the reviewer's own page. The base of a row "
        "is the largest count that it shows.</p>"
        + table(
            "What protection costs, by mart and size of the base",
            ("Mart", "Base", "Rows", "Figures not shown", "Count off in the mean, of the base"),
            [row for name, mart in report["marts"].items() for row in _by_base(name, mart, report)],
        )
    )


def _by_base(name: str, mart: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Rows of the table of costs; of a base, its lowest end, where the noise weighs most."""
    error = report["count_error_persons"][mart["noise"]["class"]]
    smallest = mart["guaranteed"]["smallest"]
    for part in mart.get("by_base", ()):
        lowest = max(part["from"], smallest)
        words = (
            "0 or not shown"
            if part["to"] == 0
            else f"{in_words(part['from'])} and more"
            if part["to"] is None
            else f"{part['from']} to {part['to']}"
        )
        off = None if part["to"] == 0 else f"at most {percent(error / lowest)}"
        yield name, words, part["rows"], percent(part["hidden"] / (part["figures"] or 1)), off


def changes_part(report: Mapping[str, Any]) -> str:
    """The `changes` of a report as tables: marts, columns, policy, code, suppressed shares."""
    changed = report["changes"]
    cells = (
        f"{in_words(changed['figures_frozen'])} figures were frozen with this release, "
        f"{in_words(changed['figures_carried'])} were carried."
    )
    if changed["since"] is None:
        return f"<p>This is the first release that stands. {cells}</p>"
    rows = [
        (words, changed[name])
        for name, words in (("marts_added", "Marts that came"), ("marts_gone", "Marts that went"))
    ]
    rows += [
        (f"Columns that {words}: {mart}", columns)
        for name, words in (("columns_added", "came"), ("columns_gone", "went"))
        for mart, columns in changed[name].items()
    ]
    rows += [
        ("Version of the code", _from_to(changed["code_version"])),
        ("Version of the policy register", _from_to(changed["policy_version"])),
    ]
    rows += [("Definition that changed", name) for name in changed.get("definitions") or []]
    rows += [(f"Policy: {name}", _from_to(values)) for name, values in (changed["policy"] or {}).items()]
    shares = [
        (name, percent(old), percent(new))
        for name, (old, new) in changed["suppressed_share"].items()
        if old != new
    ]
    return (
        f"<p>Compared with release {escape(changed['since'])}. {cells}</p>"
        + table("Marts, columns, code and policy", ("What", "Change"), rows)
        + table("Suppressed shares that changed", ("Mart", "Before", "Now"), shares)
    )


def _from_to(pair: list[Any]) -> str:
    return (
        f"{in_words(pair[0])}, unchanged"
        if pair[0] == pair[1]
        else f"from {in_words(pair[0])} to {in_words(pair[1])}"
    )
