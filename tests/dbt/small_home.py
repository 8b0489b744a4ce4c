"""A home for the tests of the models: a vault of a few people written by hand, in two loads."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import duckdb
import yaml

from anonymart import engine
from anonymart.home import PROJECT, Home
from anonymart.keys import Keys, init_keys
from anonymart.policy import POLICY_FILE, load_policy
from anonymart.run import build
from anonymart.session import Session
from anonymart.vault import schema
from tests import warm

AS_OF = date(2026, 6, 30)
XAPI = "http://adlnet.gov/expapi"
PLANTED = (
    "Giraffatitan Keramik GmbH",
    "Zirkusdirektorin",
    "quixotisch",
    "anna.needle@example.org",
    "Needlethorpe",
)

FIRST = f"""
INSERT INTO vault.register.learners (load_no, learner_id, identifier, email, family_name, birth_date) VALUES
    (1, 'L1', 'learner:L1', '{PLANTED[3]}', '{PLANTED[4]}', NULL), (1, 'L2', 'learner:L2', NULL, NULL,
        '2012-01-01'),
    (1, 'L3', 'learner:L3', NULL, NULL, NULL);
INSERT INTO vault.register.identities (identifier, kind, person_id) VALUES
    ('learner:L1', 'learner', repeat('1', 64)), ('account:https://school.example|a1', 'account', repeat('1',
        64)),
    ('email:{PLANTED[3]}', 'email', repeat('1', 64)), ('learner:L2', 'learner', repeat('2', 64)),
    ('learner:L3', 'learner', repeat('3', 64)), ('email:nobody@example.org', 'email', NULL);
INSERT INTO vault.register.last_use VALUES
    ('learner:L1', '2024-01-01 10:00:00', '2026-05-01 10:00:00'),
    ('learner:L2', '2026-05-01 10:00:00', '2026-05-01 10:00:00'),
    ('learner:L3', '2025-02-03 10:00:00', '2026-05-01 10:00:00');
INSERT INTO vault.raw.catalogue (load_no, path_id, course_id, chapter_id, exercise_id, project_id) VALUES
    (1, 'p1', NULL, NULL, NULL, NULL), (1, 'p1', 'c1', NULL, NULL, NULL), (1, NULL, 'c1', 'h1', NULL, NULL),
    (1, NULL, 'c1', 'h1', 'e1', NULL), (1, 'p1', NULL, NULL, NULL, 'j1');
INSERT INTO vault.raw.learning (load_no, actor, verb_id, object_id, object_type, occurred_at, success,
    score_scaled, progress)
VALUES
    (1, 'learner:L1', '{XAPI}/verbs/registered', 'c1', '{XAPI}/activities/course', '2025-01-31 23:30:00',
        NULL, NULL, NULL),
    (1, 'learner:L1', '{XAPI}/verbs/progressed', 'c1', '{XAPI}/activities/course', '2025-02-02 10:00:00',
        NULL, NULL, 30),
    (1, 'account:https://school.example|a1', '{XAPI}/verbs/answered', 'https://x.example/e1', NULL,
        '2025-02-03', true, 0.5, NULL),
    (1, 'learner:L3', '{XAPI}/verbs/completed', 'h1', '{XAPI}/activities/module', '2025-02-03 10:00:00', NULL,
        NULL, NULL),
    (1, 'learner:L3', '{XAPI}/verbs/passed', 'j1', NULL, '2025-02-04 10:00:00', NULL, NULL, NULL),
    (1, 'email:nobody@example.org', '{XAPI}/verbs/completed', 'c1', NULL, '2025-02-03 10:00:00', NULL, NULL,
        NULL);
INSERT INTO vault.raw.enrolments (load_no, identifier, path_id, started_on, outcome) VALUES
    (1, 'learner:L1', 'p1', '2024-01-01', 'in_progress'), (1, 'learner:L3', 'p1', NULL, 'in_progress');
INSERT INTO vault.answers.nps (load_no, response_id, identifier, path_id, asked_at, answered_at, score,
    comment) VALUES
    (1, 'n1', 'email:{PLANTED[3]}', 'p1', '2025-02-01', NULL, NULL, NULL),
    (1, 'n2', 'email:nobody@example.org', 'p1', '2025-02-01', '2025-02-02', 9, 'top');
INSERT INTO vault.raw.salary (load_no, response_id, identifier, diploma_id, graduated_on, answered_at,
    employed, job_in_field,
    job_title, employer, working_time, salary_amount, salary_currency, salary_period, salary_basis) VALUES
    (1, 's1', 'email:{PLANTED[3]}', 'd1', '2024-06-30', '2024-12-31', true, true, '{PLANTED[1]}',
        '{PLANTED[0]}', 'full_time',
     1, 'EUR', 'year', 'gross');
UPDATE vault.raw.learning SET admitted_no = load_no;
UPDATE vault.raw.enrolments SET admitted_no = load_no;
"""

SECOND = f"""
INSERT INTO vault.raw.learning (load_no, actor, verb_id, object_id, object_type, occurred_at, success,
    score_scaled, progress)
