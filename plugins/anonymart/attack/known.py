"""Attack with what the school told elsewhere: exact counts by diploma and year, as a filing holds them.

Known counts take the place of their intervals in the linear program of attack 1. What becomes narrow by
that alone is a success: a count that is exact or near, or a sensitive value that surely all or none have.
A known count itself, and the same count in another mart, is none. A filing counts people whom the statistics
leave out (who objected, whose last use is not known): a count that does not fit the release is given up and
told, and what the truth contradicts counts as wrong. Counts that fit one by one and contradict each other
are told too: nothing follows from them, which is no all-clear. Source: the attacker's problem of Fischetti
and Salazar (Mathematical Programming, 1999) with external knowledge.
"""

from __future__ import annotations

import csv
import itertools
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from anonymart.attack import controls, linear
from anonymart.attack.linear import Bounds, is_near
from anonymart.attack.relations import Place, Relation, relations
from anonymart.attack.release import Release, cell_key, read_release
from anonymart.attack.report import Outcome
from anonymart.attack.rules import PublishedRules
from anonymart.attack.run import rules_of
from anonymart.attack.score import Result, Truth
from anonymart.contracts import MartContract
from anonymart.errors import UsageError
from anonymart.policy import Policy

NAME = "known_counts"
Known = Mapping[Place, int]
_MOST_DIGITS = 9


class Found(NamedTuple):
    """A count that becomes inferable: where, how surely (exact, near, or all_or_none), and whether it is
    hidden. It holds no value.
    """

    mart: str
    cell: str
    measure: str
    how: str
    is_hidden: bool


def read_known(path: Path, contracts: Mapping[str, MartContract]) -> dict[Place, int]:
    """The counts of a CSV file: a column for each dimension of a mart, by its name, and one for each count.

    A count goes to every mart that has it and no other dimensions. Raises UsageError for a column that names
    neither or stands there twice, a file without a column of counts, a value that is no whole number, a row
    that is cut off, a cell that is told twice with different counts; never with the value.
    """
    head, rows = _table(path)
    if len(set(head)) < len(head):
        raise UsageError("A column of the file of known counts stands there twice: keep one of the two.")
    dimensions = {name for contract in contracts.values() for name in contract.dimensions}
    given = {name for name in head if name in dimensions}
    fitting = [contract for contract in contracts.values() if set(contract.dimensions) == given]
    owners = {name: [each for each in fitting if name in _counts(each)] for name in head if name not in given}
    for number, name in enumerate(head, 1):
        if name not in given and not owners[name]:
            raise UsageError(
                f"Column {number} of the file of known counts is no dimension and no count of a mart that "
                "has exactly the dimensions of the file: name columns as docs/analyst.md does."
            )
    if not owners:
        raise UsageError(
            "The file of known counts has no column of counts: give one, as docs/analyst.md does."
        )
    found: dict[Place, int] = {}
    for number, values in enumerate(rows, 2):
        if len(values) != len(head):
            raise UsageError(f"Line {number} of the file of known counts has another number of columns.")
        row = dict(zip(head, values, strict=True))
        for name, marts in owners.items():
            if not row[name]:
                continue
            if not row[name].isdecimal() or len(row[name]) > _MOST_DIGITS:
                raise UsageError(f"Line {number} of the file of known counts: {name} is no whole number.")
            for contract in marts:
                place, count = (contract.name, cell_key(contract, row), name), int(row[name])
                if found.setdefault(place, count) != count:
                    raise UsageError(
                        f"Line {number} of the file of known counts tells a cell again with another {name}: "
                        "keep one of the two."
                    )
    return found


def attack_with(
    path: Path,
    folders: tuple[Path, Iterable[Path]],
    policy: Policy,
    truth: Truth,
    contracts: Mapping[str, MartContract],
) -> tuple[Outcome, list[Found]]:
    """The attack on a release with the counts of a file, beside its control; `folders` are the release and
    the others at hand. Raises UsageError for a file that cannot be read, AnonymartError for a folder that
    holds no release.
    """
    known = read_known(path, contracts)
    release, others = (
        read_release(folders[0], contracts),
        [read_release(each, contracts) for each in folders[1]],
    )
    real, found = attack(release, rules_of(release, others, policy), truth, known)
    with tempfile.TemporaryDirectory(prefix="anonymart-attack-") as place:
        return Outcome(real, control(Path(place), contracts, PublishedRules.of(policy))), found


