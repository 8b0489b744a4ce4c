"""The page Privacy in a real browser, through Airflow as `make up` starts it: log in, read, approve, see
it published; as analyst, be refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from anonymart.home import Home
from anonymart_airflow.local import ALL, LocalAirflow
from anonymart_airflow.settings import password
from tests import warm

pytestmark = [pytest.mark.long, pytest.mark.needs_chromium, pytest.mark.xdist_group("airflow")]
RELEASE = "2026-06-30.1"
WAITS = 4
# Milliseconds for each answer of the pages: a publication is one, and the machine may be busy.
PATIENCE = 300_000


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAirflow]:
    """A small school whose first release waits for the reviewer, behind the pages of `make up` (nothing asks
    the triggerer here).
    """
    home = Home(tmp_path_factory.mktemp("browser") / "home")
    school = home.root.parent / "school"
    for words, expected in (
        (["keys", "init"], 0),
        (
            [
                "demo",
                "generate",
                "--out",
                str(school),
                "--learners",
                "200",
                "--seed",
                "1",
                "--as-of",
                "2026-06-30",
            ],
            0,
        ),
        (["run", "--landing", str(school / "landing"), "--as-of", "2026-06-30"], WAITS),
    ):
        done = warm.anonymart(*words, env=_environment(home))
        assert done.returncode == expected, done.stdout[-1000:] + done.stderr[-1000:]
    with LocalAirflow(home, ALL[:3], schedule=False, say=lambda _: None) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Root in a container has no sandbox to give.
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


def test_a_reviewer_reads_and_approves_and_an_analyst_is_refused(airflow: LocalAirflow, browser) -> None:
    analyst, _ = _logged_in(airflow, browser, "analyst")
    privacy = _privacy(analyst)
    assert "Not for you" in privacy.content() and RELEASE not in privacy.content()

    page, complaints = _logged_in(airflow, browser, "reviewer")
    privacy = _privacy(page)
    assert f"Release {RELEASE} waits for the reviewer" in privacy.inner_text("main")
    privacy.click("text=Read and answer")
    privacy.click("text=Privacy report")
    privacy.wait_for_selector("text=The gate let it pass.")
    privacy = _privacy(page)
    privacy.click("text=Read and answer")
    privacy.fill("textarea", "read in the browser, and right")
    privacy.click("button.approve")
    privacy.wait_for_selector("td.state.current")
    assert "approved by reviewer: read in the browser, and right" in privacy.inner_text("main")
    privacy.click("text=Audit log")
    privacy.wait_for_selector("text=The chain holds")
    assert "approved" in privacy.inner_text("main")
    # What the page's own security policy forbids would stand here.
    assert [text for text in complaints if "Content Security Policy" in text] == []
    manifest = json.loads((airflow.home.current / "manifest.json").read_text())
    assert manifest["approval"]["by"] == "reviewer"


def _environment(home: Home) -> dict[str, str]:
    return {**os.environ, "ANONYMART_HOME": str(home.root)}


def _logged_in(airflow: LocalAirflow, browser, user: str):
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(airflow.address)
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password(airflow.home, user))
    page.click("button[type=submit]")
    page.wait_for_selector("a[href$='/plugin/privacy']")
    return page, complaints


def _privacy(page):
    """The page as the menu opens it, in its frame."""
    page.goto(page.url.split("/plugin")[0])
    page.click("a[href$='/plugin/privacy']")
    return page.wait_for_selector("iframe[title=Privacy]").content_frame()
