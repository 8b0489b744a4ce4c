"""The suites of `expectations/suites/`: what the reviewer reads is what the gate asks, and nothing may be
left out (S-ANON).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import yaml

from anonymart.contracts import MartContract, parsed
from anonymart.detect import KINDS
from anonymart.gate import (  # noqa: F401 (they register their rules)
    rules_cells,
    rules_corrections,
    rules_figures,
    rules_folder,
    rules_nested,
    rules_texts,
)
from anonymart.gate.report import Failure
from anonymart.gate.rules import RULES
from anonymart.home import PROJECT, Home

SUITES = "suites"
SUITES_FOLDER = PROJECT / "expectations" / SUITES
DIRECT_IDENTIFIERS, RELEASE_METADATA = "direct_identifiers", "release_metadata"
_OF_EVERY_CELL = (
    "column_outside_contract",
    "cell_twice",
    "parquet_unlike_table",
    "cell_without_evidence",
    "evidence_without_cell",
    "evidence_of_another_day",
    "person_out_of_window",
    "open_period",
    "completeness_unlike_dates",
    "carried_cell_changed",
    "carried_cell_missing",
    "closed_period_reopened",
)
_OF_EVERY_RELEASE = (
    "object_outside_contract",
    "comment_outside_contract",
    "file_outside_list",
    "altered_file",
    "names_unlike_catalogue",
    "data_package_unlike_contract",
    "privacy_report_unlike_evidence",
    "manifest_entry_unknown",
    "replaces_unlike_ledger",
)
_OF_FIGURES = {
    "count": ("count_under_threshold", "count_unlike_persons"),
    "rate": ("rate_on_few_persons", "rate_unlike_counts"),
    "rate_low": ("interval_unlike_rate",),
    "rate_high": ("interval_unlike_rate",),
    "mean": ("rate_on_few_persons", "mean_unlike_persons"),
    "quantile": ("quantile_on_few_persons", "quantile_unlike_persons"),
    "nps": ("nps_unlike_counts",),
    "nps_low": ("nps_unlike_counts",),
    "nps_high": ("nps_unlike_counts",),
}


@dataclass(frozen=True)
class Line:
    """One expectation of a suite: what it forbids, for which column, under which policy id, in a plain
    sentence.
    """

    suite: str
    forbids: str
    policy: str
    says: str
    column: str = "*"
    kind: str | None = None
    place: str | None = None

    @property
    def key(self) -> tuple[str, str, str | None, str | None]:
        return (self.forbids, self.column, self.kind, self.place)


@dataclass(frozen=True)
class Suite:
    """A file of `expectations/suites/`, read."""

    name: str
    about: str
    lines: tuple[Line, ...]


class _Entry(msgspec.Struct, forbid_unknown_fields=True, rename={"place": "in"}):
    """An expectation as it stands in a file, of one column or several."""

    forbids: str
    policy: str
    says: str
    columns: tuple[str, ...] = ("*",)
    kind: str | None = None
    place: str | None = None


class _File(msgspec.Struct):
    """The shape of a file of `expectations/suites/`."""

    suite: str
    about: Annotated[str, msgspec.Meta(min_length=1)]
    expectations: Annotated[list[_Entry], msgspec.Meta(min_length=1)]


def load_suites(
    contracts: Mapping[str, MartContract], folder: Path | None = None
) -> tuple[list[Suite], list[Failure]]:
    """The suites that the contracts need, and a failure for all that is missing, unknown or unreadable in
    them. Those of tables that were ordered stand in the home.
    """
    folder = folder or SUITES_FOLDER
    suites: list[Suite] = []
    failures: list[Failure] = []
    for name in (*contracts, DIRECT_IDENTIFIERS, RELEASE_METADATA):
        path = folder / f"{name}.yml"
        if folder == SUITES_FOLDER and not path.is_file():
            path = Home.from_env().tables / SUITES / path.name
        suite, found = _load(path, name)
        failures += found
        if suite is None:
            continue
        suites.append(suite)
        asked = {line.key for line in suite.lines}
        failures += [
            Failure(name, needed[1], f"not_asked: {needed[0]}", "S-ANON", 1)
            for needed in needed(name, contracts)
            if needed not in asked
        ]
    return suites, failures


def _load(path: Path, name: str) -> tuple[Suite | None, list[Failure]]:
    try:
        content = msgspec.convert(parsed(path.read_text(encoding="utf-8")), _File)
    except FileNotFoundError:
        return None, [Failure(name, "*", "suite_missing", "S-ANON", 1)]
    except (OSError, ValueError, yaml.YAMLError):
        content = None
    if content is None or content.suite != name:
        return None, [Failure(name, "*", "suite_unreadable", "S-ANON", 1)]
    lines = [
        Line(name, entry.forbids, entry.policy, entry.says, column, entry.kind, entry.place)
        for entry in content.expectations
        for column in entry.columns
    ]
    unknown = sorted({line.forbids for line in lines if line.forbids not in RULES})
    failures = [Failure(name, "*", f"unknown_expectation: {forbids}", "S-ANON", 1) for forbids in unknown]
    return Suite(name, content.about, tuple(line for line in lines if line.forbids in RULES)), failures


def needed(
    name: str, contracts: Mapping[str, MartContract]
) -> Iterator[tuple[str, str, str | None, str | None]]:
    """What a suite must ask: (forbids, column, kind, place) of each line."""
    if name == DIRECT_IDENTIFIERS:
        for place in ("values", "metadata"):
            yield ("known_identifier", "*", None, place)
            yield from (("text_with_pattern", "*", kind, place) for kind in KINDS)
    elif name == RELEASE_METADATA:
        yield from ((forbids, "*", None, None) for forbids in _OF_EVERY_RELEASE)
    else:
        yield from ((forbids, "*", None, None) for forbids in _OF_EVERY_CELL)
        if contracts[name].plain_counts:
            yield from (
                (forbids, "*", None, None) for forbids in ("recalled_cell_missing", "few_added_by_correction")
            )
        yield from ((forbids, column, None, None) for forbids, column in _of_columns(contracts[name]))


def _of_columns(contract: MartContract) -> Iterator[tuple[str, str]]:
    for column, spec in contract.dimensions.items():
        if not isinstance(spec, str):
            yield "number_outside_range", column
        else:
            yield "day_inside_period" if spec in ("period", "pooled_period") else "code_outside_list", column
    for measure in contract.measures:
        if measure.get("hidden"):
            continue
        name = measure["name"]
        yield from (
            (forbids, name)
            for forbids in ("empty_without_reason", "figure_unlike_evidence", *_OF_FIGURES[measure["kind"]])
        )
        if measure["kind"] == "count" and (measure.get("sensitive") or measure.get("partition")):
            yield "clipped_count_shown", name
        if measure.get("money"):
            yield "dominated_money", name
        if contract.tells_more(measure):
            yield "correction_tells_a_difference", name
        is_bare = measure["kind"] == "quantile" or measure.get("sensitive") or measure.get("partition")
        if is_bare and rules_nested.has_nests(contract):
            yield "nested_figure_too_near", name
