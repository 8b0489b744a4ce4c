"""The record of the register of certifications: published figures alone, marked indicative (S-ANON)."""

import csv
import json
import os

import pytest

from anonymart.errors import GateRefused, UsageError
from anonymart.filing import published, rncp, sheets
from anonymart.release.folder import MARTS_FILE
from anonymart.release.verify import verify
from tests import warm
from tests.filing.conftest import DATA, DESIGN


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def test_the_record_holds_what_is_published_and_says_why_a_cell_is_empty(release, tmp_path):
    found = rncp.record(release)
    rncp.write(found, tmp_path / "filing")
    table = rows(tmp_path / "filing" / rncp.RECORD)
    assert [(row["Certification"], row["Année d’obtention de la certification"]) for row in table] == [
        (DATA, "2023"), (DATA, "2022"), (DESIGN, "2023"),
    ]  # fmt: skip
    first, second, third = table
    assert first["Nombre de certifiés"] == "120"
    assert first["Nombre de certifiés à la suite d’un parcours VAE"] == "14"
    assert first["Taux d’insertion global à 6 mois (en %)"] == "81,2"
    assert first["Taux d’insertion dans le métier visé à 2 ans (en %)"] == ""
    assert "non publié" in first["Pourquoi une case est vide"]
    assert second["Taux d’insertion dans le métier visé à 2 ans (en %)"] == "62,5"
    assert "protégé" in second["Pourquoi une case est vide"]
    assert third["Pourquoi une case est vide"].count("trop peu de personnes") == 3
    assert all(
        "Indicatif, à ne pas déposer" in row["Statut"] and "2026-06-30.1" in row["Statut"] for row in table
    )


def test_what_the_school_fills_is_listed(release, tmp_path):
    rncp.write(rncp.record(release), tmp_path / "filing")
    told = " ".join(row["Champ"] for row in rows(tmp_path / "filing" / rncp.TO_FILL))
    for field in ("VAE", "voie d’accès", "taux de réponse", "neutralisées", "Pour chaque titulaire"):
        assert field in told


def test_a_release_that_was_changed_is_not_filed(release, tmp_path):
    with (release / MARTS_FILE).open("ab") as file:
        file.write(b"x")
    with pytest.raises(GateRefused, match="not as it was published"):
        rncp.record(release)


def test_nothing_is_written_into_a_release(release):
    with pytest.raises(UsageError, match="is a release"):
        rncp.write(rncp.record(release), release)


def test_nothing_is_written_below_a_release_either(release, tmp_path):
    with pytest.raises(UsageError, match="is a release"):
        rncp.write(rncp.record(release), release / "filing" / "more")
    (tmp_path / "link").symlink_to(release)
    with pytest.raises(UsageError, match="is a release"):
        rncp.write(rncp.record(release), tmp_path / "link" / "filing")
    assert verify(release, None).status != "changed"


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_title_is_no_formula(title):
    told = sheets.sheet(["a", "b", "c"], [[title, -1.5, "plain"]])
    assert told.splitlines()[1] == f"'{title};-1,5;plain"


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ({"2026-01-31.1": 2, "2026-06-30.1": 1}, "plusieurs"),
        ({"2026-06-30.1": 3}, "celles de la publication"),
        (None, "non indiquées"),
    ],
)
def test_each_row_says_by_which_definitions_cells_were_published(release, tmp_path, sets, said):
    found = rncp.record(release) | {"definitions_of_cells": {rncp.EARLY: sets, rncp.LATE: sets}}
    rncp.write(found, tmp_path / "filing")
    told = {row["Définitions des cases"] for row in rows(tmp_path / "filing" / rncp.RECORD)}
    assert len(told) == 1 and min(told).startswith(said)
    assert sets is None or all(f"{name} ({2 * n})" in min(told) for name, n in sets.items())


def test_the_command_needs_no_home(release, tmp_path):
    home = tmp_path / "none"
    done = warm.anonymart(
        "filing", "rncp", release, "--out", tmp_path / "filing", "--json",
        env=os.environ | {"ANONYMART_HOME": str(home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["is_indicative"] and told["files"] == [rncp.RECORD, rncp.TO_FILL]
    assert told["records"][0]["n_certified"] == 120 and not home.exists()
    assert told["records"][0]["reasons"] == {"insertion_in_field_rate_24m": "not_published"}


def test_a_release_of_before_has_its_rate_of_two_years_beside_the_others(release, monkeypatch):
    """It knows no count of VAE: that is said, and no other figure takes its place."""
    old = {
        "diploma_id": DATA, "promotion_year": 2021, "n_certified": 60, "insertion_rate_6m": 0.8,
        "insertion_in_field_rate_6m": 0.6, "insertion_in_field_rate_24m": 0.7,
    }  # fmt: skip
    found = published.Published("2026-01-31.1", "2026-01-31", {rncp.EARLY: [old], rncp.LATE: []})
    monkeypatch.setattr(published, "read", lambda folder, marts, trusted: found)
    (told,) = rncp.record(release)["records"]
    assert told["insertion_in_field_rate_24m"] == 0.7
    assert told["reasons"] == {"n_certified_vae": "not_published"}
