"""CONTRIBUTING.md: every room is listed, and its steps work in a copy of the tree, by the files that they
name and no other.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anonymart import versions

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LEFT_OUT = shutil.ignore_patterns(
    ".git",
    ".venv*",
    "var",
    "target",
    "logs",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "revisions",
    "*.duckdb",
)


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def rooms() -> set[str]:
    """Every package of plugins/, every folder of models and macros, and the other folders at the top that
    hold code.
    """
    packages = {path.parent for path in (ROOT / "plugins").rglob("__init__.py")}
    models = {path.parent for path in (ROOT / "dbt_project" / "models").rglob("*.sql")}
    macros = {path.parent for path in (ROOT / "dbt_project" / "macros").rglob("*.sql")}
    others = {
        ROOT / name
        for name in (
            "backend",
            "dags",
            "dbt_project/seeds",
            "dbt_project/tests",
            "expectations",
            "expectations/sources",
            "expectations/suites",
            "docs",
            "docs/deploy",
            "examples",
            "findings",
            "tests",
        )
    }
    return {f"{path.relative_to(ROOT)}/" for path in packages | models | macros | others}


def test_every_room_is_listed_with_a_sentence() -> None:
    listed = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section("The rooms"), re.MULTILINE))
    assert set(listed) == rooms()
    assert [name for name, sentence in listed.items() if len(sentence) < 10] == []


def test_the_lists_that_it_names_are_there() -> None:
    """Words in capitals before "in `file`", as in `ORDER` or `TABULAR`, are assigned in a Python file that
    the page names.
    """
    files = [ROOT / name for name in re.findall(r"`((?:plugins|tests)/[\w/]+\.py)`", PAGE)]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    names = {
        target.id
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    said = set(re.findall(r"`(_?[A-Z][A-Z_]+)`", PAGE)) - {"MART", "TOOL", "SOURCE"}
    assert len(said) > 5
    assert said - names == set()


class Copy:
    """A copy of the tree, and what is run and changed in it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "copy"
        shutil.copytree(ROOT, self.root, ignore=LEFT_OUT)
        self.home = folder / "home"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(self.root / "plugins"),
            "ANONYMART_HOME": str(self.home),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def python(self, *words: object) -> str:
        """What a command prints; it must end well."""
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{words}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def anonymart(self, *words: object) -> str:
        return self.python("-c", "from anonymart.cli import main; main()", *words)

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name}: {old}"
        self.write(name, text.replace(old, new))

    def changed(self) -> set[str]:
        """Files that are new or other than in the tree."""
        files = {path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file()}
        kept = {
            name
            for name in files
            if not {"target", "logs", "__pycache__"} & set(name.parts) and not name.parts[0].startswith(".")
        }
        return {
            str(name)
            for name in kept
            if not (ROOT / name).is_file() or (ROOT / name).read_bytes() != (self.root / name).read_bytes()
        }


def named(title: str, word: str, name: str) -> set[str]:
    """The files that the numbered steps of a section name, with the example's name in the place of the
    word.
    """
    steps = re.findall(r"^\d\. .*(?:\n   .*)*", section(title), re.MULTILINE)
    return {
        file.replace(word, name)
        for step in steps
        for file in re.findall(
            r"`((?:plugins|dbt_project|expectations|docs)/[\w/]+\.\w+|[\w/]+/MART\.sql)`", step
        )
    }


EXPORT = """Response;Submitted at;Contact address;How likely are you to recommend us?;Why?;Finished
r1;2026-03-01 10:00:00;person1@mail.example;9;Great;yes
r2;2026-03-02 10:00:00;person2@mail.example;3;Too long;yes
r3;2026-03-02 10:00:00;person3@mail.example;7;;no
"""
SAMPLE = """
def _acme(answers: list[Answer]) -> bytes:
    return _csv(("Response", "Submitted at", "Contact address", _RECOMMEND, "Why?", "Finished"), [
        (f"r{a.number}", a.at("%Y-%m-%d %H:%M:%S"), a.email, a.score, a.comment,
         "no" if a.number == 1 else "yes")
        for a in answers
    ], delimiter=";")


# Tool: folder below landing"""


