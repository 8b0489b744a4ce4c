"""The processing register: each place that holds people has one purpose; each line names what shows it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.erasure.places import PLACES, Keeps, Names, Place
from anonymart.errors import AnonymartError
from anonymart.policy import load_policy
from anonymart.processing import lines, page, record
from tests.docs.pages import ROOT
from tests.docs.pages import page as doc

POLICY = load_policy()
LINES = lines.load().lines
AS_OF = date(2026, 6, 30)


def test_the_register_holds():
    lines.check(POLICY)


def test_every_place_with_people_has_one_line():
    for place in (place for place in PLACES if place.holds_people):
        assert [line.id for line in LINES if line.holds(place.name)] != [], place.name


# What the line of learning activity holds.
LEARNING = (
    *("*learning*", "*int_events", "*int_activity__*"),
    "*int_observed__project_submissions",
)


def test_a_table_without_a_purpose_stops_the_build():
    new = Place("vault.raw.forum", Names.IDENTIFIER, "identifier", Keeps.ROWS, "P-STAT")
    with pytest.raises(AnonymartError, match=r"^vault\.raw\.forum holds people and has no purpose: .+\.$"):
        lines.check(POLICY, places=[*PLACES, new])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"purpose": "P-NEW", "rules": ("P-STAT",)}, "purpose P-NEW"),
        ({"terms": ("purposes.P-STAT.no_such",)}, "no entry"),
        ({"measures": ("S-NEW",)}, "measure S-NEW"),
        ({"places": (*LEARNING, "*gone")}, "gone, where no people"),
        ({"places": ()}, "has no purpose"),
        ({"rules": (), "purpose": "P-LOG"}, "is kept under"),
    ],
)
def test_a_line_that_is_not_so_stops_the_build(change, says):
    found = lines.load()
    broken = tuple(replace(line, **change) if line.id == "learning" else line for line in LINES)
    with pytest.raises(AnonymartError, match=says):
        lines.check(POLICY, replace(found, lines=broken))


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.id)
def test_a_line_is_tied_to_policy_test_and_proof(line):
    law = doc("docs/law.md")
    for rule in (line.purpose, *line.rules, *line.measures):
        assert f"| {rule} |" in law, rule
    told = next(each for each in record.of_release(POLICY, AS_OF)["lines"] if each["line"] == line.id)
    assert told["policy_entries"] and all(value is not None for value in told["policy_entries"].values())
    for path in (line.test, *(lines.load().measures[name].test for name in line.measures)):
        assert (ROOT / path).is_file(), path
    assert told["measures"] or not line.is_held
    assert all(each["proof"] for each in told["measures"])


def test_the_register_of_a_release_counts_nobody_and_names_no_recipient():
    share = {"release_id": "2026-01-01.1", "as_of": "2026-01-02", "to": "Ministry", "country": "FR",
             "safeguard": "none needed", "why": "a study"}  # fmt: skip
    abroad = share | {"country": "CH", "safeguard": "adequacy_decision"}
    told = record.of_release(POLICY, AS_OF, [share, share, abroad])
    assert told["recipients"]["shared"] == [
        {"country": "CH", "safeguard": "adequacy_decision"},
        {"country": "FR", "safeguard": "none needed"},
    ]
    assert told["transfers"]["shared"] == told["recipients"]["shared"][:1]
    assert all("receipt" not in line for line in told["lines"])
    html = page.page(told)
    assert "Ministry" not in html and "http" not in html and "<script" not in html


def test_three_forms_tell_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path))
    (tmp_path / "receipts.ndjson").write_text(
        json.dumps(
            {
                "receipt_no": 1,
                "as_of": "2026-05-01",
                "hash": "ab" * 32,
                "rows": {"vault.register.connections": {"before": 3, "after": 1}},
            }
        )
        + "\n"
    )

    def asked(*words: str) -> str:
        done = CliRunner().invoke(anonymart, ["register", "--as-of", "2026-06-30", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    told = json.loads(asked("--format", "json"))
    assert [line["line"] for line in told["lines"]] == [line.id for line in LINES]
    receipts = {line["line"]: line["receipt"] for line in told["lines"]}
    assert receipts["connections"]["receipt_no"] == 1 and receipts["learning"] is None
    rows = list(csv.DictReader(io.StringIO(asked("--format", "csv"))))
    assert list(rows[0])[1:] == [french for french, _ in page.COLUMNS.values()]
    assert len(rows) == len(LINES) and "Reçu 1, 2026-05-01" in rows[8]["Preuve"]
    assert rows[0]["Délai d'effacement"].startswith("5 ans après la dernière utilisation")
    html = asked()
    assert all(f'id="fr-{line.id}"' in html and f'id="en-{line.id}"' in html for line in LINES)


def test_the_terms_follow_the_policy():
    """A figure that the school changes stands in the register, and the line says which entry it is."""
    raw = json.loads(json.dumps(POLICY.raw))
    raw["purposes"]["P-STAT"]["keep_years_after_last_use"] = 2
    told = record.of_release(replace(POLICY, raw=raw), AS_OF)["lines"][0]
    assert told["term"]["en"].startswith("2 years after the last use")
    assert told["policy_entries"]["purposes.P-STAT.keep_years_after_last_use"] == 2


def test_learners_are_told_in_two_languages(tmp_path, monkeypatch):
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path))
    done = CliRunner().invoke(anonymart, ["register", "--for-learners"])
    assert done.exit_code == 0, done.output
    html = done.stdout
    assert '<section lang="fr">' in html and '<section lang="en">' in html
    for words in ("Vos droits", "Your rights", "www.cnil.fr", "5 years after the last use", "À compléter"):
        assert words in html