VALUES
    (2, 'learner:L1', '{XAPI}/verbs/progressed', 'c1', '{XAPI}/activities/course', '2025-02-01 10:00:00',
        NULL, NULL, 20),
    (2, 'learner:L1', '{XAPI}/verbs/completed', 'c1', '{XAPI}/activities/course', '2025-03-02 10:00:00', NULL,
        NULL, NULL),
    (2, 'account:https://school.example|a1', '{XAPI}/verbs/answered', 'https://x.example/e1', NULL,
        '2025-02-05', false, 0.9, NULL),
    (2, 'learner:L3', '{XAPI}/verbs/answered', 'https://x.example/{PLANTED[3]}', '{XAPI}/activities/question',
        '2025-02-05', NULL, 0, NULL),
    (2, 'learner:L1', '{XAPI}/verbs/passed', 'j1', NULL, '2025-02-04 10:00:00', NULL, NULL, NULL);
INSERT INTO vault.raw.catalogue (load_no, path_id, course_id) VALUES (2, 'p1', 'c2');
INSERT INTO vault.raw.enrolments (load_no, identifier, path_id, started_on, outcome, diploma_id, graduated_on)
VALUES
    (2, 'learner:L1', 'p1', '2024-01-01', 'graduated', 'd1', '2024-06-30'),
    (2, 'learner:L3', 'p1', NULL, 'abandoned', NULL, NULL);
INSERT INTO vault.answers.nps (load_no, response_id, identifier, path_id, asked_at, answered_at, score,
    comment) VALUES
    (2, 'n1', 'email:{PLANTED[3]}', 'p1', '2025-02-01', '2025-02-03', 10, 'Mentor {PLANTED[2]}');
INSERT INTO vault.raw.salary (load_no, response_id, identifier, diploma_id, graduated_on, answered_at,
    employed, job_in_field,
    job_title, employer, working_time, salary_amount, salary_currency, salary_period, salary_basis) VALUES
    (2, 's1', 'email:{PLANTED[3]}', 'd1', '2024-06-30', '2024-12-31', true, true, '{PLANTED[1]}',
        '{PLANTED[0]}', 'full_time',
     40000, 'EUR', 'year', 'gross');
UPDATE vault.raw.learning SET admitted_no = load_no;
UPDATE vault.raw.enrolments SET admitted_no = load_no;
"""


class SmallHome:
    """A home in a folder of its own, with keys and an empty vault."""

    def __init__(self, root: Path, keys_of: SmallHome | None = None) -> None:
        self.home = Home(root).prepare()
        if keys_of:
            self.home.keys_file.write_bytes(keys_of.home.keys_file.read_bytes())
            self.home.keys_file.chmod(0o600)
        init_keys(self.home)
        self.keys = Keys.load(self.home)
        with engine.connect(self.home, self.keys, vault="rw") as connection:
            schema.create(connection, self.keys)

    def execute(self, sql: str) -> None:
        """Run SQL on the vault."""
        with engine.connect(self.home, self.keys, vault="rw") as connection:
            connection.execute(sql)

    def register_everybody(self) -> None:
        """Give each person that was written by hand a row of the register, and admit what waits."""
        self.execute("""
            INSERT INTO vault.register.learners (load_no, learner_id, identifier)
            SELECT 1, min(identifier), min(identifier) FROM vault.register.identities
            WHERE person_id IS NOT NULL
            GROUP BY person_id HAVING count(*) FILTER (identifier IN (SELECT identifier
            FROM vault.register.learners)) = 0;
            UPDATE vault.raw.learning SET admitted_no = load_no;
            UPDATE vault.raw.enrolments SET admitted_no = load_no
        """)

    def load_first(self) -> None:
        self.execute(FIRST)

    def load_second(self) -> None:
        self.execute(SECOND)

    def build(self, select: str | None = None) -> None:
        """Build as the program does."""
        build(Session(self.home, self.keys, load_policy(), AS_OF), select=select)

    def warehouse(self) -> duckdb.DuckDBPyConnection:
        """A connection that reads the warehouse, and the vault for its views."""
        return engine.connect(self.home, self.keys, vault="ro", warehouse="ro")

    def rows(self, sql: str) -> list[tuple]:
        with self.warehouse() as connection:
            return connection.execute(sql).fetchall()

    def dbt(self, *arguments: str, variables: dict | None = None) -> subprocess.CompletedProcess[str]:
        """Run dbt itself, with everything it says."""
        if variables is None:
            variables = {
                "as_of": str(AS_OF),
                "policy": yaml.safe_load(POLICY_FILE.read_text(encoding="utf-8")),
            }
        project = str(PROJECT / "dbt_project")
        places = ["--project-dir", project, "--profiles-dir", project]
        places += ["--target-path", str(self.home.dbt_target), "--log-path", str(self.home.dbt_logs)]
        environment = {**os.environ, "ANONYMART_HOME": str(self.home.root)}
        command = (*arguments, *places, "--vars", json.dumps(variables))
        return warm.python(
            "from dbt.cli.main import cli; cli()", *command, env=environment, cwd=self.home.root, timeout=600
        )
