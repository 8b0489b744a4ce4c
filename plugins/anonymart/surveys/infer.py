"""A proposed YAML for an export: names of columns and forms of values, for a person to review. Never a
value.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import yaml

from anonymart.errors import UsageError
from anonymart.files.contents import head_of
from anonymart.ingest.contracts import TABULAR
from anonymart.surveys import times
from anonymart.surveys.check import shown_names
from anonymart.surveys.delivered import TABLE, Delivered, open_file, stage
from anonymart.surveys.land import questions_of, titles_of
from anonymart.surveys.mapping import FREE_SALARY, Mapping, load_all, plain, recognise, shared
from anonymart.surveys.salary_words import asked

_NO_TOOL = Mapping("", "", "")
# What stands in an answer and is no name of a column: an address, a day, a number alone, a long code.
_DATA = re.compile(
    (
        r"[^@\s]+@[^@\s]+[.][a-z]+$|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|\d{2,}([.,]\d+)?$|"
        r"[0-9a-f]{8}-[0-9a-f-]{20,}$"
    ),
    re.IGNORECASE,
)
_TIME_WORDS = re.compile(
    r"\b(submit|answered|completed|end|created|timestamp|horodateur|soumission|reponse|date)"
)


def infer(path: Path, source: str) -> str:
    """The YAML as text. Raises UsageError for a file that is no table, FileRefused for a damaged one."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
        delivered = open_file(connection, path, head_of(path))
        if delivered is None:
            raise UsageError(
                "The file is no table of answers: give a CSV, a spreadsheet, Parquet or a survey tool's JSON."
            )
        names = shown_names(connection, delivered.columns)
        is_shown = [
            name == " ".join(given.split()) for name, given in zip(names, delivered.columns, strict=True)
        ]
        tools = recognise(delivered.columns, load_all(), source)
        taken = {plain(name) for tool in tools for given in tool.fields.values() for name in given.columns}
        mapping = tools[0] if tools else _NO_TOOL
        fields, doubts = _fields(delivered, mapping, source, is_shown, taken)
        if not tools and (not fields or any(_DATA.match(name.strip()) for name in delivered.columns)):
            # It may have no header: then these are somebody's answers.
            fields, is_shown = {}, [False] * len(names)
            doubts = [
                "no column is shown: the first line may be an answer, not names of columns; add a line "
                "of names"
            ]
        units, unit_doubts = _units(delivered, mapping, source, fields)
        when = _times(connection, delivered, source)
    proposal: dict = {"extends": tools[0].name} if tools else {"tool": "my_tool"}
    proposal |= {
        "title": "Say which survey this is",
        "survey": "my-survey",
        "sources": [source],
        "time_zone": "Europe/Paris",
    }
    proposal["recognised_by"] = [name for name, is_known in zip(names, is_shown, strict=True) if is_known][:8]
    candidates = [
        (number, found)
        for number, found in when.items()
        if is_shown[number] and plain(names[number]) not in taken
    ]
    best = max(candidates, key=lambda found: bool(_TIME_WORDS.search(plain(names[found[0]]))), default=None)
    if best and not tools:
        fields = {"answered_at": {"columns": [names[best[0]]]}, **fields}
    if order := next((found.order for found in when.values() if found.order), None):
        proposal["date_order"] = order
    proposal |= units
    proposal["fields"] = fields
    doubts += unit_doubts
    notes = [
        "# Proposed from the names of the columns: review every line, time_zone first.",
        *(f"# {doubt}" for doubt in doubts),
    ]
    notes += [
        f"# {names[number]}: {found.problem}"
        for number, found in when.items()
        if found.problem and is_shown[number]
    ]
    return "\n".join([*notes, yaml.safe_dump(proposal, allow_unicode=True, sort_keys=False, width=140)])


def _fields(
    delivered: Delivered, mapping: Mapping, source: str, is_shown: list[bool], taken: set[str]
) -> tuple[dict, list[str]]:
    """Which columns fill which field, by the words of their names, else by the questions under them or their
    labels.
    """
    fields, doubts = {}, []
    texts, titles = questions_of(delivered, mapping), titles_of(delivered, mapping)
    free = [number for number, is_known in enumerate(is_shown) if is_known and texts[number][0] not in taken]
    for name, patterns in shared("questions.yml")[source].items():
        for depth in (0, 1):
            found = [
                number
                for number in free
                if any(
                    re.search(pattern, text)
                    for pattern in patterns
                    for text in texts[number][depth : depth + 1]
                )
            ]
            if found:
                break
        columns = [" ".join(delivered.columns[number].split()) for number in found]
        if len({titles[number] for number in found}) == 1:
            fields[name] = {
                "columns": list(dict.fromkeys(columns)),
                **({"all": True} if len(set(columns)) > 1 else {}),
            }
        elif found:
            doubts.append(f"{name}: choose one of {len(found)} columns: {' | '.join(columns)}")
        elif name in ("score", "email", FREE_SALARY):
            doubts.append(f"{name}: no column has a name that tells it")
    unknown = sum(not is_known for is_known in is_shown)
    if unknown:
        doubts.append(f"{unknown} columns have names that look like data and are not shown")
    return fields, doubts


def _units(delivered: Delivered, mapping: Mapping, source: str, fields: dict) -> tuple[dict, list[str]]:
    """Currency, period and basis that the question about the salary says; what neither it nor a column says
    is a doubt.
    """
    if source != "salary" or FREE_SALARY not in fields:
        return {}, []
    column = fields[FREE_SALARY]["columns"][0]
    number = [" ".join(name.split()) for name in delivered.columns].index(column)
    unit = asked(*questions_of(delivered, mapping)[number])
    said = {"currency": unit.currency, "period": unit.period, "basis": unit.basis}
    doubts = [
        f"{name}: neither the question nor a column says it: write `{name}: {example}` above `fields:` "
        f"if all answers are meant so"
        for name, example in (("currency", "EUR"), ("period", "year"), ("basis", "gross"))
        if not said[name] and f"salary_{name}" not in fields and not (name == "currency" and unit.sign)
    ]
    if unit.is_thousands:
        doubts.append("salary: the question asks for thousands: numbers below 1,000 are read as thousands")
    return {name: word for name, word in said.items() if word}, doubts


def _times(
    connection: duckdb.DuckDBPyConnection, delivered: Delivered, source: str
) -> dict[int, times.Times]:
    """Columns of which every text is a time, by their numbers."""
    stage(connection, delivered, range(len(delivered.columns)), 0)
    found = {}
    for number in range(len(delivered.columns)):
        seen = times.look(connection, TABLE, f"nullif(trim(c{number}), '')", None)
        if seen.forms and "unknown" not in seen.forms and TABULAR[source]:
            found[number] = seen
    return found