@pytest.mark.long
def test_a_survey_tool_is_added_by_its_steps(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    export = tmp_path / "export.csv"
    export.write_text(EXPORT, encoding="utf-8")
    proposed = copy.anonymart("sources", "infer", export, "--source", "nps")
    reviewed = (
        proposed.replace("tool: my_tool", "tool: acme")
        .replace("survey: my-survey\n", "")
        .replace("time_zone: Europe/Paris", "time_zone: UTC")
    )
    assert reviewed.count("  email:") == 0
    reviewed += (
        "  email:\n    columns:\n    - Contact address\n  response_id:\n    columns:\n    - Response\n"
    )
    reviewed += 'rules:\n  partial:\n    columns:\n    - Finished\n    when:\n    - "no"\n'
    copy.write("expectations/sources/acme.yml", reviewed)
    found = json.loads(
        copy.anonymart(
            "sources", "check", export, "--source", "nps", "--no-vault", "--as-of", "2026-06-30", "--json"
        )
    )
    assert (found["reader"].partition(":")[0], found["delivered"], found["loaded"], found["quarantined"]) == (
        "acme",
        3,
        2,
        1,
    )
    samples = "plugins/anonymart/demo/samples.py"
    copy.replace(samples, "\n# Tool: folder below landing", SAMPLE)
    copy.replace(samples, '    "open-edx": (', '    "acme": ("nps", "acme.csv", _acme),\n    "open-edx": (')
    assert copy.changed() == named("Add a survey tool", "TOOL", "acme") - {"docs/sources.md"}
    told = copy.python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/surveys/test_samples.py", "-k", "acme"
    )
    assert "1 passed" in told


PEOPLE = """select
    paths.code as path_id,
    {{ period_start('enrolments.started_on', 'quarter') }} as quarter,
    persons.pseudonym,
    persons.record_key,
    persons.closing_on
from {{ ref('int_enrolments') }} as enrolments
inner join {{ ref('int_identities') }} as identities
    on enrolments.identity_key = identities.identity_key
inner join {{ ref('int_persons') }} as persons
    on identities.person_key = persons.person_key
inner join {{ items_of('path') }} as paths
    on enrolments.path_id = paths.item_id
where persons.is_in_statistics and enrolments.started_on is not null
group by all
"""
DIMENSIONS = {
    "path_id": "Training path, by its code in the catalogue.",
    "quarter": "First day of the quarter of the enrolment.",
}
PERSON = {
    "pseudonym": "Keyed hash of the person.",
    "record_key": "Carries the noise of the cells.",
    "closing_on": "Last day of the person in statistics.",
}
FIGURE = {
    "n_enrolled": "Learners who enrolled.",
    "n_enrolled_reason": "Why n_enrolled is empty: too_few or protected.",
}
UNIT_TEST = """
unit_tests:
  - name: an_enrolment_counts_in_its_quarter
    model: int_people__enrolment_quarterly
    given:
      - {input: ref('int_enrolments'), rows: [
          {identity_key: 1, path_id: p1, started_on: 2026-03-31},
          {identity_key: 1, path_id: p1, started_on: 2026-04-01}]}
      - {input: ref('int_identities'), rows: [{identity_key: 1, person_key: 11}]}
      - {input: ref('int_persons'), rows: [{person_key: 11, pseudonym: eleven, is_in_statistics: true}]}
      - {input: ref('int_catalogue'), rows: [{item_kind: path, item_id: p1, code: code-of-p1}]}
    expect:
      rows: [{path_id: code-of-p1, quarter: 2026-01-01}, {path_id: code-of-p1, quarter: 2026-04-01}]
"""
SECOND_COUNT = """SELECT path_id, quarter_of(started_on) AS quarter, count(DISTINCT learner_id) AS n_enrolled
FROM enrolments JOIN persons USING (learner_id)
WHERE path_id IN (SELECT path_id FROM catalogue) AND is_of_age(birth_date, started_on)
    AND is_closed(last_day(quarter + INTERVAL 2 MONTH), 0)
GROUP BY ALL
"""
RULES = """    config:
      contract: {enforced: true}
      meta:
        disclosure:
          people: int_people__enrolment_quarterly
          person: pseudonym
          noise: coarse
          dimensions: {path_id: path, quarter: period}
          period: {column: quarter, grain: quarter, observation: "0"}
          apart_from:
            salary_outcome: Who enrols in a quarter graduates in a later year, or not at all.
            employment_quality: Who enrols in a quarter graduates in a later year, or not at all.
            path_outcome: A second enrolment on a path is often one of a later quarter than the first.
          measures:
            - {name: n_enrolled, kind: count}
    data_tests:
      - figures_are_protected
"""
TYPES = {
    "path_id": "varchar",
    "quarter": "date",
    "n_enrolled": "integer",
    "n_enrolled_reason": "varchar",
    "is_complete": "boolean",
}
MART = "enrolment_quarterly"


