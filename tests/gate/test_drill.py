"""The leak drill: every kind in every mart and place, in one copy and one run; one miss refuses the release
(S-ANON, D-IDENT).
"""

import json
from collections import Counter
from dataclasses import replace

import duckdb
import pytest

from anonymart.detect import KINDS
from anonymart.errors import GateRefused
from anonymart.gate import drill_plants, gate
from anonymart.gate import run as gate_run
from anonymart.gate.drill import Drill, drill
from anonymart.gate.drill_forms import ALSO_KNOWN, FORMS
from anonymart.gate.suites import load_suites, needed
from anonymart.release import recover
from anonymart.session import Session
from tests.gate.school import AS_OF, CELLS, NEXT_MONTH, engagement, open_school
from tests.release.yes import publish

IN_EVERY_MART = (
    "in a value",
    "inside a longer value",
    "in a column name",
    "in the comment of a table",
    "in Parquet metadata",
    "in a column name of Parquet",
    "in a CSV file",
)

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """One gate's whole answer on a sound candidate, with the drill that it held, and the files before and
    after.
    """
    from tests.gate.conftest import ask

    school = open_school(tmp_path_factory.mktemp("drill"))
    school.build(CELLS)
    candidate = school.candidate()
    before = {path: path.read_bytes() for path in candidate.rglob("*") if path.is_file()}
    kept = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("anonymart.gate.checkpoint.prepare", lambda: None)
        patch.setattr("anonymart.gate.checkpoint.ask", ask)
        patch.setattr(gate_run, "drill", lambda *given: kept.append(drill(*given)) or kept[0])
        report = gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
    return school, candidate, before, report, kept[0]


def test_everything_is_caught(held):
    _, _, _, report, _ = held
    assert report.passed, report.sentences()
    assert [row for row in report.drill if row["caught"] != row["planted"]] == []
    written = json.loads((held[1] / "gate.json").read_text(encoding="utf-8"))
    assert written["drill"] == report.drill


def test_every_kind_is_planted_in_every_mart_and_place(held):
    school, *_, found = held
    assert {kind for form in FORMS for kind in form.kinds} >= set(KINDS)
    assert {kind for form in FORMS for kind in form.kinds} >= {f"known_{kind}" for kind, _ in ALSO_KNOWN} | {
        "known_hash"
    }
    planted = {
        (plant.place, mart, kind.split(" in ")[0]) for plant in found.plants for mart, _, kind in plant.keys
    }
    for place in IN_EVERY_MART:
        for mart in school.contracts:
            assert {(place, mart, kind) for form in FORMS for kind in form.kinds} <= planted
    for place in (
        "in the Data Docs",
        "in the report",
        "in the page of the report",
        "in the page of the marts",
        "in the workbook",
        "in the manifest",
        "in the description for machines",
    ):
        assert {
            (place, "*", kind)
            for form in FORMS
            for kind in form.kinds
            if (place, kind) != ("in the Data Docs", "known_hash")
        } <= planted
    leaks = {plant.leak for plant in found.plants}
    assert {
        "figure below its threshold",
        "expired person in the evidence",
        "carried count changed by one",
        "pseudonym",
    } <= leaks


def test_identifiers_are_found_exactly_as_often_as_they_were_planted(held):
    """Else one leak could be counted for another one that was missed."""
    *_, held_drill = held
    planted = Counter(key for plant in held_drill.plants for key in plant.keys)
    found = Counter()
    for failures in held_drill.found.values():
        found.update({failure[:3]: failure.n for failure in failures})
    kinds = {kind for form in FORMS for kind in form.kinds}
    assert [key for key in planted if key[2].split(" in ")[0] in kinds and found[key] != planted[key]] == []


def test_no_expectation_can_go_without_a_miss(held):
    """The drill has something for each of the suites' lines, so that one which is taken out or goes blind is
    noticed.
    """
    school, *_, held_drill = held
    lines = [line for line in held_drill.found if line is not None]
    asked = {(line.suite, *line.key) for line in lines}
    assert {
        (suite, *key) for suite in {line.suite for line in lines} for key in needed(suite, school.contracts)
    } <= asked
    assert [line for line in lines if not held_drill.missed(without=line)] == []
    assert held_drill.missed() == []


