"""Attack 7: singling out, linking and inference, the three criteria of WP29, against people who are not in
the data.

Each guess is made from the release of one half of a generated population, and checked on that half and on the
half held out. What succeeds on members no more often than on outsiders tells of the population and of nobody
in the release. Singling out must also beat the guess without any release: whoever knows only how rare an
attribute is isolates somebody with a probability of up to 1/e (Cohen and Nissim, "Towards formalizing the
GDPR's notion of singling out", PNAS 2020). Sources: Article 29 Working Party, Opinion 05/2014 (WP216); Giomi,
Boenisch, Wehmeyer and Tasnadi, "A unified framework for quantifying privacy risk in synthetic data"
(Anonymeter, PoPETs 2023); Holm, "A simple sequentially rejective multiple test procedure" (1979).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from anonymart.attack.halves import Halves, Population
from anonymart.attack.relations import Place
from anonymart.attack.release import Release, Table
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Result

SIGNIFICANCE = 0.001
GUESSES = 1000
CELLS = 400
ENOUGH = 20
LIKELY = 0.5
SINGLING_OUT, LINKING, INFERENCE = "singling_out", "linking", "inference"


@dataclass(frozen=True)
class Criterion:
    """One of WP29's three: guesses on members and on outsiders, and the p-value of members being told more
    (Fisher, one-sided; for singling out the larger of that and of the binomial test against 1/e).
    """

    name: str
    members: Result
    outsiders: Result
    p_value: float
    is_significant: bool = False


def attack(halves: Halves, release: Release, rules: PublishedRules) -> list[Criterion]:
    """The three criteria on a release of the members, with Holm's correction at 0.1 %."""
    found = [
        _compare(
            SINGLING_OUT,
            [_single_out(release, rules, people) for people in (halves.members, halves.outsiders)],
            1 / math.e,
        ),
        _compare(LINKING, [_link(release, rules, people) for people in (halves.members, halves.outsiders)]),
        _compare(INFERENCE, [_infer(release, people) for people in (halves.members, halves.outsiders)]),
    ]
    return holm(found)


def holm(found: list[Criterion]) -> list[Criterion]:
    """Mark what stays significant at 0.1 % when the three are tested together."""
    marked: dict[str, bool] = {}
    is_open = True
    for number, criterion in enumerate(sorted(found, key=lambda each: each.p_value)):
        is_open = is_open and criterion.p_value <= SIGNIFICANCE / (len(found) - number)
        marked[criterion.name] = is_open
    return [Criterion(c.name, c.members, c.outsiders, c.p_value, marked[c.name]) for c in found]


def _compare(name: str, results: list[Result], without_release: float = 0.0) -> Criterion:
    from scipy.stats import binomtest, fisher_exact

    members, outsiders = results
    table = [[result.succeeded, result.tried - result.succeeded] for result in (members, outsiders)]
    p_value = (
        float(fisher_exact(table, alternative="greater").pvalue) if members.tried and outsiders.tried else 1.0
    )
    if members.tried and without_release:
        p_value = max(
            p_value,
            float(binomtest(members.succeeded, members.tried, without_release, alternative="greater").pvalue),
        )
    return Criterion(name, members, outsiders, p_value)


def _single_out(release: Release, rules: PublishedRules, people: Population) -> Result:
    """Guess: exactly one person is in this cell. Cells that surely hold somebody are enough when there are 20
    of them.
    """
    result = Result(SINGLING_OUT)
    sure, others = _lonely(release, rules)
    for place in (sure if len(sure) >= ENOUGH else sure + others)[:GUESSES]:
        result.tried += 1
        if len(people.of(place)) == 1:
            result.hit(place[0], place[2])
    return result


def _link(release: Release, rules: PublishedRules, people: Population) -> Result:
    """Guess: the lonely person of one cell is the lonely person of another cell that may hold the same
    people.
    """
    result = Result(LINKING)
    lonely = {place for places in _lonely(release, rules) for place in places}
    for one, other in _linkable(release):
        if result.tried < GUESSES and one in lonely and other in lonely:
            result.tried += 1
            if len(people.of(one)) == 1 and people.of(one) == people.of(other):
                result.hit(one[0], one[2])
    return result


