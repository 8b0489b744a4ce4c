"""The draft of the impact assessment has the form of the exports of the CNIL's PIA tool.

Compared with a real export, cypress/fixtures/pia.json of its repository LINCnil/pia at commit 2631612, and
with the numbers of the questions of src/assets/files/pia_architecture.json. No schema is published.
"""

from __future__ import annotations

import json

from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.processing.dpia import TO_JUDGE

# Of each part of an export: the entries that the tool's import reads, with their types.
PIA = {
    "status": int, "is_example": int, "is_archive": int, "created_at": str, "name": str, "category": str,
    "author_name": str, "evaluator_name": str, "validator_name": str, "updated_at": str, "id": int,
    "progress": int, "structure_id": str,
}  # fmt: skip
ANSWER = {"pia_id": int, "reference_to": int, "data": dict, "created_at": str, "id": int}
MEASURE = {
    "title": str, "pia_id": int, "content": str, "placeholder": str, "created_at": str, "updated_at": str,
    "id": int,
}  # fmt: skip
# Questions whose answer is a list in the tool (answer_type), and those with a gauge.
LISTS = {risk + number for risk in (320, 330, 340) for number in (1, 2, 3, 4)}
GAUGES = {risk + number for risk in (320, 330, 340) for number in (5, 6)}
TEXTS = {111, 112, 113, 121, 122, 123, *range(211, 216), *range(221, 228)}


def fits(entry: dict, shape: dict) -> bool:
    return set(entry) == set(shape) and all(isinstance(entry[name], kind) for name, kind in shape.items())


def made(tmp_path, monkeypatch, *words: str):
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path))
    done = CliRunner().invoke(anonymart, ["dpia", "--as-of", "2026-06-30", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_tool_can_import_it(tmp_path, monkeypatch):
    told = json.loads(made(tmp_path, monkeypatch))
    assert set(told) == {"pia", "answers", "measures", "evaluations", "comments"}
    assert fits(told["pia"], PIA) and told["evaluations"] == told["comments"] == []
    assert all(fits(answer, ANSWER) for answer in told["answers"])
    assert all(fits(measure, MEASURE) for measure in told["measures"])
    assert {answer["reference_to"] for answer in told["answers"]} == TEXTS | LISTS | GAUGES
    titles = {measure["title"] for measure in told["measures"]}
    for answer in told["answers"]:
        data = answer["data"]
        assert set(data) == {"text", "gauge", "list"}
        if answer["reference_to"] in LISTS:
            assert data["list"] and data["text"] is None
        else:
            assert isinstance(data["text"], str) and data["list"] == []
        if answer["reference_to"] in (324, 334, 344):
            assert set(data["list"]) <= titles


def test_what_a_person_must_judge_is_open_and_marked(tmp_path, monkeypatch):
    told = json.loads(made(tmp_path, monkeypatch))
    marked = {a["reference_to"] for a in told["answers"] if TO_JUDGE in json.dumps(a, ensure_ascii=False)}
    assert marked == {112, 113, 221, 226, 321, 331, 341, *GAUGES}
    assert all(answer["data"]["gauge"] is None for answer in told["answers"])
    assert told["pia"]["validator_name"] == TO_JUDGE


def test_the_attacks_of_the_current_release_are_told(tmp_path, monkeypatch):
    release = tmp_path / "releases" / "2026-06-30.1"
    release.mkdir(parents=True)
    (tmp_path / "releases" / "current").symlink_to("2026-06-30.1")
    attack = {"attack": "subtraction", "succeeded": 0, "control": {"tried": 4, "succeeded": 4}}
    (release / "gate.json").write_text(json.dumps({"attacks": [attack]}))
    file = tmp_path / "pia.json"
    assert "13 of 36 answers to judge" in made(tmp_path, monkeypatch, "--output", str(file))
    told = json.loads(file.read_text())
    likelihood = next(answer for answer in told["answers"] if answer["reference_to"] == 326)
    assert "subtraction : 0 succès ; sur une livraison naïve 4 sur 4" in likelihood["data"]["text"]
