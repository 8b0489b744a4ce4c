"""From an export to rows that ingest takes: which mapping, which column fills which field, and why a row does
not count.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from anonymart.engine import literal
from anonymart.files.encodings import UNREADABLE
from anonymart.files.landed import FileRefused, Landed
from anonymart.ingest.contracts import TABULAR
from anonymart.rows import one_row
from anonymart.surveys import salaries, salary_words, times
from anonymart.surveys.delivered import TABLE, Delivered, open_file, stage
from anonymart.surveys.mapping import FREE_SALARY, Field, Mapping, load_all, plain, recognise, shared
from anonymart.surveys.salary_words import Unit
from anonymart.temp_tables import INCOMING, SURVEY_ROWS
from anonymart.times import is_zone, sql_day

# TEMP tables that another module makes.
READS = (INCOMING,)

_TO_DO = (
    "run `anonymart sources infer` on it, and put the YAML that it proposes into config/sources/ of the home"
)
TEXTS = "survey_texts"
PARTIAL = "a partial answer"
_ENOUGH_SCORES = 30
_AGAIN = re.compile(r"(?:\.\d{1,2}|_\d{1,2}| ?[(\[]\d{1,2}[)\]]|(?<=[?!:.]) ?\d{1,2}|(?<=[?!:.])\d)$")
_OTHER_SCALE = re.compile(r"(?:\bsur|out of|/) ?(\d{1,2})\b|\b[01] ?(?:-|–|a|to) ?(\d{1,2})\b")


@dataclass(frozen=True)
class Place:
    """A column by its number, and the member of JSON text in it; `more` are the other columns of the same
    title.

    A form with one question for promoters and one for detractors, both called alike, fills one of them in
    each row.
    """

    number: int
    path: str | None = None
    more: tuple[int, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """Every column of the place, in the file's order."""
        return (self.number, *self.more)


@dataclass
class Reading:
    """How one file was read: for `sources check`."""

    delivered: Delivered
    mapping: Mapping
    places: dict[str, Place]
    forms: dict[str, times.Times] = field(default_factory=dict)
    lowest: int | None = None
    highest: int | None = None


def land(connection: duckdb.DuckDBPyConnection, path: Path, source: str, head: bytes) -> Landed | None:
    """The file as a survey, as `find` gives it, or None."""
    found = find(connection, path, source, head)
    return found[0] if found else None


def find(
    connection: duckdb.DuckDBPyConnection, path: Path, source: str, head: bytes
) -> tuple[Landed, Reading] | None:
    """The file as a survey, read into survey_rows; None for our own columns, which ingest reads
    itself.

    Raises FileRefused, saying what to do, for an export that no mapping, or more than one, understands.
    """
    delivered = open_file(connection, path, head)
    if delivered is None or (
        delivered.kind not in ("xlsx", "sav") and has_own_columns(delivered.columns, source)
    ):
        return None
    found = recognise(delivered.columns, _fitting(delivered, load_all()), source)
    if not found and (
        delivered.kind in ("json", "parquet")
        or {plain(name) for name in delivered.columns} & set(TABULAR[source].names)
    ):
        return None
    if not found:
        raise FileRefused(f"its columns are those of no survey tool that is known: {_TO_DO}")
    if len(found) > 1:
        names = ", ".join(mapping.name for mapping in found)
        raise FileRefused(
            f"its columns fit several mappings ({names}): give one of them more names in recognised_by"
        )
    return read(connection, delivered, found[0], source)


