"""Marts that count the same persons say so in their YAML, or nothing is built (S-ANON).

Whoever has two counts of which one holds the other's persons subtracts them. The attacks try what the
contracts tell them, so a pair that nobody told of is never tried. Two marts may share persons where the SQL
behind them reads the same history, and where the dimensions of one fix a cell of the other.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from anonymart.contracts import MartContract
from anonymart.errors import UsageError

ALL = "all"  # the row of a dimension that counts everybody
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
# The dimension of a mart that publishes periods of several lengths, which it lists.
_LENGTH = "n_months"
# A mart repeats its persons along these: whoever is in a cell is in one of each value.
_REPEATED = ("step", "job_family", "pooled_period")
# A code of the catalogue that says where it belongs.
_WITHIN = {"chapter": ("course",), "exercise": ("course", "chapter"), "project": ("path",)}
# Who somebody is and whether they count: read by every mart, and no record of what they did.
_OF_EVERYBODY = frozenset({"int_identities", "int_persons"})
_MACRO = re.compile(r"\{%-? macro (\w+)\(.*?\{%-? endmacro", re.DOTALL)
_WORD = re.compile(r"\w+")
_STAGED = re.compile(r"stg_([a-z]+)__")


def check(contracts: Mapping[str, MartContract], project: Path) -> None:
    """Raise UsageError for two marts that may share persons, of which neither says how; for a mart that is
    counted from no history; and for one that says that it is apart, from no mart or for no reason.
    """
    for contract in contracts.values():
        for other, why in _apart_from(contract).items():
            if other not in contracts or not str(why or "").strip():
                raise UsageError(
                    f"The mart {contract.name} says that it is apart from {other}, and not why, or there is "
                    "no such mart: name a mart and give the reason in a sentence."
                )
    read = histories(contracts, project)
    for name in (name for name in contracts if not read[name]):
        raise UsageError(
            f"The mart {name} is counted from no model of dbt_project/models/intermediate/history/, so "
            "nobody knows with which marts it shares persons: let its people come from there."
        )
    for one, other in unsaid(contracts, read):
        raise UsageError(
            f"The marts {one} and {other} read the same history, and the dimensions of one fix a cell of the "
            f"other: say in the YAML of {one} of which count of {other} its counts are a part (part_of), "
            "which of them it repeats (told_by), or under apart_from in one sentence why no cell lies in one "
            "of the other."
        )


def histories(contracts: Mapping[str, MartContract], project: Path) -> dict[str, frozenset[str]]:
    """For each mart the models of `history/` that its persons are counted from, through whatever model or
    macro.

    A name that stands in the SQL counts as read, so that nothing is overlooked.
    """
    kept = {path.stem for path in (project / "models" / "intermediate" / "history").glob("*.sql")}
    return {name: frozenset(read & kept) for name, read in _read_by(contracts, project).items()}


def sources(contracts: Mapping[str, MartContract], project: Path) -> dict[str, frozenset[str]]:
    """For each mart the sources that its persons are counted from, by the names of the staging models that it
    reads, through whatever model or macro.
    """
    return {
        name: frozenset(found[1] for model in read if (found := _STAGED.match(model)))
        for name, read in _read_by(contracts, project).items()
    }


def _read_by(contracts: Mapping[str, MartContract], project: Path) -> dict[str, set[str]]:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (project / "models").rglob("*.sql")}
    for path in (project / "macros").rglob("*.sql"):
        texts |= {found[1]: found[0] for found in _MACRO.finditer(path.read_text(encoding="utf-8"))}
    reads = {name: frozenset(_WORD.findall(text)) & texts.keys() for name, text in texts.items()}
    return {
        name: _reached(contract.disclosure.get("people", ""), reads) for name, contract in contracts.items()
    }


def unsaid(
    contracts: Mapping[str, MartContract], read: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, str]]:
    """Pairs of marts that may share persons and do not say how, the one that should say it first."""
    groups = told_together(contracts)
    for one, other in itertools.combinations(contracts.values(), 2):
        inner, outer = (one, other) if lies_within(one, other) else (other, one)
        if not set(read[one.name]) & set(read[other.name]) or not lies_within(inner, outer):
            continue
        is_reported = groups[one.name] == groups[other.name] and (_tells_all(one) or _tells_all(other))
        if not is_reported and other.name not in _apart_from(one) and one.name not in _apart_from(other):
            yield inner.name, outer.name


def lies_within(inner: MartContract, outer: MartContract) -> bool:
    """Whether each cell of one mart lies in a cell of the other, by their dimensions alone."""
    if min(_lengths(inner)) > max(_lengths(outer)):
        return False
    known = {kind(spec) for spec in inner.dimensions.values()}
    known |= {whole for code in known for whole in _WITHIN.get(code, ())}
    return all(_is_fixed(spec, known) for spec in outer.dimensions.values())


def _lengths(contract: MartContract) -> list[int]:
    """How many months its periods have: of several lengths each, else what the grain says."""
    lengths = contract.dimensions.get(_LENGTH)
    return list(lengths) if isinstance(lengths, list) else [_MONTHS[contract.period.grain]]


def _is_fixed(spec: Any, known: Collection[str]) -> bool:
    """Whether a value of an outer dimension follows from those of the inner mart, or may be chosen."""
    is_chosen = not isinstance(spec, str) or spec in _REPEATED or spec.endswith("_or_all")
    return is_chosen or kind(spec) in known


def kind(spec: Any) -> str:
    """The list of codes of a dimension, with or without `all`; `number` of one that is counted."""
    return spec.removesuffix("_or_all") if isinstance(spec, str) else "number"


def _reached(start: str, reads: Mapping[str, frozenset[str]]) -> set[str]:
    found, ahead = {start}, [start]
    while ahead:
        new = reads.get(ahead.pop(), frozenset()) - found - _OF_EVERYBODY
        found |= new
        ahead += sorted(new)
    return found


def _apart_from(contract: MartContract) -> Mapping[str, Any]:
    return contract.disclosure.get("apart_from") or {}


def _other_marts(contract: MartContract, measure: Mapping[str, Any]) -> set[str]:
    said = [measure.get(name) or {} for name in ("told_by", "part_of")]
    return {each["mart"] for each in said if each.get("mart", contract.name) != contract.name}


def _tells_all(contract: MartContract) -> bool:
    """Whether each count that is no part of one beside it says of which other mart's count it is a part."""
    wholes = [each for each in contract.measures if each["kind"] == "count" and not each.get("of")]
    return all(_other_marts(contract, each) for each in wholes)


def told_together(contracts: Mapping[str, MartContract]) -> dict[str, str]:
    """For each mart the least name of the marts that it is told together with, itself among them: one's count
    repeats another's or is a part of it (`told_by`, `part_of`).
    """
    group = {name: name for name in contracts}
    links = [
        (name, other)
        for name, contract in contracts.items()
        for measure in contract.measures
        for other in sorted(_other_marts(contract, measure) & contracts.keys())
    ]
    for _ in links:
        for one, other in links:
            group[one] = group[other] = min(group[one], group[other])
    return group
