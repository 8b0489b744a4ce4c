"""`anonymart sources check` and `infer`: what an export would become is told before anything is stored, and
without a value of a person.
"""

import json

import pytest

from tests import warm
from tests.surveys.test_tools import EMAIL, SAMPLES

MAPPING = """
tool: retailer
title: A survey of our own
survey: own-2026
sources: [nps]
time_zone: Europe/Paris
fields:
  learner_id: {columns: ["no"]}
  score: {columns: [note]}
  comment: {columns: [avis]}
constants:
  answered_at: "2026-01-05T12:00:00Z"
"""


def anonymart(*words, code=0):
    done = warm.anonymart("sources", *words)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout


@pytest.mark.parametrize("name", ["delighted.csv", "limesurvey.csv", "qualtrics.csv"])
def test_a_known_tool_is_told_with_its_counts(tmp_path, name):
    path = tmp_path / name
    path.write_text(SAMPLES[name], encoding="utf-8")
    found = json.loads(anonymart("check", path, "--no-vault", "--as-of", "2026-06-30", "--json"))
    assert found["reader"].startswith(name.partition(".")[0]) and found["status"] == "loaded"
    assert found["delivered"] == found["loaded"] + found["quarantined"] + found["duplicate"]
    assert (found["loaded"], found["no_person"]) == (1, None)
    told = anonymart("check", path, "--no-vault", "--as-of", "2026-06-30")
    assert EMAIL not in told and "school.example" not in told and "10.0.0.1" not in told


def test_encodings_that_are_mixed_are_found_by_line(tmp_path):
    rows = [
        f"{number},9,{text}".encode(encoding)
        for number, (text, encoding) in enumerate(
            [
                ("tres bien", "ascii"),
                ("très bien", "utf-8"),
                ("très déçu", "cp850"),
                ("été à Évry", "latin-1"),
                ("l’été", "cp1252"),
            ]
        )
    ]
    path, mapping = tmp_path / "own.csv", tmp_path / "own.yml"
    path.write_bytes(b"no,note,avis\n" + b"\n".join(rows) + b"\n")
    mapping.write_text(MAPPING, encoding="utf-8")
    found = json.loads(
        anonymart("check", path, "--no-vault", "--mapping", mapping, "--as-of", "2026-06-30", "--json")
    )
    assert (found["delivered"], found["loaded"]) == (5, 5)
    assert {"cp850", "cp1252"} <= set(found["encodings"]) and sum(found["encodings"].values()) >= 5


def test_a_name_that_yaml_takes_for_an_answer_is_asked_for_in_quotes(tmp_path):
    path, mapping = tmp_path / "own.csv", tmp_path / "own.yml"
    path.write_text("no,note\n1,9\n", encoding="utf-8")
    mapping.write_text(MAPPING.replace('"no"', "no"), encoding="utf-8")
    anonymart("check", path, "--no-vault", "--mapping", mapping, code=2)


def test_a_file_that_nobody_knows_is_told_nevertheless_and_infer_proposes(tmp_path):
    path = tmp_path / "unknown.csv"
    path.write_bytes(
        "Horodatage du client;Note;Avis;ada@school.example\n05/01/2026;9;très bien;x\n".encode("latin-1")
    )
    told = anonymart("check", path, "--no-vault", "--as-of", "2026-06-30", code=2)
    assert "sources infer" in told and "1 rows were read" in told and "latin-1" in told
    proposal = anonymart("infer", path)
    assert "recognised_by" in proposal and "ada@school.example" not in proposal


LONG = (
    "Afin de mieux accompagner les promotions suivantes et de renseigner les organismes de "
    "certification, merci de nous dire, pour l'emploi que vous occupez aujourd'hui, "
    "primes exclues : quel est votre salaire annuel brut, en euros ?"
)


def test_infer_proposes_the_unit_that_the_question_says_and_takes_a_long_question_for_one(tmp_path):
    path, mapping = tmp_path / "pay.csv", tmp_path / "pay.yml"
    head = f'Date de réponse;Votre adresse e-mail;1. Êtes-vous en poste ?;Temps de travail;"{LONG}"\n'
    path.write_text(
        head + "05/01/2026;ada@school.example;oui;temps plein;35000\n25/01/2026;bob@school.example;oui;temps "
        "plein;2400\n",
        encoding="utf-8",
    )
    proposal = anonymart("infer", path, "--source", "salary")
    assert (
        "period: year" in proposal
        and "basis: gross" in proposal
        and "currency: EUR" in proposal
        and "not shown" not in proposal
    )
    mapping.write_text(proposal, encoding="utf-8")
    found = json.loads(
        anonymart(
            "check",
            path,
            "--source",
            "salary",
            "--no-vault",
            "--mapping",
            mapping,
            "--as-of",
            "2026-06-30",
            "--json",
        )
    )
    assert found["salaries"] == {"stands": 1, "impossible": 1}
    assert found["fields"]["salary"] == LONG and found["fields"]["employed"].startswith("1. ")


def test_infer_asks_for_a_unit_that_nothing_says(tmp_path):
    path = tmp_path / "pay.csv"
    path.write_text("Date;E-mail;Salaire\n05/01/2026;ada@school.example;35000\n", encoding="utf-8")
    assert "write `basis: gross` above `fields:`" in anonymart("infer", path, "--source", "salary")


def test_nothing_is_stored(tmp_path):
    path = tmp_path / "delighted.csv"
    path.write_text(SAMPLES["delighted.csv"], encoding="utf-8")
    before = path.read_bytes()
    anonymart("check", path, "--no-vault", "--as-of", "2026-06-30")
    assert path.read_bytes() == before and [each.name for each in tmp_path.iterdir()] == ["delighted.csv"]
