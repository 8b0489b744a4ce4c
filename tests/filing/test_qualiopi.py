"""Pages of results by programme: published cells, gaps with their reason, nothing from elsewhere (S-ANON)."""

import csv
import re

import pytest

from anonymart.errors import UsageError
from anonymart.filing import qualiopi
from tests.filing.conftest import DATA, DESIGN


def told(release, path="path-data", **diplomas):
    found = qualiopi.programmes(release, {key.replace("_", "-"): code for key, code in diplomas.items()})
    (one,) = [each for each in found["programmes"] if each["path_id"] == path]
    return found, [
        (each["indicator"], each["from"], each["value"], each["number"], each["reason"])
        for each in one["indicators"]
    ]


def test_each_indicator_has_its_period_its_persons_or_its_reason(release):
    found, rows = told(release)
    assert (found["release_id"], found["as_of"]) == ("2026-06-30.1", "2026-06-30")
    assert [each["path_id"] for each in found["programmes"]] == ["path-data", "path-design"]
    assert rows == [
        ("satisfaction", "2026-01-01", 31.5, 90, None),
        ("satisfaction", "2025-10-01", None, 70, "protected"),
        ("response", "2026-01-01", 0.45, 200, None),
        ("response", "2025-10-01", 0.4, 180, None),
        ("success", None, None, None, "not_published"),
        ("abandonment", None, None, None, "not_published"),
        ("projects", "2025-07-01", 0.8, 60, None),
        ("insertion", "2023-01-01", 0.77, 100, None),
        ("in_trade", "2023-01-01", 0.44, 100, None),
        ("in_trade_later", None, None, None, "not_published"),
        ("answers", "2023-01-01", 0.709, 141, None),
    ]


def test_a_path_may_name_its_diploma(release):
    _, rows = told(release, path_data=DATA)
    assert [row[1:4] for row in rows if row[0] == "insertion"] == [("2023-01-01", 0.8125, 80)]
    assert [row[1:4] for row in rows if row[0] == "in_trade_later"] == [("2022-01-01", 0.625, 60)]
    assert [row[3] for row in rows if row[0] == "answers"] == [120]
    _, rows = told(release, path_data=DESIGN)
    assert [row[3:] for row in rows if row[0] == "insertion"] == [(12, "too_few")]


@pytest.mark.parametrize("diplomas", [{"path_nowhere": DATA}, {"path_data": "diploma-nowhere"}])
def test_codes_that_are_not_in_the_release(release, diplomas):
    with pytest.raises(UsageError, match="--diploma names"):
        told(release, **diplomas)


def test_pages_are_dated_bilingual_and_need_nothing_from_elsewhere(release, tmp_path):
    found, _ = told(release)
    names = qualiopi.write(found, tmp_path / "out")
    assert names == [
        f"{path}.{end}" for path in ("path-data", "path-design") for end in ("html", "fr.csv", "en.csv")
    ]
    page = (tmp_path / "out" / "path-data.html").read_text(encoding="utf-8")
    assert "<b>2026-06-30</b>" in page
    assert '<span class="day">2026-01-01</span> – <span class="day">2026-03-31</span>' in page
    assert "31,5</span>" in page and "31.5</span>" in page and "15,0" in page
    assert "protégé, cela en dirait trop" in page and "protected, it would say too much" in page
    assert "tous les diplômes de l’école ensemble" in page
    assert not re.search(r"<script|https?:|src=|@import|url\((?!#)", page)
    for needed in ("prefers-color-scheme: dark", "@media print", "width=device-width", 'lang="fr"'):
        assert needed in page


def test_a_value_says_why_its_number_or_its_interval_is_empty(release, tmp_path):
    found, _ = told(release)
    (each,) = [
        each for each in found["programmes"][0]["indicators"]
        if each["indicator"] == "satisfaction" and each["value"] is not None
    ]  # fmt: skip
    each |= {"number": None, "gaps": {"number": "too_few"}}
    qualiopi.write(found, tmp_path / "out")
    page = (tmp_path / "out" / "path-data.html").read_text(encoding="utf-8")
    table = (tmp_path / "out" / "path-data.fr.csv").read_text(encoding="utf-8-sig")
    assert "effectif : trop peu de personnes" in page and "persons: too few people" in page
    assert "effectif : trop peu de personnes" in table
    (response,) = [
        each for each in found["programmes"][0]["indicators"]
        if each["indicator"] == "response" and each["from"] == "2026-01-01"
    ]  # fmt: skip
    assert response["gaps"] == {"interval": "not_published"}


def test_the_tables_say_the_same(release, tmp_path):
    found, _ = told(release)
    qualiopi.write(found, tmp_path / "out")
    with (tmp_path / "out" / "path-data.fr.csv").open(encoding="utf-8-sig", newline="") as file:
        first, second, *_ = csv.DictReader(file, delimiter=";")
    assert (first["valeur"], first["de"], first["effectif"], first["au"]) == (
        "31,5",
        "15,0",
        "90",
        "2026-06-30",
    )
    assert (second["valeur"], second["pourquoi c’est vide"]) == (
        "",
        "protégé, cela en dirait trop sur quelqu’un",
    )
    with (tmp_path / "out" / "path-data.en.csv").open(encoding="utf-8-sig", newline="") as file:
        first, *_ = csv.DictReader(file)
    assert first["value"] == "31.5"
