"""The figures of `docs/disclosure.md`, written from the policy register and its table of noise; nothing there
is typed by hand.

`python -m anonymart.statistician` rewrites what stands between the marks of that page; with `--check` it
changes nothing and ends with 1 when the page is stale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from anonymart.disclosure import risk
from anonymart.disclosure.perturbation import Entry, of_policy
from anonymart.errors import UsageError
from anonymart.home import PROJECT
from anonymart.policy import POLICY_FILE, Policy, load_policy
from anonymart.written_pages import command

PAGE = PROJECT / "docs" / "disclosure.md"
WRITER = "python -m anonymart.statistician"
CELLS = (1, 2, 3, 5)
OTHERS = (0, 1, 2, 3, 5, 10)
COUNTS = (0, 1, 2, 3, 5, 8, 12)  # true counts of which the noise is listed; the command lists all
_SHOWN = 0.0005  # probabilities under this are not listed
# What each entry of the register is in the method; an entry without a sentence stops the page.
PARAMETERS = {
    "counts.largest_deviation": "D: a count is off by at most so many persons",
    "counts.variance": "V: variance of the noise of a count",
    "counts.smallest": "s: the smallest published count above 0",
    "rates.smallest_base": "published persons under a rate, share or mean",
    "rates.decimals": "decimals of a rate",
    "rates.confidence": "confidence of the interval of a rate",
    "quantiles.smallest_base_median": "published persons with a value under a median",
    "quantiles.smallest_base_quartile": "published persons with a value under a quartile",
    "quantiles.persons_each_side": "true persons on each side of a quantile",
    "quantiles.points_round_to": "scores and progress are rounded to",
    "quantiles.days_round_to": "days are rounded to",
    "quantiles.points_rank_noise": "w of scores and progress: a quantile is read at most so many ranks "
    "beside its own",
    "quantiles.days_rank_noise": "w of days",
    "money.round_to_eur": "money is rounded to, in EUR",
    "money.rank_noise": "w of money",
    "money.p_percent": "p of the p% rule",
    "money.largest_share_percent": "largest share of one person in the total, in percent",
    "means.decimals": "decimals of a mean",
    "means.largest_events_per_person": "largest contribution of a person to a mean",
    "means.noise_of_largest": "noise of a sum for each person of noise, in largest contributions",
    "nps.smallest_base": "published answers under a score",
    "nps.confidence": "confidence of the interval of a score",
    "nps.decimals": "decimals of a score",
    "pooling.longest_years": "years in a pool at most",
    "nesting.smallest_difference": "persons between two nested figures without noise, or none",
    "nesting.largest_posterior": "how surely a hidden sensitive share may lie beyond its band, from what a "
    "whole and its shown parts leave over",
    "membership.false_alarms": "rate of false alarms at which the accountant says how often a person is told",
    "membership.median_at_most": "so often half of all persons are told to be in the statistics, at most",
    "membership.of_99_percent_at_most": "so often 99 % of all persons are told, at most",
    "membership.of_anybody_at_most": "so often anybody is told, at most",
    "publication.delay_days": "days between the end of a cell and its publication",
    "bursts.times_usual": "new people of a cell beyond so many times the usual number are shown to the "
    "reviewer",
    "bursts.fewest_people": "new people that are shown at least",
    "bursts.days_before": "days before its period since which people of a cell are new",
    "utility.smallest_cells": "cells under an error that the reviewer is told",
}


def sections(policy: Policy) -> dict[str, str]:
    """The text between each pair of marks, by name. Raises UsageError for an entry of the register that
    nobody explains.
    """
    tables = of_policy(policy)
    return {
        "noise": _by_class(tables, _noise),
        "parameters": _parameters(policy),
        "risk": _by_class(tables, _risk),
    }


def _by_class(tables: Mapping[str, list[Entry]], written: Callable[[list[Entry]], str]) -> str:
    return "\n\n".join(f"Noise of {noise} marts:\n\n{written(table)}" for noise, table in tables.items())


def markdown(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table of texts."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def _noise(table: list[Entry]) -> str:
    rows = []
    last = table[-1].true_count
    for true_count, entries in groupby(table, key=lambda entry: entry.true_count):
        if true_count not in (*COUNTS, last):
            continue
        likely = [(true_count + e.deviation, e.probability) for e in entries]
        shown = ", ".join(f"{published}: {p:.3f}" for published, p in likely if p >= _SHOWN)
        shown += "" if min(p for _, p in likely) >= _SHOWN else f"; {likely[0][0]} to {likely[-1][0]} in all"
        rows.append((f"{true_count}, and more likewise" if true_count == last else str(true_count), shown))
    return markdown(("true count", "published count: probability"), rows)


def _parameters(policy: Policy) -> str:
    groups = {name.split(".")[0] for name in PARAMETERS} - {"publication"}
    found = {f"{group}.{entry}" for group in groups for entry in policy.raw[group]}
    if unexplained := sorted(found - set(PARAMETERS)):
        raise UsageError(
            f"docs/disclosure.md does not explain {', '.join(unexplained)}: add a sentence to "
            f"{Path(__file__).name}."
        )
    rows = [
        (f"`{name}`", _figure(policy.figure(*name.split("."))), says) for name, says in PARAMETERS.items()
    ]
    for band in policy.raw["sensitive_bands"]:
        base = f"base of {band['base_from']} " + (f"to {band['base_to']}" if band["base_to"] else "and more")
        rows.append(
            (
                "`sensitive_bands`",
                f"{100 * band['lowest']:g} % to {100 * band['highest']:g} %",
                f"a sensitive share is told inside, {base}",
            )
        )
    return markdown(("entry of `policy.yml`", "value", "what it is"), rows)


def _figure(value: Any) -> str:
    return (
        f"{value:g}"
        if not isinstance(value, dict)
        else ", ".join(f"{name} {figure:g}" for name, figure in value.items())
    )


def _risk(table: list[Entry]) -> str:
    last = table[-1].true_count
    rows = []
    for n in [*(n for n in OTHERS if n < last), last]:
        without, with_person = risk.published_counts(table, n), risk.published_counts(table, n + 1)
        rows.append((
            f"{n} and more" if n == last else str(n),
            f"{risk.total_variation(without, with_person):.4f}",
            f"{100 * risk.certain(without, with_person):.2f} %",
            *(f"{100 * risk.best_guess(table, n, cells):.1f} %" for cells in CELLS),
        ))  # fmt: skip
    guesses = tuple(f"best guess right, {cells} cell{'s' * (cells > 1)}" for cells in CELLS)
    return markdown(("others in the cell (n)", "TV", "certain", *guesses), rows)


main = command(PAGE, WRITER, lambda: sections(load_policy(POLICY_FILE)))


if __name__ == "__main__":
    main()