def test_nothing_of_it_stays(held):
    school, candidate, before, report, _ = held
    # The gate adds its part to the report; nothing else of the candidate changes.
    before = {path: content for path, content in before.items() if path.name != "privacy_report.json"}
    assert {path: path.read_bytes() for path in before} == before
    assert list(school.home.tmp.glob("gate-drill-*")) == []
    text = "".join(
        path.read_text(encoding="utf-8") for path in candidate.rglob("*") if path.suffix in (".json", ".html")
    )
    for form in FORMS:
        assert form.text not in text + json.dumps(report.as_dict())
    with school.connect(vault="ro", warehouse="ro") as connection:
        marts = connection.execute(
            "SELECT count(*) FROM warehouse.evidence.cell_evidence WHERE cell_key LIKE '%drill%'"
        ).fetchone()
    assert marts == (0,)


def test_a_suite_with_one_expectation_removed_makes_the_drill_fail(held):
    school, candidate, *_ = held
    suites, _ = load_suites(school.contracts)
    [nps] = [suite for suite in suites if suite.name == "nps_quarterly"]
    removed = [line for line in nps.lines if line.forbids == "correction_tells_a_difference"][-1]
    shorter = [
        replace(suite, lines=tuple(line for line in suite.lines if line is not removed)) for suite in suites
    ]
    made = drill(
        Session(school.home, school.keys, school.policy), candidate, AS_OF, school.contracts, shorter
    )
    assert {(failure.mart, failure.kind) for failure in made.failures()} == {
        ("nps_quarterly", "leak_not_caught: correction tells a difference, in a figure")
    }
    assert [
        row["planted"] - row["caught"]
        for row in made.table()
        if row["leak"] == "correction tells a difference" and row["planted"] > row["caught"]
    ] == [1]


def test_a_gate_that_has_gone_blind_refuses_a_sound_candidate(
    school, without_great_expectations, without_attack, monkeypatch
):
    def see_nothing(connection):
        connection.execute(
            "CREATE TABLE gate.hits (mart VARCHAR, column_name VARCHAR, place VARCHAR, kind VARCHAR, n "
            "BIGINT)"
        )

    monkeypatch.setattr("anonymart.gate.opened.make_hits", see_nothing)
    candidate = school.candidate()
    report = gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
    assert not report.passed
    assert {failure.kind.split(":")[0] for failure in report.failures} == {"leak_not_caught"}
    missed = {row["leak"] for row in report.drill if row["caught"] < row["planted"]}
    assert {"known e-mail", "known given name", "SHA-1 of a known e-mail"} <= missed
    assert not {"e-mail", "UUID", "figure below its threshold"} & missed
    with pytest.raises(GateRefused):
        publish(Session(school.home, school.keys, school.policy), candidate)


def test_a_drill_that_planted_nothing_is_a_no():
    assert [failure.kind for failure in Drill((), {}).failures()] == ["leak_not_caught: nothing was planted"]


def test_it_is_held_beside_carried_cells_and_leaves_published_releases_alone(
    school, without_great_expectations, without_attack
):
    candidate = school.candidate()
    assert gate(Session(school.home, school.keys, school.policy), candidate, AS_OF).passed
    publish(Session(school.home, school.keys, school.policy), candidate)
    school.build([engagement(month=AS_OF.replace(month=5, day=1))], NEXT_MONTH)
    candidate = school.candidate(NEXT_MONTH)
    report = gate(Session(school.home, school.keys, school.policy), candidate, NEXT_MONTH)
    assert report.passed, report.sentences()
    assert report.drill
    published = gate(Session(school.home, school.keys, school.policy), school.home.current.resolve())
    assert published.passed, published.sentences()
    assert published.drill == []


def test_what_a_killed_drill_left_goes_with_the_next_run(school):
    left = school.home.tmp / "gate-drill-x"
    (left / "copy").mkdir(parents=True)
    recover(Session(school.home, school.keys))
    assert not left.exists()


def test_a_copy_that_cannot_be_read_proves_nothing(
    school, without_great_expectations, without_attack, monkeypatch
):
    from anonymart.errors import AnonymartError

    def fail(*_):
        raise duckdb.Error("1 99 12 99 123 456 15")

    monkeypatch.setattr(drill_plants, "plant_files", fail)
    with pytest.raises(AnonymartError, match="could not be held") as raised:
        gate(Session(school.home, school.keys, school.policy), school.candidate(), AS_OF)
    assert "123" not in str(raised.value)
