"""The gate with Great Expectations: what it writes, and that it says no whenever it could not look
(S-ANON).
"""

import json
import re
import shutil
from datetime import UTC, datetime

import pytest
import yaml

from anonymart.contracts import load_contracts
from anonymart.errors import AnonymartError
from anonymart.gate import docs, gate
from anonymart.gate.rules import RULES
from anonymart.gate.suites import SUITES_FOLDER, load_suites
from anonymart.gate.texts import is_figure
from anonymart.session import Session
from tests.gate.school import AS_OF

PERSONAL = ("anne.martin@example.org", "annemartin77", "learner-000001")


@pytest.fixture(scope="module")
def asked(sound, tmp_path_factory):
    """One run of the real gate on a sound candidate and one on a candidate with a leak and a missing
    table.
    """
    from anonymart.home import Home
    from tests.gate.school import School

    reports = {}
    for name in ("sound", "leaking"):
        root = tmp_path_factory.mktemp(name) / "home"
        shutil.copytree(sound.home.root, root, symlinks=True)
        school = School(Home(root), sound.keys, sound.policy, sound.contracts)
        candidate = school.candidate()
        if name == "leaking":
            school.tamper(
                candidate,
                "UPDATE release.main.nps_quarterly SET path_id = 'anne.martin@example.org' WHERE "
                "path_id = 'all'",
            )
            with school.connect(warehouse="rw") as connection:
                connection.execute(
                    "ALTER TABLE warehouse.intermediate.int_people__salary_outcome ALTER "
                    "salary_eur_year TYPE VARCHAR"
                )
                connection.execute(
                    "UPDATE warehouse.intermediate.int_people__salary_outcome SET salary_eur_year = "
                    "'anne.martin@example.org'"
                )
        reports[name] = (candidate, gate(Session(school.home, school.keys, school.policy), candidate, AS_OF))
    return reports


def test_a_sound_candidate_passes(asked):
    candidate, report = asked["sound"]
    assert report.passed and report.failures == []
    assert report.n_expectations > 300
    written = json.loads((candidate / "gate.json").read_text(encoding="utf-8"))
    assert written["passed"] is True and written["n_expectations"] == report.n_expectations
    assert all(entry["passed"] and entry["policy"] for entry in written["expectations"])


def test_nothing_of_the_gate_tells_the_hour(asked):
    """The clock's digits look like a phone number once a day: a release let out at noon was refused at
    midnight.
    """
    candidate, _ = asked["sound"]
    pages = sorted((candidate / "data_docs").rglob("*.html"))
    assert pages
    hours = set()
    for page in pages:
        text = page.read_text(encoding="utf-8") + str(page.relative_to(candidate))
        hours |= set(re.findall(r"\d{8}T\d{6}[.\d]*Z", text)) | set(
            re.findall(r"\d{4}-\d{2}-\d{2}T[\d:.]+", text)
        )
        assert str(datetime.now(UTC).date()) not in text
    assert hours <= {f"{AS_OF:%Y%m%d}T000000.000000Z", f"{AS_OF}T00:00:00"}, hours


def test_a_leak_is_refused_and_named_without_its_value(asked):
    candidate, report = asked["leaking"]
    found = {(failure.mart, failure.column, failure.kind) for failure in report.failures}
    assert ("nps_quarterly", "path_id", "email") in found
    assert ("nps_quarterly", "path_id", "known_email") in found
    assert "nps_quarterly, column path_id: email" in " ".join(report.sentences())
    assert "nps_quarterly, column path_id" in report.sentence(candidate)
    assert json.loads((candidate / "gate.json").read_text(encoding="utf-8"))["passed"] is False


def test_an_expectation_that_breaks_is_a_no(asked):
    _, report = asked["leaking"]
    kinds = {failure.kind for failure in report.failures if failure.mart == "salary_outcome"}
    assert kinds == {"could_not_be_checked: dominated_money", "could_not_be_checked: quantile_unlike_persons"}


@pytest.mark.parametrize("name", ["sound", "leaking"])
def test_data_docs_stand_alone_and_hold_no_value(asked, name):
    candidate, report = asked[name]
    pages = list((candidate / "data_docs").rglob("*.html"))
    assert len(pages) == 2 * (len(load_contracts()) + 2) + 1
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert not re.search(r"<script|<img|https?:|url\(|@import|src=", html)
        assert not any(secret in html for secret in PERSONAL)
        for link in re.findall(r'href="([^"#]+)"', html):
            assert (page.parent / link).exists(), link
    assert not any(secret in json.dumps(report.as_dict()) for secret in PERSONAL)


