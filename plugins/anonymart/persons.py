"""How many persons are in the statistics and how many are out, and why: true counts for the reviewer and the
data team, in no release.

In and out add up to the school's persons, whom the register of learners names. Who is unknown to it waits,
and is counted apart.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import duckdb

from anonymart import engine
from anonymart.ingest import waiting
from anonymart.ingest.waiting import Waiting
from anonymart.rows import one_row
from anonymart.session import Session

IN = "in"
# Statuses of int_persons, as they are shown.
MEANS = {
    IN: "in the statistics",
    "expired": "out: five years after the last use are over (P-STAT)",
    "unknown_last_use": "out: no use is known (P-STAT)",
    "objected": "out: objection (R-OBJECT)",
    "restricted": "out: restriction of processing (R-RESTRICT)",
    "erasure_requested": "out: erasure was asked for and is on its way (R-ERASE)",
    "minor": "out: under the age (R-MINOR)",
    "not_a_learner": "out: staff or test account, by the register",
    "not_built": "out: came or was identified after the last build",
}


@dataclass
class Persons:
    """`registered`: persons of the register; `statuses`: how many of them are in, and out for each reason;
    `waiting`: rows of unknown people; `graduates`: persons with a diploma of their own by the enrolments;
    `salary_answers` in all, and those of no graduate, which no figure counts;
    `enrolments_without_outcome`: of paths of which none has one, and `enrolments_without_day`: graduated on
    an unknown day: both are not in path_outcome.
    """

    registered: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=Waiting)
    graduates: int = 0
    salary_answers: int = 0
    answers_of_no_graduate: int = 0
    enrolments_without_outcome: int = 0
    enrolments_without_day: int = 0

    def as_dict(self) -> dict[str, Any]:
        """One object for `--json`: counts only."""
        return dataclasses.asdict(self)

    @property
    def sentences(self) -> list[str]:
        """For a terminal: the sum, a line for each status, and what waits."""
        lines = [f"{self.registered} persons in the register of learners:"]
        lines += [f"{n:>9} {MEANS[status]}" for status, n in self.statuses.items()]
        return (
            lines
            + (self.waiting.sentences or ["Nobody waits whom the register does not know."])
            + answer_sentences(self.graduates, self.salary_answers, self.answers_of_no_graduate)
            + enrolment_sentences(self.enrolments_without_outcome, self.enrolments_without_day)
        )


def answer_sentences(graduates: int, salary_answers: int, answers_of_no_graduate: int) -> list[str]:
    """Salary answers that no figure counts, because no enrolment makes their sender a graduate; nothing where
    there are none.
    """
    if not answers_of_no_graduate:
        return []
    lines = [
        f"{answers_of_no_graduate} of {salary_answers} salary answers are in no figure: their sender "
        f"has no enrolment with this diploma "
        "and the outcome graduated."
    ]
    if not graduates:
        lines.append(
            "No enrolment says graduated at all, so there can be no salary figure: deliver outcome, "
            "diploma_id and graduated_on in the source enrolments."
        )
    return lines


def enrolment_sentences(enrolments_without_outcome: int, enrolments_without_day: int) -> list[str]:
    """Enrolments that are not in path_outcome; nothing where there are none."""
    lines = []
    if enrolments_without_outcome:
        lines.append(
            f"{enrolments_without_outcome} enrolments are not in path_outcome: no enrolment on their path "
            "has an outcome. Deliver outcome in the source enrolments."
        )
    if enrolments_without_day:
        lines.append(
            f"{enrolments_without_day} enrolments with the outcome graduated are not in path_outcome: they "
            "have no day. Deliver graduated_on or ended_on in the source enrolments."
        )
    return lines


def count(session: Session) -> Persons:
    """Counts as of the last build and of the register as it is now. Raises AnonymartError when there is no
    vault yet.
    """
    has_warehouse = session.home.warehouse.exists()
    connection = session.connect(vault="ro", warehouse="ro" if has_warehouse else None)
    try:
        is_built = has_warehouse and engine.table_exists(
            connection, "intermediate", "int_persons", database="warehouse"
        )
        registered = one_row(
            connection.execute("SELECT count(DISTINCT learner_id) FROM vault.register.learners")
        )[0]
        found = (
            dict(
                connection.execute(
                    "SELECT status, count(*) FROM warehouse.intermediate.int_persons GROUP BY status"
                ).fetchall()
            )
            if is_built
            else {}
        )
        left = registered - sum(found.values())
        found |= {"not_built": left} if left > 0 else {}
        answers = _answers(connection) if is_built else (0,) * 5
        return Persons(
            registered,
            {status: found[status] for status in MEANS if status in found},
            waiting.count(connection),
            *answers,
        )
    finally:
        connection.close()


def _answers(connection: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
    """Graduates, salary answers, those of no graduate, enrolments without an outcome and without a day, as of
    the last build; zeros where a build of part of the models left none.
    """
    left_out = "SELECT coalesce(sum(n_rows), 0) FROM warehouse.intermediate.int_left_out WHERE"
    try:
        found = one_row(
            connection.execute(f"""
            SELECT (SELECT count(DISTINCT person_key) FROM warehouse.intermediate.int_graduates),
                (SELECT count(*) FROM warehouse.intermediate.int_salary_responses),
                ({left_out} source = 'salary' AND reason = 'not_a_graduate'),
                ({left_out} source = 'enrolments' AND reason = 'path_without_outcome'),
                ({left_out} source = 'enrolments' AND reason = 'graduated_on_unknown_day')
        """)
        )
    except duckdb.CatalogException:
        return (0,) * 5
    return tuple(int(number) for number in found)
