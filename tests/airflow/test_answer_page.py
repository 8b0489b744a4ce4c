"""The page on which a reviewer answers: what changed in one screen, with numbers and pictures, and what is
said yes to (S-ANON).
"""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from anonymart_airflow.privacy_page import summary
from anonymart_airflow.privacy_page.pages import moment
from tests.airflow.privacy_client import Privacy
from tests.airflow.privacy_home import SECOND, WAITS

pytestmark = [pytest.mark.xdist_group("privacy"), pytest.mark.filterwarnings("ignore")]


def report(too_few: int, protected: int, **more: object) -> dict:
    mart = {
        "rows": 10, "figures": 20, "new_cells": 4, "carried_cells": 6,
        "suppressed": {"too_few": too_few, "protected": protected},
    }  # fmt: skip
    attacks = [{"attack": "linear_programming", "succeeded": 0}, {"attack": "averaging", "succeeded": 1}]
    drill = [{"leak": "email", "place": "in a value", "planted": 5, "caught": 4}]
    changes = {
        "since": SECOND,
        "policy": {f"counts.entry_{n}": [n, n + 1] for n in range(5)},
        "code_version": ["1", "2"],
        "definitions": ["verbs.csv"],
    }
    return {
        "marts": {"nps_quarterly": mart}, "gate": {"attacks": attacks, "drill": drill}, "changes": changes,
        **more,
    }  # fmt: skip


def test_each_number_and_what_it_was_before():
    found = {
        tile.title: tile
        for tile in summary.tiles(report(4, 1), report(2, 2), {"requests": {"open": 3, "near": 1, "late": 2}})
    }
    assert {title: (tile.number, tile.tone) for title, tile in found.items()} == {
        "New cells": ("4", ""),
        "Figures not shown": ("25.0 %", ""),
        "Attacks that succeeded": ("1 of 2", "bad"),
        "Planted leaks caught": ("4 of 5", "bad"),
        "Requests of persons late": ("2", "bad"),
        "Entries of the policy changed": ("5", "warm"),
        "Definitions changed": ("1", "warm"),
    }
    hidden = found["Figures not shown"]
    assert hidden.lines == ("too few 20.0 %, last time 10.0 %", "protected 5.0 %, last time 10.0 %")
    assert len(hidden.pictures) == 2
    assert found["Entries of the policy changed"].lines[-1] == "and 2 more, below"
    assert found["Definitions changed"].lines == ("code 1 to 2", "verbs.csv")


def test_a_first_release_and_a_report_of_before_say_that_nothing_can_be_compared():
    tiles = summary.tiles({"marts": {"nps_quarterly": {"new_cells": 1, "carried_cells": 0}}}, {}, {})
    assert [tile.number for tile in tiles].count("not told") == 6


def test_the_page_tells_the_numbers_and_what_is_said_yes_to(privacy: Privacy):
    folder = privacy.home.releases / f".waiting-{WAITS}"
    before = (folder / "privacy_report.json").read_text()
    (folder / "privacy_report.json").write_text(
        json.dumps({**json.loads(before), **report(4, 1), "changes": {"since": None, "figures_frozen": 8,
                                                                       "figures_carried": 12}})
    )  # fmt: skip
    try:
        page = unescape(privacy.get(f"/waiting/{WAITS}").text)
    finally:
        (folder / "privacy_report.json").write_text(before)
    assert page.count('<li class="tile') == 7 and page.count("<svg") >= 5
    assert f"With a yes, 4 new cells are published as release {WAITS}" in page
    assert "30 July 2026, 12:00 (Europe/Paris)" in page and "10:00:00+00:00" not in page
    assert page.index("Planted leaks caught") < page.index("<form") < page.index("What changed, in full")


def test_times_are_told_as_where_the_school_is():
    assert moment("2026-07-30T22:30:00+00:00") == "31 July 2026, 00:30 (Europe/Paris)"
    assert moment("2026-01-30T22:30:00") == "30 January 2026, 23:30 (Europe/Paris)"
    assert moment("?") == "?"


def test_the_log_page_tells_the_term_of_airflows_own_logs(privacy: Privacy):
    page = privacy.get("/audit").text
    assert "leave after 1 year(s), the term of connection logs (P-LOG)" in page
    assert re.search(r"On this host there are \d+ log files", page) and "0 are over their term" in page


def test_an_analyst_is_told_where_figures_are(privacy: Privacy):
    answer = privacy.get("/", "analyst")
    assert answer.status_code == 403 and "releases/current" in answer.text


@pytest.mark.needs_chromium
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_numbers_and_the_form_stand_on_one_screen(privacy: Privacy, width: int, height: int, tmp_path):
    from playwright.sync_api import sync_playwright

    (tmp_path / "page.html").write_text(privacy.get(f"/waiting/{WAITS}").text, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(f"file://{tmp_path}/page.html")
        box = page.locator(".screen").bounding_box()
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert box is not None and wide <= width, "nothing is cut"
    if width > 1000:
        assert box["y"] + box["height"] <= height, "no scrolling to the numbers, nor to the form"