def read(
    connection: duckdb.DuckDBPyConnection, delivered: Delivered, mapping: Mapping, source: str
) -> tuple[Landed, Reading]:
    """Make the TEMP table survey_rows(ordinal, the contract's columns as texts, survey_reason) from the
    export.
    """
    if source not in mapping.sources:
        raise FileRefused(f"{mapping.title}: it holds no answers for {source}/")
    reading = Reading(delivered, mapping, _places(delivered, mapping, source))
    wanted = {number for place in reading.places.values() for number in place.numbers} | {
        number for _, number in _rules(delivered, mapping)
    }
    skipped = 0 if delivered.kind == "sav" else mapping.rows_after_header
    stage(connection, delivered, sorted(wanted), skipped)
    texts = _clean_texts(connection, reading)
    _refuse_other_scales(connection, reading)
    values = {name: _value(connection, reading, name, text, source) for name, text in texts.items()}
    unread = {name: times.unread(texts[name], values[name]) for name in _timed(texts, source)}
    values |= {name: literal(value) for name, value in mapping.constants.items() if name not in values}
    if mapping.ids_are_per_survey and mapping.survey is None:
        values.pop("response_id", None)
    elif "response_id" in values:
        values["response_id"] = (
            f"{literal(f'{mapping.tool}:{mapping.survey or str()}:')} || {values['response_id']}"
        )
    if "asked_at" in values and "answered_at" in values:
        # An invitation without an answer has no time of one.
        values["answered_at"] = f"CASE WHEN ({values['score']}) IS NOT NULL THEN {values['answered_at']} END"
        if "answered_at" in unread:
            unread["answered_at"] = (
                f"CASE WHEN ({values['score']}) IS NOT NULL THEN {unread['answered_at']} END"
            )
    joined = salaries.join(connection, TEXTS, values, mapping, _asked(reading)) if source == "salary" else ""
    columns = ", ".join(
        [f'{value} AS "{name}"' for name, value in values.items()]
        + [f'{value} AS "{name} unread"' for name, value in unread.items()]
    )
    connection.execute(
        SURVEY_ROWS.made_of(f"""
        SELECT ordinal, {columns}, {_reason(delivered, mapping, texts)} AS survey_reason
        FROM {TEXTS} {joined}""")
    )
    connection.execute(f"DROP TABLE {TEXTS}")
    typed = _typed(connection, tuple(unread))
    unmapped = [name for number, name in enumerate(delivered.columns) if number not in wanted]
    landed = Landed(
        delivered.path,
        source,
        "survey",
        (*(name for name in values if name in TABULAR[source].names), *unmapped),
        delivered.delimiter,
        skipped,
        is_csv=delivered.kind == "csv",
        typed=typed,
        reading=reading,
    )
    return landed, reading


def _timed(names: Iterable[str], source: str) -> list[str]:
    kinds = {column.name: column.kind for column in TABULAR[source].columns}
    return [name for name in names if kinds.get(name) == "time"]