def _infer(release: Release, people: Population) -> Result:
    """Guess what one person of each cell does: what the most of the cell do. The smallest published cells
    come first.

    One guess a cell and one a person: Fisher's test takes guesses for independent ones, and people of one
    cell are guessed alike. Large cells tell of nobody, and only hide what the small ones tell: the first 400
    cells are asked.
    """
    result = Result(INFERENCE)
    guessed: set[int] = set()
    for table, cell, part, whole, share in _shares(release):
        base = people.of((table.contract.name, cell, whole)) - guessed
        if base and result.tried < CELLS:
            person = min(base)
            guessed.add(person)
            result.tried += 1
            if (person in people.of((table.contract.name, cell, part))) == (share > LIKELY):
                result.hit(table.contract.name, part)
    return result


def _lonely(release: Release, rules: PublishedRules) -> tuple[list[Place], list[Place]]:
    """Shown counts that one person would more often than not give, the likeliest first: those of cells that
    surely hold somebody, and the others.

    A row stands where somebody is counted, so a count of all its people is not 0, and neither are all its
    counts together.
    """
    found: tuple[list, list] = ([], [])
    for mart, table in release.tables.items():
        counts = [measure for measure in table.measures("count") if not measure.get("hidden")]
        is_whole = len(counts) == len(table.measures("count"))
        for cell, row in table.cells.items():
            is_empty = is_whole and not any(row.get(measure["name"]) for measure in counts)
            for number, measure in enumerate(counts):
                shown = row.get(measure["name"])
                law = rules.at(table.contract, cell, measure["name"]).likely(1)
                likely = law.get(int(shown) - 1, 0.0) if shown is not None and not measure.get("of") else 0.0
                if likely >= LIKELY:
                    is_sure = not measure.get("where") or (is_empty and number == 0)
                    found[not is_sure].append((-likely, (mart, cell, measure["name"])))
    sure, others = ([place for _, place in sorted(each)] for each in found)
    return sure, others


def _linkable(release: Release) -> Iterator[tuple[Place, Place]]:
    """Pairs of cells of two marts, or of one, that agree on all dimensions that they share: course and
    period, path and period.
    """
    shown = []
    for mart, table in release.tables.items():
        for measure in table.measures("count"):
            if not measure.get("of") and not measure.get("hidden"):
                shown += [((mart, cell, measure["name"]), table, row) for cell, row in table.cells.items()]
    groups: dict[tuple, list[Place]] = {}
    for place, table, row in shown:
        names = [
            name
            for name in table.contract.dimensions
            if name.endswith(("course_id", "diploma_id", "path_id"))
        ]
        groups.setdefault(
            (tuple(row[name] for name in names), str(row[table.contract.period.column])[:4]), []
        ).append(place)
    for places in groups.values():
        for number, one in enumerate(places):
            for other in places[number + 1 :]:
                yield one, other


def _shares(release: Release) -> list[tuple[Table, str, str, str, float]]:
    """Parts of wholes whose share is told or follows from two shown counts: those on the fewest persons
    first.
    """
    found = []
    for mart, table in release.tables.items():
        rates = {(rate["numerator"], rate["denominator"]): rate["name"] for rate in table.measures("rate")}
        for measure in table.measures("count"):
            whole = measure.get("of")
            if not whole:
                continue
            for cell, row in table.cells.items():
                base, part, share = (
                    row.get(whole),
                    row.get(measure["name"]),
                    row.get(rates.get((measure["name"], whole), "")),
                )
                if share is None and base and part is not None:
                    share = part / base
                if share is not None and share != 0.5 and base:
                    found.append((base, mart, cell, measure["name"], table, whole, float(share)))
    return [
        (table, cell, name, whole, share)
        for _, _, cell, name, table, whole, share in sorted(found, key=lambda each: each[:4])
    ]


def naive_release(halves: Halves) -> Release:
    """The members' release without noise: every count as it is, nothing hidden. On it each criterion must be
    significant.
    """
    tables = {}
    for mart, table in halves.release.tables.items():
        cells = {}
        for cell, row in table.cells.items():
            changed = dict(row)
            for measure in table.measures("count"):
                changed[measure["name"]] = halves.truth.count(mart, cell, measure["name"])
            for rate in table.measures("rate"):
                changed[rate["name"]] = None
            cells[cell] = changed
        tables[mart] = Table(table.contract, cells)
    return Release(halves.release.folder, tables)