def model(name: str, columns: dict[str, str], rules: str = "", types: dict[str, str] | None = None) -> str:
    """The YAML of a model."""
    lines = [
        "version: 2",
        "",
        "models:",
        f"  - name: {name}",
        "    description: Enrolments by path and quarter.",
        *rules.splitlines(),
        "    columns:",
    ]
    for column, text in columns.items():
        lines += [
            f"      - name: {column}",
            *([f"        data_type: {types[column]}"] if types else []),
            f'        description: "{text}"',
        ]
    return "\n".join(lines) + "\n"


@pytest.mark.long
def test_a_mart_is_added_by_its_steps(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    models = "dbt_project/models"
    copy.write(f"{models}/intermediate/people/int_people__{MART}.sql", PEOPLE)
    copy.write(
        f"{models}/intermediate/people/int_people__{MART}.yml",
        model(f"int_people__{MART}", DIMENSIONS | PERSON) + UNIT_TEST,
    )
    copy.write(
        f"{models}/marts/{MART}.yml",
        model(MART, DIMENSIONS | FIGURE | {"is_complete": "True where nobody was missing."}, RULES, TYPES),
    )
    copy.write(f"tests/marts/{MART}.sql", SECOND_COUNT)
    assert len(copy.changed()) == 4
    copy.anonymart("declare")
    copy.anonymart("declare", "--check")
    assert copy.changed() == named("Add a mart", "MART", MART)

    # What the project's own tests ask of a mart, and a release in which it stands.
    of_models = [
        f"tests/dbt/test_project.py::test_{name}"
        for name in (
            "unit_tests_pass",
            "every_model_and_seed_has_its_page_beside_it",
            "every_column_is_described",
        )
    ]
    asked = (
        *of_models,
        "tests/declare",
        "tests/gate/test_contracts.py",
        "tests/docs/test_dictionary.py",
        "tests/docs/test_complete.py",
    )
    copy.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not long", *asked)
    copy.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/marts", "-k", f"every_mart or {MART}")
    copy.anonymart("keys", "init")
    copy.anonymart(
        "demo",
        "generate",
        "--out",
        tmp_path / "school",
        "--learners",
        "600",
        "--seed",
        "1",
        "--as-of",
        "2026-06-30",
    )
    words = (
        "--landing",
        tmp_path / "school" / "landing",
        "--as-of",
        "2026-06-30",
        "--approve-as",
        "reviewer",
        "--reason",
        "A new mart",
        "--json",
    )
    told = json.loads(copy.anonymart("run", *words))
    assert told["status"] == "published"
    assert told["marts"][MART]["rows"] > 0 and told["marts"][MART]["published"] > 0
    assert (copy.home / "releases" / "current" / "parquet" / f"{MART}.parquet").is_file()


SOURCE_FILES = {
    "dbt_project/models/staging/stg_attendances__attendances.sql": """select
    admitted_no as load_no,
    identifier,
    class_code,
    attended_on
from {{ source('raw', 'attendances') }}
where admitted_no is not null
""",
    "dbt_project/models/staging/stg_attendances__attendances.yml": """version: 2

models:
  - name: stg_attendances__attendances
    description: Who was in a live class, of people whom the register knows.
    columns:
      - name: load_no
        description: Number of the load that admitted the row.
      - name: identifier
        description: "{{ doc('identifier') }}"
      - name: class_code
        description: Code of the class.
      - name: attended_on
        description: Day of the class.
""",
    "dags/ingest_attendances.py": '''"""Daily: attendances of live classes, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="attendances",
    hour="02:50",
    doc_md="""
### Loads attendances of live classes

Takes every file of `landing/attendances/` into the vault, one transaction a file.

**Why it retries.** The vault may be locked by hand work. Three tries. A file that was committed is never
loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits.

**By hand.** `anonymart ingest --source attendances --as-of YYYY-MM-DD`
""",
)
''',
}
SOURCE_PARTS = [
    ("plugins/anonymart/source_order.py", '    "connections",\n', '    "connections",\n    "attendances",\n'),
    (
        "plugins/anonymart/ingest/contracts.py",
        '        Contract(\n            "connections",',
        """        Contract(
            "attendances",
            "raw.attendances",
            (_LEARNER, Column("class_code", required=True), Column("attended_on", "date", True)),
            event_time="attended_on",
        ),
        Contract(
            "connections",""",
    ),
    (
        "plugins/anonymart/vault/schema.py",
        "CREATE TABLE IF NOT EXISTS vault.raw.salary (",
        """CREATE TABLE IF NOT EXISTS vault.raw.attendances (
    load_no BIGINT, row_hash UBIGINT, identifier VARCHAR, class_code VARCHAR, attended_on DATE,
    admitted_no BIGINT
);
CREATE TABLE IF NOT EXISTS vault.raw.salary (""",
    ),
    ("plugins/anonymart/versions.py", f"NEWEST = {versions.NEWEST}\n", f"NEWEST = {versions.NEWEST + 1}\n"),
    (
        "plugins/anonymart/migrate/steps.py",
        "    ),\n)\n\n\ndef pending(",
        """    ),
    Step(NUMBER, "vault", "makes the table of attendances", lambda connection: connection.execute(
        "CREATE TABLE IF NOT EXISTS vault.raw.attendances (load_no BIGINT, row_hash UBIGINT, "
        "identifier VARCHAR, class_code VARCHAR, attended_on DATE, admitted_no BIGINT)"
    )),
)


def pending(""".replace("NUMBER", str(versions.NEWEST + 1)),
    ),
    (
        "plugins/anonymart/erasure/places.py",
        '    *_place("vault.raw", Names.NOBODY, None, Keeps.ROWS, "D-LEARN", "catalogue"),',
        """    *_place(
        "vault.raw", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-STAT", "attendances", "attended_on"
    ),
    *_place(
        *("warehouse.staging", Names.IDENTIFIER, "identifier", Keeps.VIEW, "P-STAT"),
        "stg_attendances__attendances",
    ),
    *_place("vault.raw", Names.NOBODY, None, Keeps.ROWS, "D-LEARN", "catalogue"),""",
    ),
    (
        "expectations/processing.yml",
        "  - id: connections\n",
        """  - id: attendances
    purpose: P-STAT
    rules: []
    category: other
    data: {en: "Live classes and their days", fr: "Classes en direct et leurs jours"}
    persons: [learners]
    source: {en: "The school's platform", fr: "La plateforme de l'école"}
    places: [vault.raw.attendances, warehouse.staging.stg_attendances__attendances]
    terms: [purposes.P-STAT.keep_years_after_last_use, erasure.rewrite_every_days, backups.keep_days]
    measures: [S-SAFE, R-ERASE]
    test: tests/ingest/test_ledger.py
  - id: connections
""",
    ),
    (
        "plugins/anonymart/rights/handover_page.py",
        '    "vault.raw.salary": (',
        '    "vault.raw.attendances": ("Présences aux classes", "Attendances of classes"),\n'
        '    "vault.raw.salary": (',
    ),
    (
        "dbt_project/models/staging/sources.yml",
        "      - name: salary\n",
        """      - name: attendances
        description: Who was in a live class.
        columns:
          - {name: load_no, description: "{{ doc('load_no') }}"}
          - {name: identifier, description: Normalized identifier of the learner.}
          - {name: class_code, description: Code of the class.}
          - {name: attended_on, description: Day of the class.}
          - {name: admitted_no, description: "Number of the load that made its person known; NULL before."}
      - name: salary
""",
    ),
]
STORED = """
from datetime import date
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import load_policy
from anonymart.session import Session
home = Home.from_env()
with Session(home, Keys.load(home), load_policy(), date(2026, 6, 30)).connect(vault="ro") as connection:
    print(connection.execute("SELECT count(*) FROM vault.raw.attendances").fetchone()[0])
"""


@pytest.mark.long
def test_a_source_is_added_by_its_steps(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    for name, text in SOURCE_FILES.items():
        copy.write(name, text)
    for part in SOURCE_PARTS:
        copy.replace(*part)
    in_the_demo_and_docs = {
        name for name in named("Add a source", "SOURCE", "attendances") if "docs/" in name
    }
    assert copy.changed() - set(SOURCE_FILES) == named("Add a source", "SOURCE", "attendances") - (
        in_the_demo_and_docs
    )
    copy.python(
        *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not long", "tests/erasure/test_places.py"),
        "tests/dbt/test_project.py::test_every_model_and_seed_has_its_page_beside_it",
        "tests/dbt/test_project.py::test_every_column_is_described",
    )
    landing = tmp_path / "landing"
    for name, text in {
        "learners": "learner_id,email,registered_at,last_login_at\n"
        "L-1,one@mail.example,2026-01-02,2026-06-01\n"
        "L-2,two@mail.example,2026-01-02,2026-06-01\n",
        "attendances": "learner_id,class_code,attended_on\nL-1,live-1,2026-05-04\nL-2,live-1,2026-05-04\n"
        "L-2,,2026-05-05\n",
        "rights": "request_id,kind,learner_id,received_at,identity_verified\n"
        "r-1,erase,L-1,2026-06-02T10:00:00Z,true\n",
    }.items():
        (landing / name).mkdir(parents=True)
        (landing / name / f"{name}.csv").write_text(text, encoding="utf-8")
    copy.anonymart("keys", "init")
    words = ("--landing", landing, "--as-of", "2026-06-30", "--json")
    files = {file["source"]: file for file in json.loads(copy.anonymart("ingest", *words))["files"]}
    found = files["attendances"]
    assert (found["delivered"], found["loaded"], found["quarantined"]) == (3, 2, 1)
    copy.anonymart("build", "--as-of", "2026-06-30")
    assert copy.python("-c", STORED).strip() == "2"
    copy.anonymart("rights", "advance", "--as-of", "2026-06-30")
    assert copy.python("-c", STORED).strip() == "1"


KIND = "consult"
KIND_PARTS = [
    ("plugins/anonymart/ingest/contracts.py", '"port", "object",', f'"port", "{KIND}", "object",'),
    ("plugins/anonymart/rights/machine.py", 'ORDER = ("access",', f'ORDER = ("{KIND}", "access",'),
    (
        "plugins/anonymart/rights/machine.py",
        '_HANDOVER = ("access", "port")',
        f'_HANDOVER = ("access", "port", "{KIND}")',
    ),
    (
        "plugins/anonymart/rights/handover.py",
        'HANDED_OVER = ("access",',
        f'HANDED_OVER = ("{KIND}", "access",',
    ),
    *(
        ("expectations/letters.yml", old, f"{' ' * indent}{KIND}: {words}\n{old}")
        for old, indent, words in (
            ("    access: access to your data\n", 4, "a look at your data"),
            ("    access: accès à vos données\n", 4, "consultation de vos données"),
            ('      access: "All that we hold', 6, '"Please come and look at the file."'),
            ('      access: "Tout ce que', 6, '"Venez consulter le fichier."'),
        )
    ),
]


@pytest.mark.long
def test_a_request_kind_is_added_by_its_steps(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    for part in KIND_PARTS:
        copy.replace(*part)
    assert copy.changed() < named("Add a request kind", "KIND", KIND)
    landing = tmp_path / "landing"
    for name, text in {
        "learners": "learner_id,email,registered_at,last_login_at\n"
        "L-1,one@mail.example,2026-01-02,2026-06-01\n",
        "rights": "request_id,kind,learner_id,received_at,identity_verified\n"
        f"r-1,{KIND},L-1,2026-06-02T10:00:00Z,true\nr-2,erase,L-1,2026-06-02T11:00:00Z,true\n",
    }.items():
        (landing / name).mkdir(parents=True)
        (landing / name / f"{name}.csv").write_text(text, encoding="utf-8")
    copy.anonymart("keys", "init")
    copy.anonymart("ingest", "--landing", landing, "--as-of", "2026-06-30")
    copy.anonymart("rights", "advance", "--as-of", "2026-06-30")
    found = json.loads(copy.anonymart("rights", "list", "--as-of", "2026-06-30", "--json"))
    states = {each["kind"]: each["state"] for each in found["requests"]}
    # The erasure waits until the zip was handed over.
    assert (states[KIND], states["erase"]) == ("answered", "received")
    [zipped] = (copy.home / "exports").glob("*.zip")
    assert zipped.stat().st_size > 0