def attack(release: Release, rules: PublishedRules, truth: Truth, known: Known) -> tuple[Result, list[Found]]:
    """What these counts make inferable that the release alone does not."""
    links = list(relations(release))
    before = linear.bounds_of(release, rules)
    fitting = {
        place: count
        for place, count in known.items()
        if place in before and before[place][0] <= count <= before[place][1]
    }
    after, unsolved = linear.bounds_with(release, rules, fitting)
    told = _same(fitting, links)
    result = Result(NAME, details={"known": len(known), "not_fitting": 0, "wrong": 0})
    result.details["not_fitting"] = sum(place in before and place not in fitting for place in known)
    result.details["contradictory"] = sum(place in unsolved for place in fitting)
    result.details["not_in_release"] = sum(place not in before for place in known)
    found = []
    for place in after:
        if place in told:
            continue
        result.tried += 1
        true = truth.count(*place)
        result.scored += true is not None
        how = _how(release, place, before, after)
        if how is None:
            continue
        if true is not None and not after[place][0] <= true <= after[place][1]:
            result.details["wrong"] += 1
            continue
        mart, cell, measure = place
        result.hit(mart, measure)
        is_hidden = release.tables[mart].cells[cell].get(measure) is None
        found.append(Found(mart, cell, measure, how, is_hidden))
    return result, found


def control(place: Path, contracts: Mapping[str, MartContract], rules: PublishedRules) -> Result:
    """The same attack on a warehouse that hides two small diplomas: who knows one of them has the other."""
    sizes = {"all": 53, "diploma-a": 40, "diploma-b": 8, "diploma-c": 5}
    rows = [
        {
            "diploma_id": code,
            "graduation_year": 2024,
            "graduation_year_from": 2024,
            "months_after": 6,
            "n_graduates": size,
            "is_complete": True,
        }
        for code, size in sizes.items()
    ]
    contract = contracts["salary_outcome"]
    hidden = controls.hide_small(rows)
    for row in hidden:
        row["n_respondents_reason"] = "too_few"
    release = controls.read(place / NAME, contracts, {contract.name: hidden})
    one = (contract.name, cell_key(contract, rows[2]), "n_graduates")
    naive = rules.naive(controls.HIDDEN_BELOW)
    return attack(release, naive, controls.facts_of(contract, rows), {one: sizes["diploma-b"]})[0]


def _how(release: Release, place: Place, before: Bounds, after: Bounds) -> str | None:
    measure = release.tables[place[0]].measure(place[2])
    if measure.get("sensitive") and _is_all_or_none(place, measure, after):
        return None if _is_all_or_none(place, measure, before) else "all_or_none"
    if not is_near(*after[place]) or is_near(*before[place]):
        return None
    return "exact" if after[place][0] == after[place][1] else "near"


def _is_all_or_none(place: Place, measure: Mapping[str, Any], bounds: Bounds) -> bool:
    low, high = bounds[place]
    whole_low, whole_high = bounds.get((place[0], place[1], measure["of"]), (0, 1))
    return whole_low > 0 and (high == 0 or low == whole_low == whole_high)


def _same(known: Known, links: Iterable[Relation]) -> set[Place]:
    """The known places and those that count the same people."""
    pairs = [
        (relation.terms[0][0], relation.terms[1][0])
        for relation in links
        if relation.is_equal and len(relation.terms) == 2
    ]
    found, more = set(known), True
    while more:
        more = False
        for one, other in itertools.chain(pairs, ((other, one) for one, other in pairs)):
            if one in found and other not in found:
                found.add(other)
                more = True
    return found


def _counts(contract: MartContract) -> set[str]:
    return {measure["name"] for measure in contract.measures if measure["kind"] == "count"}


def _table(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{path} cannot be read as UTF-8 text: give a CSV file of known counts.") from None
    first = text.partition("\n")[0]
    try:
        lines = list(csv.reader(text.splitlines(), delimiter=";" if ";" in first else ","))
    except csv.Error:
        raise UsageError(f"{path} cannot be read as CSV: a field is too long or not closed.") from None
    rows = [[value.strip() for value in row] for row in lines if row]
    if len(rows) < 2:
        raise UsageError(f"{path} holds no counts: give a head and a row for each cell.")
    return rows[0], rows[1:]