def test_an_identifier_in_the_data_docs_is_a_no(school, without_great_expectations, monkeypatch):
    finish = docs.finish_docs

    def leaking_docs(data_docs, title, suites):
        finish(data_docs, title + " by AnneMartin77", suites)

    monkeypatch.setattr("anonymart.gate.run.finish_docs", leaking_docs)
    report = gate(Session(school.home, school.keys, school.policy), school.candidate(), AS_OF)
    assert [failure[:3] for failure in report.failures] == [("*", "data_docs", "known_account in data_docs")]


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (lambda folder: (folder / "nps_quarterly.yml").unlink(), "suite_missing"),
        (lambda folder: (folder / "nps_quarterly.yml").write_text("suite: [nps"), "suite_unreadable"),
        (
            lambda folder: rewrite(
                folder, lambda entries: [each for each in entries if each["forbids"] != "nps_unlike_counts"]
            ),
            "not_asked: nps_unlike_counts",
        ),
        (
            lambda folder: rewrite(
                folder, lambda entries: [*entries, {"forbids": "everything", "policy": "S-ANON", "says": "x"}]
            ),
            "unknown_expectation: everything",
        ),
    ],
)
def test_a_suite_that_is_incomplete_is_a_no(school, without_great_expectations, tmp_path, edit, kind):
    folder = tmp_path / "suites"
    shutil.copytree(SUITES_FOLDER, folder)
    edit(folder)
    report = gate(
        Session(school.home, school.keys, school.policy), school.candidate(), AS_OF, suites_folder=folder
    )
    assert kind in {failure.kind for failure in report.failures if failure.mart == "nps_quarterly"}
    assert not report.passed


def rewrite(folder, change):
    path = folder / "nps_quarterly.yml"
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(content | {"expectations": change(content["expectations"])}))


def test_what_is_no_release_folder_is_a_fault(school, tmp_path):
    with pytest.raises(AnonymartError, match="cannot be read"):
        gate(Session(school.home, school.keys, school.policy), tmp_path, AS_OF)
    candidate = school.candidate()
    (candidate / "marts.duckdb").write_bytes(b"not a database")
    with pytest.raises(AnonymartError, match="cannot be opened"):
        gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)


def test_every_suite_is_complete_and_every_rule_is_used():
    suites, failures = load_suites(load_contracts())
    assert failures == []
    assert {line.forbids for suite in suites for line in suite.lines} == set(RULES)
    assert {path.stem for path in SUITES_FOLDER.glob("*.yml")} == {suite.name for suite in suites}
    assert all(
        re.fullmatch(r"[PDRS]-[A-Z]+", line.policy) and line.says.endswith(".")
        for suite in suites
        for line in suite.lines
    )
    # Figures stand in the policy register alone.
    of_policy = [suite for suite in suites if suite.name != "direct_identifiers"]
    assert not any(re.search(r"\d", line.says) for suite in of_policy for line in suite.lines)


def test_whose_number_is_a_published_figure_stops_no_release(
    school, without_great_expectations, without_drill, without_attack
):
    """A numeric id may equal a salary, which the page of the marts writes out."""
    candidate = school.candidate()
    page = (candidate / "index.html").read_text(encoding="utf-8")
    figures = sorted(set(re.findall(r">(\d{5})(?:\.0)?<|\"(\d{5})(?:\.0)?\"", page)))
    number = next(one or other for one, other in figures)
    with school.connect(vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.register.learners (load_no, learner_id, identifier) "
            "VALUES (1, $1, 'learner:' || $1)",
            [number],
        )
    assert gate(Session(school.home, school.keys, school.policy), candidate, AS_OF).sentences() == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        *(
            (text, True)
            for text in ("26600.0", "38 000", "38\u202f000", "38,000", "45.3 %", "118", "−12", "1 234 567")
        ),
        *(
            (text, False)
            for text in (
                "0612345678",
                "+33 6 12 34 56 78",
                "4111 1111 1111 1111",
                "L-4711",
                "12-34",
                "12 34",
                "",
            )
        ),
    ],
)
def test_a_figure_on_the_page_is_no_longer_than_an_amount(text, is_one):
    assert is_figure(text) is is_one
