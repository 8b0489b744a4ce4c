"""What each source may bring: an allow-list of columns with their types (POLICY: what may come in)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ROUTES = ("initial", "continuing", "apprenticeship", "vae")
SITUATIONS = ("employed", "seeking", "studying", "unable", "other")
KINDS_OF_REQUEST = ("access", "rectify", "erase", "restrict", "port", "object", "withdraw", "death")


@dataclass(frozen=True)
class Column:
    """One allowed column: `kind` names its parser, `choices` the allowed words, `required` that it may not be
    empty.

    A column that `is_version` makes a row another one than the same words of another time; rows without it
    keep the hash that they had.
    """

    name: str
    kind: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    is_stored: bool = True
    is_version: bool = False


@dataclass(frozen=True)
class Contract:
    """One tabular source: its columns, the table of the vault it fills, and what makes a row the same row.

    `person` says how a row names its person: 'learner', 'learner_or_email' or None.
    `event_time` is the column that says when the row happened (R-MINOR, P-STAT).
    `replaces` are the target's columns that a newer row of the same key takes the place of.
    """

    source: str
    table: str
    columns: tuple[Column, ...]
    person: str | None = "learner"
    event_time: str | None = None
    replaces: tuple[str, ...] = ()
    is_use: str | None = None
    makes_user: bool = True
    needs: tuple[str, ...] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


_LEARNER = Column("learner_id", required=True)
_PERSON = (Column("learner_id"), Column("email", "email"))

TABULAR = {
    contract.source: contract
    for contract in (
        Contract(
            "catalogue",
            "raw.catalogue",
            tuple(
                Column(name)
                for name in (
                    *("path_id", "course_id", "chapter_id", "exercise_id", "project_id"),
                    *("path_title", "course_title", "chapter_title", "exercise_title", "project_title"),
                )
            )
            + tuple(
                # Rows without aliases keep the hash that they had before there were any.
                Column(name, is_version=True)
                for name in (
                    "path_aliases",
                    "course_aliases",
                    "chapter_aliases",
                    "exercise_aliases",
                    "project_aliases",
                )
            ),
            person=None,
        ),
        Contract(
            "learners",
            "register.learners",
            (
                _LEARNER,
                Column("email", "email"),
                Column("given_name"),
                Column("family_name"),
                Column("account_home_page"),
                Column("account_name"),
                Column("birth_date", "date"),
                Column("registered_at", "time"),
                Column("left_at", "time"),
                Column("last_login_at", "time"),
                Column("updated_at", "time", is_stored=False, is_version=True),
                Column("role", "role", is_version=True),
                Column("is_staff", "boolean", is_stored=False, is_version=True),
                Column("is_test", "boolean", is_stored=False, is_version=True),
            ),
            replaces=("learner_id",),
            is_use="last_login_at",
        ),
        Contract(
            "consents",
            "rights.consents",
            (
                _LEARNER,
                Column("purpose", "word", True, ("P-SURVEY", "P-STAT")),
                Column("status", "word", True, ("granted", "withdrawn")),
                Column("at", "time", True),
            ),
            event_time='"at"',
            makes_user=False,
        ),
        Contract(
            "rights",
            "rights.requests",
            (
                Column("request_id", required=True),
                Column("kind", "word", True, KINDS_OF_REQUEST),
                *_PERSON,
                Column("received_at", "time", True),
                Column("identity_verified", "boolean"),
                Column("details"),
            ),
            person="learner_or_email",
            replaces=("request_id",),
            makes_user=False,
        ),
        Contract(
            "enrolments",
            "raw.enrolments",
            (
                _LEARNER,
                Column("path_id", required=True),
                Column("started_on", "date", True),
                Column("ended_on", "date"),
                Column("outcome", "word", choices=("in_progress", "graduated", "abandoned")),
                Column("diploma_id"),
                Column("graduated_on", "date"),
                Column("route", "word", choices=ROUTES, is_version=True),
            ),
            event_time="started_on",
        ),
        Contract(
            "connections",
            "register.connections",
            (_LEARNER, Column("connected_at", "time", True)),
            event_time="connected_at",
            is_use="connected_at",
        ),
        Contract(
            "nps",
            "answers.nps",
            (
                Column("response_id"),
                *_PERSON,
                Column("path_id"),
                Column("asked_at", "time"),
                Column("answered_at", "time"),
                Column("score", "integer", low=0, high=10),
                Column("comment"),
            ),
            person="learner_or_email",
            event_time="coalesce(answered_at, asked_at)",
            replaces=("response_id",),
            makes_user=False,
        ),
        Contract(
            "salary",
            "raw.salary",
            (
                Column("response_id"),
                *_PERSON,
                Column("diploma_id"),
                Column("graduated_on", "date"),
                Column("answered_at", "time", True),
                Column("employed", "boolean"),
                Column("job_in_field", "boolean"),
                Column("job_title"),
                Column("employer"),
                Column("contract_type"),
                Column("working_time"),
                Column("country"),
                Column("salary_amount", "number", low=0),
                Column("salary_currency"),
                Column(
                    "salary_period",
                    "word",
                    choices=("hour", "day", "week", "fortnight", "month", "year", "unclear"),
                ),
                Column("salary_basis", "word", choices=("gross", "net")),
                Column("comment", is_stored=False),
                Column("situation", "word", choices=SITUATIONS, is_version=True),
            ),
            person="learner_or_email",
            event_time="answered_at",
            makes_user=False,
        ),
    )
}

# Columns that never enter, whatever their content (D-SPECIAL, D-DOC). Matched after folding case and
# separators.
_NEVER = {
    "D-SPECIAL": re.compile(
        r"(social_?security|securite_?sociale|\bssn\b|\bnir\b|\bnss\b|num_?secu|numero_?secu|disab|"
        r"handicap|rqth|health|sante)"
    ),
    "D-DOC": re.compile(
        r"(resume|curriculum|\bcv\b|photo|picture|identity_?(paper|card|document)|id_?card|passport|passeport|"
        r"carte_?identite|criminal|casier|job_?seeker|pole_?emploi|france_?travail|session_?recording|recording)"
    ),
}


def never_enters(name: str) -> str | None:
    """The policy id that keeps a column of this name out for good, else None."""
    folded = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    spaced = folded.replace("_", " ")
    for policy_id, pattern in _NEVER.items():
        if pattern.search(folded) or pattern.search(spaced):
            return policy_id
    return None


def shown(name: str, position: int) -> str:
    """A column's name as it may be shown: a header that looks like data is named by its position only."""
    if re.fullmatch(r"[A-Za-z][A-Za-z_]{0,50}\d{0,3}", name):
        return name
    return f"column {position} (its name looks like data)"
