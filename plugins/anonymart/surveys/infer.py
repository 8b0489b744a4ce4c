"""A proposed YAML for an export: names of columns and forms of values, for a person to review. Never a value."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import yaml

from anonymart.errors import UsageError
from anonymart.ingest import files
from anonymart.ingest.contracts import TABULAR
from anonymart.surveys import times
from anonymart.surveys.check import shown_names
from anonymart.surveys.delivered import TABLE, Delivered, open_file, stage
from anonymart.surveys.mapping import FREE_SALARY, load_all, plain, recognise, shared

_TIME_WORDS = re.compile(r"\b(submit|answered|completed|end|created|timestamp|horodateur|soumission|reponse|date)")


def infer(path: Path, source: str) -> str:
    """The YAML as text. Raises UsageError for a file that is no table, FileRefused for a damaged one."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
        delivered = open_file(connection, path, files.head_of(path))
        if delivered is None:
            raise UsageError("The file is no table of answers: give a CSV, a spreadsheet, Parquet or a survey tool's JSON.")
        names = shown_names(connection, delivered.columns)
        is_shown = [name == " ".join(given.split()) for name, given in zip(names, delivered.columns, strict=True)]
        tools = recognise(delivered.columns, load_all(), source)
        taken = {plain(name) for tool in tools for given in tool.fields.values() for name in given.columns}
        fields, doubts = _fields(delivered, source, is_shown, taken)
        when = _times(connection, delivered, source)
    proposal: dict = {"extends": tools[0].name} if tools else {"tool": "my_tool"}
    proposal |= {"title": "Say which survey this is", "survey": "my-survey", "sources": [source], "time_zone": "Europe/Paris"}
    proposal["recognised_by"] = [name for name, is_known in zip(names, is_shown, strict=True) if is_known][:8]
    candidates = [(number, found) for number, found in when.items() if is_shown[number] and plain(names[number]) not in taken]
    best = max(candidates, key=lambda found: bool(_TIME_WORDS.search(plain(names[found[0]]))), default=None)
    if best and not tools:
        fields = {"answered_at": {"columns": [names[best[0]]]}, **fields}
    if order := next((found.order for found in when.values() if found.order), None):
        proposal["date_order"] = order
    proposal["fields"] = fields
    notes = ["# Proposed from the names of the columns: review every line, time_zone first.", *(f"# {doubt}" for doubt in doubts)]
    notes += [f"# {names[number]}: {found.problem}" for number, found in when.items() if found.problem and is_shown[number]]
    return "\n".join([*notes, yaml.safe_dump(proposal, allow_unicode=True, sort_keys=False, width=140)])


def _fields(delivered: Delivered, source: str, is_shown: list[bool], taken: set[str]) -> tuple[dict, list[str]]:
    fields, doubts = {}, []
    for name, patterns in shared("questions.yml")[source].items():
        found = [
            column for column, is_known in zip(delivered.columns, is_shown, strict=True)
            if is_known and plain(column) not in taken and any(re.search(pattern, plain(column)) for pattern in patterns)
        ]
        if len(found) == 1:
            fields[name] = {"columns": [" ".join(found[0].split())]}
        elif found:
            doubts.append(f"{name}: choose one of {len(found)} columns: {' | '.join(' '.join(column.split()) for column in found)}")
        elif name in ("score", "email", FREE_SALARY):
            doubts.append(f"{name}: no column has a name that tells it")
    unknown = sum(not is_known for is_known in is_shown)
    if unknown:
        doubts.append(f"{unknown} columns have names that look like data and are not shown")
    return fields, doubts


def _times(connection: duckdb.DuckDBPyConnection, delivered: Delivered, source: str) -> dict[int, times.Times]:
    """Columns of which every text is a time, by their numbers."""
    stage(connection, delivered, range(len(delivered.columns)), 0)
    found = {}
    for number in range(len(delivered.columns)):
        seen = times.look(connection, TABLE, f"nullif(trim(c{number}), '')", None)
        if seen.forms and "unknown" not in seen.forms and TABULAR[source]:
            found[number] = seen
    return found