def _typed(connection: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> frozenset[str]:
    """Columns of survey_rows whose times were all read stay TIMESTAMPs; the others become texts, which the
    contract reads and says why a row is none. Gives the first.
    """
    if not names:
        return frozenset()
    asked = ", ".join(f'count("{name} unread"), bool_and("{name}" {times.CALENDAR})' for name in names)
    found = one_row(connection.execute(f"SELECT {asked} FROM survey_rows"))
    all_read = frozenset(
        name
        for name, n_unread, is_in_calendar in zip(names, found[::2], found[1::2], strict=True)
        if not n_unread and is_in_calendar is not False
    )
    if texts := [name for name in names if name not in all_read]:
        replaced = ", ".join(
            f'coalesce(strftime("{name}", {times.ISO}), "{name} unread") AS "{name}"' for name in texts
        )
        connection.execute(SURVEY_ROWS.made_of(f"SELECT * REPLACE ({replaced}) FROM survey_rows"))
    return all_read


def drop_superseded(connection: duckdb.DuckDBPyConnection) -> int:
    """Of the answers that one person gave in one window, the last one stays in `incoming`; gives how many
    went.
    """
    days = one_row(connection.execute("SELECT max(days) FROM survey_window"))[0]
    columns = {row[0] for row in connection.execute("DESCRIBE incoming").fetchall()}
    about = "path_id" if "path_id" in columns else "diploma_id"
    return one_row(
        connection.execute(f"""
        DELETE FROM incoming WHERE rowid IN (
            SELECT answer FROM (
                SELECT rowid AS answer, row_hash, answered_at, lead(row_hash) OVER latest AS next_hash,
                    lead(answered_at) OVER latest AS next_at
                FROM incoming WHERE answered_at IS NOT NULL AND identifier IS NOT NULL
                WINDOW latest AS (PARTITION BY identifier, {about} ORDER BY answered_at, rowid)
            )
            WHERE next_at <= answered_at + to_days({days}) AND next_hash <> row_hash
        )""")
    )[0]


def has_own_columns(columns: tuple[str, ...], source: str) -> bool:
    """Whether these are the columns of our own contract."""
    names = set(columns)
    has_time = {"answered_at", "asked_at"} & names
    return bool(has_time and {"learner_id", "email"} & names)


def _fitting(delivered: Delivered, mappings: list[Mapping]) -> list[Mapping]:
    layouts = {"json": ("typeform_responses", "limesurvey_rpc", "table")}.get(delivered.kind, ("table",))
    fitting = [mapping for mapping in mappings if mapping.layout in layouts]
    special = [mapping for mapping in fitting if mapping.layout != "table"]
    # A JSON of LimeSurvey has the columns of its CSV: the one that is for JSON takes it.
    tools = {mapping.tool for mapping in special}
    return [mapping for mapping in fitting if mapping.layout != "table" or mapping.tool not in tools]


def _places(delivered: Delivered, mapping: Mapping, source: str) -> dict[str, Place]:
    """Which column fills which field. Raises FileRefused when two could, or when none gives what every answer
    needs.
    """
    questions = shared("questions.yml")[source]
    taken = {plain(name) for given in mapping.fields.values() for name in given.columns} | {
        plain(name) for name in mapping.own_columns
    }
    taken |= {plain(name) for group in mapping.recognised_by for name in group}
    open_questions = {
        number: texts
        for number, texts in enumerate(questions_of(delivered, mapping))
        if texts[0] not in taken
        and not any(re.search(pattern, texts[0]) for pattern in mapping.derived_columns)
    }
    places: dict[str, Place] = {}
    titles = titles_of(delivered, mapping)
    names = [*TABULAR[source].names, *([FREE_SALARY] if source == "salary" else [])]
    for name in names:
        given = mapping.field(name)
        if name == "employer":
            # No mart needs it, and a small employer's name is as good as a person's: it is not read
            # (D-IDENT).
            continue
        if place := _own_column(delivered, given):
            places[name] = place
            continue
        patterns = given.questions or tuple(questions.get(name, ()))
        # What a column's name tells goes before what stands under it.
        for depth in (0, 1):
            found = [
                number
                for number, texts in open_questions.items()
                if any(re.search(pattern, text) for pattern in patterns for text in texts[depth : depth + 1])
            ]
            if found:
                break
        if len({titles[number] for number in found}) > 1:
            raise FileRefused(f"{mapping.title}: two of its questions could be the field {name}: {_TO_DO}")
        if found:
            places[name] = Place(found[0], more=tuple(found[1:]))
    needed = [("answered_at",), ("learner_id", "email"), *([("score",)] if source == "nps" else [])]
    for group in needed:
        if not places.keys() & set(group) and not mapping.constants.keys() & set(group):
            raise FileRefused(f"{mapping.title}: no column gives {' or '.join(group)}: {_TO_DO}")
    return places


def questions_of(delivered: Delivered, mapping: Mapping) -> list[tuple[str, ...]]:
    """For each column what tells its question: its name, and the text under it where the tool writes
    questions there.
    """
    below = delivered.questions or (delivered.first_row if mapping.questions_after_header else ())
    return [
        (plain(name), *([plain(below[number])] if number < len(below) else []))
        for number, name in enumerate(delivered.columns)
    ]


def titles_of(delivered: Delivered, mapping: Mapping | None) -> list[str]:
    """For each column what it is called, without the ending by which a program tells the second one of a
    title ("Why?.1", "Why? (2)").

    With a mapping whose tool writes questions under the names, the question is the title.
    """
    names = [plain(name) for name in delivered.columns]
    known = set(names)
    titles = [base if (base := _AGAIN.sub("", name)) in known else name for name in names]
    if not mapping:
        return titles
    below = [texts[1] if len(texts) > 1 else "" for texts in questions_of(delivered, mapping)]
    return [question or title for question, title in zip(below, titles, strict=True)]


def _asked(reading: Reading) -> Unit:
    """Currency, period and basis by the words of the question about the salary."""
    place = reading.places.get(FREE_SALARY) or reading.places.get("salary_amount")
    return (
        salary_words.asked(*questions_of(reading.delivered, reading.mapping)[place.number])
        if place
        else Unit()
    )


def _own_column(delivered: Delivered, given: Field) -> Place | None:
    names, titles = [plain(name) for name in delivered.columns], titles_of(delivered, None)
    all_found: list[int] = []
    for column in map(plain, given.columns):
        alike = [number for number, title in enumerate(titles) if title == column] if column in names else []
        if given.nth is not None:
            if len(alike) >= given.nth:
                return Place(alike[given.nth - 1], given.path)
            continue
        if alike and given.takes_all:
            all_found += [number for number in alike if number not in all_found]
        elif alike:
            return Place(alike[0], given.path, tuple(alike[1:]))
        holder, _, member = column.partition(".")
        if member and holder in names:
            return Place(names.index(holder), member)
    return Place(min(all_found), given.path, tuple(sorted(all_found)[1:])) if all_found else None


def _rules(delivered: Delivered, mapping: Mapping) -> list[tuple[str, int]]:
    names = [plain(name) for name in delivered.columns]
    found = []
    for name, rule in mapping.rules.items():
        column = next((plain(column) for column in rule.columns if plain(column) in names), None)
        if column is not None:
            found.append((name, names.index(column)))
    return found


def _reason(delivered: Delivered, mapping: Mapping, texts: dict[str, str]) -> str:
    """SQL for why a row does not count, before its values are looked at."""
    words = {
        "partial": PARTIAL,
        "test": "a test answer",
        "other_scale": "a score on another scale than 0 to 10",
    }
    cases = []
    for name, number in _rules(delivered, mapping):
        rule, text = mapping.rules[name], f"strip_accents(lower(trim(coalesce(c{number}, ''))))"
        listed = ", ".join(literal(word) for word in rule.when or rule.unless)
        cases.append(f"WHEN {text} {'IN' if rule.when else 'NOT IN'} ({listed}) THEN {literal(words[name])}")
    everything = "concat(" + ", ".join(texts.values()) + ")"
    cases.append(
        f"WHEN contains({everything}, {literal(UNREADABLE)}) THEN 'bytes of no encoding that is known'"
    )
    if "score" in texts:
        of = f"regexp_extract({texts['score']}, '^[0-9]+ */ *([0-9]+)$', 1)"
        cases.append(
            f"WHEN contains({texts['score']}, '/') AND {of} NOT IN ('', '10') THEN 'a score on another "
            f"scale than 0 to 10'"
        )
    return f"CASE {' '.join(cases)} END"


def _clean_texts(connection: duckdb.DuckDBPyConnection, reading: Reading) -> dict[str, str]:
    """Make the TEMP table survey_texts of the delivered one: each field's text, trimmed, NULL for a sentinel.
    Gives its columns by field.
    """
    texts = {name: f"text_{name}" for name in reading.places}
    asked = {f"c{number}" for _, number in _rules(reading.delivered, reading.mapping)}
    trimmed = [
        f"trim({_delivered_text(place, reading.mapping)}) AS {texts[name]}"
        for name, place in reading.places.items()
    ]
    cleaned = [f"{_without_sentinels(text, reading.mapping)} AS {text}" for text in texts.values()]
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {TEXTS} AS
        SELECT {", ".join(["ordinal", *sorted(asked), *cleaned])}
        FROM (SELECT {", ".join(["ordinal", *sorted(asked), *trimmed])} FROM {TABLE});
        DROP TABLE {TABLE}""")
    return texts


def _delivered_text(place: Place, mapping: Mapping) -> str:
    """SQL for the text: of several columns the one that is filled, both of them where both are and differ."""
    if place.more:
        filled = ", ".join(_without_sentinels(f"trim(c{number})", mapping) for number in place.numbers)
        once = (
            "list_filter(texts, lambda text, place: text IS NOT NULL AND list_position(texts, text) = place)"
        )
        return f"nullif(array_to_string(list_transform([[{filled}]], lambda texts: {once})[1], ' | '), '')"
    column = f"c{place.number}"
    return (
        f"json_extract_string(try_cast({column} AS JSON), {literal(f'$.{place.path}')})"
        if place.path
        else column
    )


def _without_sentinels(text: str, mapping: Mapping) -> str:
    sentinels = {plain(word) for word in shared("questions.yml")["sentinels"]} | set(mapping.sentinels) | {""}
    listed = ", ".join(literal(word) for word in sorted(sentinels))
    # Most texts need no second look: they begin like no sentinel, or hold an @.
    fronts = "".join(sorted({word[:1] for word in sentinels}))
    is_another = f"({text}[1] < chr(128) AND NOT contains({literal(fronts)}, lower({text}[1])))"
    if not any("@" in word for word in sentinels):
        is_another += f" OR contains({text}, '@')"
    return (
        f"CASE WHEN {is_another} THEN {text} WHEN strip_accents(lower({text})) NOT IN ({listed}) THEN "
        f"{text} END"
    )


def _zone(reading: Reading, name: str) -> str:
    """The time zone that the export states of this column in the row of its import ids (Qualtrics), else that
    of the mapping.

    Raises FileRefused for a zone that nobody knows: an hour off is a day off, in the end a quarter.
    """
    number, row = reading.places[name].number, reading.delivered.second_row
    stated = None
    if reading.mapping.rows_after_header > 1 and number < len(row):
        with contextlib.suppress(ValueError, AttributeError):
            stated = json.loads(row[number]).get("timeZone")
    if stated is None:
        return reading.mapping.time_zone
    if not isinstance(stated, str) or not is_zone(stated):
        raise FileRefused(
            f"its third row states a time zone of {name} that nobody knows: export it again in UTC"
        )
    return stated


def _value(connection: duckdb.DuckDBPyConnection, reading: Reading, name: str, text: str, source: str) -> str:
    column = next((column for column in TABULAR[source].columns if column.name == name), None)
    if column is None:
        return text
    if column.kind in ("time", "date"):
        found = times.look(connection, TEXTS, text, reading.mapping.date_order)
        reading.forms[name] = found
        if found.problem:
            raise FileRefused(f"{name}: {found.problem}")
        moment = times.moment(text, found, _zone(reading, name))
        if column.kind == "time":
            return moment
        told = f"coalesce(strftime({moment}, {times.ISO}), {times.unread(text, moment)})"
        return f"coalesce({sql_day(text, found.order or '')}::VARCHAR, left({told}, 10))"
    if name == "score":
        # 0 to 10, or a short word, is itself.
        return (
            f"CASE WHEN strlen({text}) <= 2 THEN {text} ELSE coalesce(nullif(regexp_extract({text}, "
            f"'^([0-9]{{1,3}})([.,]0+)?( *(/ *10|[-–:(].*))?$', 1), ''), {text}) END"
        )
    words = reading.mapping.field(name).words or {
        value: tuple(map(str, listed))
        for value, listed in shared("questions.yml")["words"].get(name, {}).items()
    }
    if not words:
        return text
    folded = f"strip_accents(lower({text}))"
    cases = " ".join(
        f"WHEN {folded} IN ({', '.join(literal(plain(word)) for word in listed)}) THEN {literal(value)}"
        for value, listed in words.items()
    )
    return f"(CASE {cases} ELSE {text} END)"


def _refuse_other_scales(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    """A scale that is declared, stands in the question, or shows in the answers: an NPS is 0 to 10 and
    nothing is stretched to it.
    """
    mapping = reading.mapping
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE survey_window AS SELECT {int(mapping.one_answer_within_days)} AS days"
    )
    if "score" not in reading.places:
        return
    to_do = "an NPS is a score of 0 to 10; take the file out of nps/, or map the right question"
    if mapping.scale not in (None, "0-10"):
        raise FileRefused(f"its scores are on a scale of {mapping.scale}: {to_do}")
    place = reading.places["score"]
    for found in _OTHER_SCALE.finditer(" | ".join(questions_of(reading.delivered, mapping)[place.number])):
        if (top := found[1] or found[2]) != "10" and mapping.scale is None:
            raise FileRefused(f"its question tells of a scale up to {top}: {to_do}")
    number = "try_cast(regexp_extract(text_score, '^([0-9]+)', 1) AS INTEGER)"
    n, reading.lowest, reading.highest = one_row(
        connection.execute(f"SELECT count({number}), min({number}), max({number}) FROM {TEXTS}")
    )
    if n >= _ENOUGH_SCORES and reading.highest <= 7 and mapping.scale is None:
        raise FileRefused(
            f"none of its {n} scores is over {reading.highest}: if they are really 0 to 10, say `scale: "
            f"0-10` in a YAML; else {to_do}"
        )
