"""OULAD as xAPI: one statement for each click row, registration and assessed work of the copy.

A course is a module in a presentation. Presentations begin on 1 February (B) or 1 October (J); days count
from there. All is moved eleven years on, so that nobody is out of the five years. Every row gets a time of
its day, in Paris.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

YEARS_ON = 11
STARTS = {"2013B": "2024-02-01", "2013J": "2024-10-01", "2014B": "2025-02-01", "2014J": "2025-10-01"}
CAMPUS = "https://ou.example"
PASS_MARK = 40
RESENT = 10_000
_TYPES = "http://adlnet.gov/expapi/activities"


def deliver(folder: Path, landing: Path) -> None:
    """Write learners, catalogue and statements: one file for each presentation with clicks, and a part of one
    sent again.
    """
    for source in ("learners", "catalogue", "learning"):
        (landing / source).mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        prepare(connection, folder)
        _copy(connection, "FROM students", landing / "learners" / "oulad.parquet", "parquet")
        _copy(connection, "FROM items", landing / "catalogue" / "oulad.ndjson", "json")
        clicks = _statements(
            "clicks",
            "'click|' || file_row_number",
            "http://adlnet.gov/expapi/verbs/experienced",
            "'site/' || id_site",
            "'link'",
        )
        for module, presentation in connection.execute(
            "SELECT DISTINCT code_module, code_presentation FROM clicks"
        ).fetchall():
            only = f"WHERE code_module = '{module}' AND code_presentation = '{presentation}'"
            _copy(
                connection,
                f"{clicks} {only}",
                landing / "learning" / f"clicks-{module}-{presentation}.ndjson",
                "json",
            )
        _copy(
            connection,
            f"{clicks} WHERE file_row_number < {RESENT}",
            landing / "learning" / "resent.ndjson",
            "json",
        )
        registered = _statements(
            "registrations",
            "'registered|' || course_id || id_student",
            "http://adlnet.gov/expapi/verbs/registered",
            "'course/' || course_id",
            "'course'",
        )
        _copy(connection, registered, landing / "learning" / "registrations.ndjson", "json")
        _copy(connection, _assessed(), landing / "learning" / "assessments.ndjson", "json")


def prepare(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Views on the files as they are, each row with its course and its day."""
    starts = " ".join(f"WHEN '{name}' THEN DATE '{day}'" for name, day in STARTS.items())
    dated = (
        f"code_module || '-' || code_presentation AS course_id, (CASE code_presentation {starts} END + "
        f"{{day}}::INTEGER) AS day"
    )
    connection.execute(f"""
        CREATE VIEW clicks AS SELECT *, {dated.format(day="date")}
        FROM read_parquet('{folder}/studentVle.parquet', file_row_number = true);
        CREATE VIEW works AS SELECT *, {dated.format(day="date_submitted")}
        FROM '{folder}/studentAssessment.parquet' JOIN (
            SELECT * EXCLUDE (date) FROM '{folder}/assessments.parquet'
        ) USING (id_assessment);
        CREATE VIEW registrations AS SELECT *, {dated.format(day="date_registration")}
        FROM '{folder}/studentRegistration.parquet' WHERE date_registration IS NOT NULL;
        CREATE VIEW students AS SELECT 'ou-' || id_student AS learner_id, '{CAMPUS}' AS account_home_page,
            {account()} AS account_name, {account()} || '@students.example' AS email
        FROM (SELECT DISTINCT id_student FROM '{folder}/studentInfo.parquet');
        CREATE VIEW items AS
        SELECT 'path-oulad' AS path_id, code_module || '-' || code_presentation AS course_id,
            NULL AS exercise_id FROM '{folder}/courses.parquet'
        UNION ALL SELECT NULL, code_module || '-' || code_presentation, 'assessment-' || id_assessment
        FROM '{folder}/assessments.parquet';
    """)


def account() -> str:
    """SQL for the account of a student: fictional, and the same on every run."""
    return "'ou.' || md5('anonymart' || id_student)[:12]"


def _statements(rows: str, key: str, verb: str, item: str, type: str, result: str = "NULL") -> str:
    return f"""
        SELECT md5({key})::UUID AS id, {{'account': {{'homePage': '{CAMPUS}', 'name': {account()}}}}}
            AS actor,
            {{'id': '{verb}'}} AS verb,
            {{'id': '{CAMPUS}/' || {item}, 'definition': {{'type': '{_TYPES}/' || {type}}}}} AS object,
            {result} AS result,
            {{'contextActivities': {{'parent': [{{'id': '{CAMPUS}/course/' || course_id}}]}}}} AS context,
            strftime(timezone('UTC', timezone('Europe/Paris', day + to_seconds(hash({key}) % 86400))),
                '%Y-%m-%dT%H:%M:%SZ') AS "timestamp"
        FROM {rows}"""


def _assessed() -> str:
    """Passed or failed where there is a mark, else answered."""
    parts = {
        "passed": (f"score >= {PASS_MARK}", "{'score': {'scaled': score / 100}, 'success': true}"),
        "failed": (f"score < {PASS_MARK}", "{'score': {'scaled': score / 100}, 'success': false}"),
        "answered": ("score IS NULL", "{'score': {'scaled': NULL::DOUBLE}, 'success': NULL::BOOLEAN}"),
    }
    return " UNION ALL ".join(
        _statements(
            f"(FROM works WHERE {condition})",
            "'work|' || id_assessment || '|' || id_student",
            f"http://adlnet.gov/expapi/verbs/{verb}",
            "'assessment-' || id_assessment",
            "'assessment'",
            result,
        )
        for verb, (condition, result) in parts.items()
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path, form: str) -> None:
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT {form})")
