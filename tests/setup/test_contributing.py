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
        for file in re.findall(r"`((?:plugins|dbt_project|expectations|docs)/[\w/]+\.\w+)`", step)
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
    assert len(copy.changed()) == 3
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
