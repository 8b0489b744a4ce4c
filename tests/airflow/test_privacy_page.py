"""The page Privacy over HTTP: Airflow's own application, auth manager and tokens; every route for nobody,
analyst, data team and reviewer (S-SAFE).
"""

from __future__ import annotations

import fcntl
import re
from datetime import date
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from anonymart import audit, engine
from anonymart.session import Session
from tests.airflow.privacy_client import ADDRESS, Privacy
from tests.airflow.privacy_home import COURSES, FIRST, MARKUP, SECOND, WAITS, waiting

pytestmark = [pytest.mark.xdist_group("privacy"), pytest.mark.filterwarnings("ignore")]
USERS = ("nobody", "analyst", "data_team", "reviewer", "anonymart")
PAGES = (
    "/",
    "/audit",
    f"/difference?since={FIRST}&until={SECOND}",
    f"/waiting/{WAITS}",
    f"/figures/{SECOND}",
)
FILES = [
    f"/{kind}/{release_id}/files/{name}"
    for kind, release_id in (("releases", SECOND), ("waiting", WAITS))
    for name in (
        "privacy_report.html",
        "privacy_report.json",
        "gate.json",
        "manifest.json",
        "manifest.sig",
        "datapackage.json",
        "data_docs/index.html",
        "data_docs/style.css",
    )
]


@pytest.mark.parametrize("path", [*PAGES, *FILES])
@pytest.mark.parametrize("user", USERS)
def test_who_may_read_what(privacy: Privacy, user: str, path: str) -> None:
    answer = privacy.get(path, user)
    assert answer.status_code == {"nobody": 303, "analyst": 403}.get(user, 200), answer.text[-300:]
    if user == "nobody":
        assert answer.headers["location"].startswith("/auth/login?next=")
        assert privacy.get(path, user, accept="application/json").status_code == 401
    if user in ("nobody", "analyst"):
        assert not any(release_id in unescape(answer.text) for release_id in (FIRST, SECOND, WAITS))


@pytest.mark.parametrize("user", USERS)
def test_health_is_counts_for_whoever_may_read_the_page(privacy: Privacy, user: str) -> None:
    answer = privacy.get("/health", user, accept="application/json")
    assert answer.status_code == {"nobody": 401, "analyst": 403}.get(user, 200), answer.text[-300:]
    if answer.status_code != 200:
        assert "queued_files" not in answer.text
        return
    told = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert told.pop("status") == "asks" and told["waiting_for_approval"] == 1
    assert all(isinstance(value, int) for value in told.values()), told


def test_health_beside_a_run_that_writes(privacy: Privacy) -> None:
    with privacy.home.lock_file.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        told = privacy.get("/health").json()
    assert told["is_busy"] is True and told["open_requests"] is None


@pytest.mark.parametrize("decision", ["approve", "refuse"])
@pytest.mark.parametrize(
    ("user", "status"),
    [("nobody", 401), ("analyst", 403), ("data_team", 403), ("anonymart", 403), ("reviewer", 303)],
)
def test_only_a_reviewer_decides(privacy: Privacy, user: str, status: int, decision: str) -> None:
    form = privacy.form("reviewer", decision=decision)
    assert privacy.post(user, **form).status_code == status
    told = [
        (entry["state"], entry["actor"], entry["reason"], entry["via"]) for entry in privacy.approvals.decided
    ]
    done = {"approve": "approved", "refuse": "refused"}[decision]
    assert told == (
        [(done, "reviewer", "read, and right", "Airflow's page Privacy")] if user == "reviewer" else []
    )


def test_the_form_is_shown_to_reviewers_only(privacy: Privacy) -> None:
    assert "<form" in privacy.get(f"/waiting/{WAITS}").text
    for user in ("data_team", "anonymart"):
        page = privacy.get(f"/waiting/{WAITS}", user).text
        assert "<form" not in page and "Only a privacy reviewer answers." in page


@pytest.mark.parametrize(
    "headers",
    [{}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"},
     {"origin": "null"}, {"origin": "http://evil.example"},
     {"origin": ADDRESS.replace("http", "https")}, {"origin": ADDRESS, "sec-fetch-site": "cross-site"}],
)  # fmt: skip
def test_an_answer_from_elsewhere_decides_nothing(privacy: Privacy, headers: dict[str, str]) -> None:
    assert privacy.post(headers=headers, **privacy.form()).status_code == 403
    assert privacy.approvals.decided == []


def test_a_browser_without_fetch_metadata_may_say_its_origin(privacy: Privacy) -> None:
    assert privacy.post(headers={"origin": ADDRESS}, **privacy.form()).status_code == 303


@pytest.mark.parametrize(
    ("change", "status"),
    [({"token": "0" * 64}, 403), ({"token": ""}, 403), ({"candidate_sha256": "b" * 64}, 403),
     ({"reason": "  "}, 400), ({"reason": "x" * 501}, 400),
     ({"reason": "x" * 9000}, 413), ({"decision": "both"}, 400)],
)  # fmt: skip
def test_an_answer_that_is_not_the_forms_decides_nothing(
    privacy: Privacy, change: dict[str, str], status: int
) -> None:
    assert privacy.post(**privacy.form(**change)).status_code == status
    assert privacy.approvals.decided == []


def test_a_reason_that_may_name_somebody_keeps_the_form_and_its_words(privacy: Privacy) -> None:
    privacy.approvals.refused = (
        "The reason holds what may name a person (email): others would see it, say it without."
    )
    answer = privacy.post(**privacy.form(reason="as Anne <b>wished</b>"))
    assert answer.status_code == 400 and privacy.approvals.decided == []
    for words in (
        "Your answer was not taken",
        privacy.approvals.refused,
        "as Anne &lt;b&gt;wished&lt;/b&gt;</textarea>",
        "Approve and publish",
    ):
        assert words in answer.text
    assert "Too late" not in answer.text and "--reason" not in answer.text
    privacy.approvals.refused = ""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)"', answer.text))
    assert privacy.post(**hidden, decision="approve", reason="Read in full").status_code == 303


def test_a_reviewer_ticks_what_is_held_back_a_group_at_a_time(privacy: Privacy) -> None:
    page = privacy.get(f"/waiting/{WAITS}").text
    assert re.findall(r'name="hold" value="(\w+)"> (.*?)</label>', page) == [
        ("course_engagement_monthly", "course_engagement_monthly"),
        ("nps_quarterly", "nps_quarterly, nps_theme_quarterly (told together)"),
    ]
    assert 'name="hold"' not in privacy.get(f"/waiting/{WAITS}", "data_team").text
    assert privacy.post(**privacy.form(hold=["nps_quarterly", COURSES])).status_code == 303
    assert [entry["state"] for entry in privacy.approvals.decided] == [
        f"approved without nps_quarterly, {COURSES}"
    ]


def test_a_reason_that_is_not_taken_keeps_the_ticks(privacy: Privacy) -> None:
    """Or the second try would publish what the first one held back."""
    privacy.approvals.refused = "Write it without digits."
    answer = privacy.post(**privacy.form(hold=COURSES, reason="A 41"))
    assert answer.status_code == 400 and "<details open>" in answer.text
    assert re.findall(r'value="(\w+)" checked', answer.text) == [COURSES]
    answer = privacy.post(**privacy.form(hold=COURSES, decision="refuse"))
    assert re.findall(r'value="(\w+)" checked', answer.text) == [COURSES]
    assert "A refusal is for the whole release" in answer.text


@pytest.mark.parametrize(
    ("user", "change", "status"),
    [
        ("reviewer", {"decision": "refuse"}, 400),
        ("reviewer", {"candidate_sha256": "b" * 64}, 403),
        ("reviewer", {"token": "0" * 64}, 403),
        ("reviewer", {"reason": ""}, 400),
        ("data_team", {}, 403),
        ("analyst", {}, 403),
        ("anonymart", {}, 403),
        ("nobody", {}, 401),
    ],
)
def test_holding_back_asks_for_all_that_an_answer_does(
    privacy: Privacy, user: str, change: dict[str, str], status: int
) -> None:
    assert privacy.post(user, **privacy.form(hold="nps_quarterly", **change)).status_code == status
    assert privacy.approvals.decided == []


def test_the_token_of_another_user_is_none(privacy: Privacy, monkeypatch: pytest.MonkeyPatch) -> None:
    form = privacy.form("reviewer")
    monkeypatch.setenv("ANONYMART_REVIEWERS", "reviewer,data_team")
    assert privacy.post("data_team", **form).status_code == 403
    assert privacy.post("data_team", **privacy.form("data_team")).status_code == 303


def test_a_token_alone_gives_no_right(privacy: Privacy) -> None:
    """The data team with a form that nobody ever showed them."""
    from anonymart_airflow.privacy_page.access import form_token

    user = SimpleNamespace(get_id=lambda: "data_team")
    token = form_token(privacy.keys, user, WAITS, "a" * 64)
    assert (
        privacy.post(
            "data_team", token=token, candidate_sha256="a" * 64, decision="approve", reason="ours"
        ).status_code
        == 403
    )
    assert privacy.approvals.decided == []


def test_what_was_read_must_be_what_waits(privacy: Privacy) -> None:
    form = privacy.form()
    privacy.approvals.waits = waiting(privacy.home.releases, "c" * 64)
    assert privacy.post(**form).status_code == 409
    privacy.approvals.waits = None
    assert privacy.post(**form).status_code == 409
    assert privacy.get(f"/waiting/{WAITS}").status_code == 404


def test_without_our_auth_manager_the_simple_one_opens_nothing(
    privacy: Privacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

    monkeypatch.setattr(get_auth_manager(), "__class__", SimpleAuthManager)
    assert {privacy.get("/", user).status_code for user in USERS} == {303, 403}


@pytest.mark.parametrize(
    "name",
    ["marts.duckdb", "parquet/nps_quarterly.parquet", "../../keys.json", "..%2f..%2fkeys.json",
     "%2e%2e/%2e%2e/keys.json", "%252e%252e/keys.json",
     "data_docs/../marts.duckdb", "data_docs/%2e%2e/marts.duckdb", "/etc/passwd", "%2fetc%2fpasswd",
     "manifest.json%00.html", "%00", "", "data_docs", "data_docs/",
     "./manifest.json", "data_docs//index.html", ".hidden", "manifest.json/", "MANIFEST.JSON",
     "data_docs/link.html", "data_docs/linked/index.html", "data_docs/unlisted.html",
     "data_docs\\index.html", "..\\..\\keys.json"],
)  # fmt: skip
def test_no_other_file_is_handed_out(privacy: Privacy, name: str) -> None:
    docs = privacy.home.releases / SECOND / "data_docs"
    if not (docs / "unlisted.html").exists():
        (docs / "unlisted.html").write_text("not in the manifest")
    for place in ("releases", "waiting"):
        release_id = {"releases": SECOND, "waiting": WAITS}[place]
        status, body = privacy.raw(f"/{place}/{release_id}/files/{name}")
        assert status == 404, (place, body[:200])
        assert b"figures" not in body and b"root:" not in body and b"signing" not in body


@pytest.mark.parametrize("is_folder", [False, True])
def test_no_link_is_followed(privacy: Privacy, tmp_path: Path, is_folder: bool) -> None:
    """Of a candidate every Data Doc that is there may be read: but a link is none, wherever on the way it
    stands.
    """
    docs = privacy.home.releases / f".waiting-{WAITS}" / "data_docs"
    (tmp_path / "index.html").write_text("outside")
    link, name = (docs / "away", "away/index.html") if is_folder else (docs / "away.html", "away.html")
    link.symlink_to(tmp_path if is_folder else tmp_path / "index.html")
    try:
        assert privacy.get(f"/waiting/{WAITS}/files/data_docs/{name}").status_code == 404
    finally:
        link.unlink()


@pytest.mark.parametrize(
    "release_id",
    [
        "current",
        "2026-01-01.1",
        ".",
        "..",
        "%2e%2e",
        f".waiting-{WAITS}",
        f"{SECOND}%00",
        f"{SECOND}%0a",
        quote("２０２６-06-30.1"),
        f"{SECOND}%2fdata_docs",
        "*",
    ],
)
def test_no_other_folder_is_a_release(privacy: Privacy, release_id: str) -> None:
    assert privacy.raw(f"/releases/{SECOND}/files/manifest.json")[0] == 200
    for kind in ("releases", "waiting"):
        assert privacy.raw(f"/{kind}/{release_id}/files/manifest.json")[0] == 404
    assert privacy.raw(f"/difference?since={release_id}&until={SECOND}")[0] == 404
    assert privacy.raw(f"/waiting/{release_id}")[0] == 404


@pytest.mark.parametrize("kind", ["refused", "candidate", "..", "%2e%2e", "", ".waiting-", "RELEASES"])
def test_no_other_kind_of_folder_is_open(privacy: Privacy, kind: str) -> None:
    (privacy.home.releases / f".refused-{WAITS}").mkdir(exist_ok=True)
    (privacy.home.releases / f".refused-{WAITS}" / "manifest.json").write_text("{}")
    assert privacy.raw(f"/{kind}/{WAITS}/files/manifest.json")[0] == 404


@pytest.mark.parametrize(
    "path", [*PAGES[:2], *FILES[:2], "/nothing", f"/releases/{SECOND}/files/marts.duckdb"]
)
def test_every_answer_keeps_the_browser_in(privacy: Privacy, path: str) -> None:
    for user in ("nobody", "analyst", "reviewer"):
        headers = privacy.get(path, user).headers
        policy = headers["content-security-policy"]
        assert (
            policy.startswith("default-src 'none'; ")
            and "script-src" not in policy
            and "frame-ancestors 'self'" in policy
        )
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"


def test_pages_need_no_script_and_escape_what_was_typed(privacy: Privacy) -> None:
    privacy.approvals.decided = [
        {
            "release_id": SECOND,
            "state": "approved",
            "actor": "reviewer",
            "reason": MARKUP,
            "at": "2026-06-30T12:00:00+00:00",
        }
    ]
    for path in PAGES:
        page = privacy.get(path).text
        assert "<script" not in page and "style=" not in page and " src=" not in page
    assert MARKUP in unescape(privacy.get("/").text) and MARKUP in unescape(
        privacy.get(f"/waiting/{WAITS}").text
    )


def test_the_list_tells_every_state(privacy: Privacy) -> None:
    privacy.approvals.decided = [
        {
            "release_id": "2026-04-30.1",
            "state": "refused",
            "actor": "reviewer",
            "reason": "too early",
            "at": "2026-04-30T12:00:00+00:00",
        }
    ]
    page = unescape(privacy.get("/").text)
    rows = re.findall(
        r'<tr><th scope="row" class="day">([^<]+)</th><td data-head="State" class="state (\w+)"', page
    )
    assert rows == [
        (WAITS, "waiting"),
        (SECOND, "current"),
        (FIRST, "withdrawn"),
        ("2026-04-30.1", "refused"),
    ]
    assert "refused by reviewer: too early" in page and "counted twice" in page


def test_the_difference_is_names_and_counts(privacy: Privacy) -> None:
    page = unescape(privacy.get(PAGES[2]).text)
    for text in (
        "Columns that came: nps_quarterly",
        "share",
        "Policy: counts.smallest",
        "from 3 to 4",
        "10.0 %",
        "25.0 %",
    ):
        assert text in page, text


def test_exact_figures_stand_on_pages_of_their_own(privacy: Privacy) -> None:
    """Of the candidate that waits, and of a release that was published; of one of before nothing was
    noted.
    """
    for path in (f"/waiting/{WAITS}", f"/figures/{WAITS}", f"/figures/{SECOND}"):
        page = unescape(privacy.get(path).text)
        for text in (
            "<caption>Requests of persons (R-CLOCK)</caption>",
            "open, and late",
            MARKUP,
            "burst of new people",
        ):
            assert text in page, (path, text)
        assert MARKUP not in privacy.get(path).text
    assert "Nothing was noted" in privacy.get(f"/figures/{FIRST}").text
    assert privacy.get("/figures/2020-01-01.1").status_code == 404


def test_a_broken_log_is_told(privacy: Privacy) -> None:
    assert "The chain holds" in privacy.get("/audit").text
    text = privacy.home.audit.read_text()
    privacy.home.audit.write_text(text.replace('"built"', '"buily"'))
    try:
        assert "does not hold after entry 0" in privacy.get("/audit").text
    finally:
        privacy.home.audit.write_text(text)


def test_reading_waits_for_no_writer_and_stops_none(
    privacy: Privacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a run holds the home, the page says so; files need no vault; and the page never opens the vault
    for writing.
    """
    monkeypatch.setattr("anonymart_airflow.privacy_page.reading.PATIENCE", 0)
    with privacy.home.lock_file.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for path in ("/", "/audit", f"/waiting/{WAITS}"):
            answer = privacy.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
            assert "A run is writing at this moment" in answer.text
        assert privacy.get(FILES[0]).status_code == 200
    before = privacy.home.vault.read_bytes()
    assert {privacy.get(path).status_code for path in PAGES} == {200}
    assert privacy.home.vault.read_bytes() == before


def test_what_waits_for_the_log_is_told_and_not_written(privacy: Privacy) -> None:
    with engine.connect(privacy.home, privacy.keys, vault="rw") as connection:
        audit.enter(
            connection, Session(privacy.home, privacy.keys, given_day=date(2026, 6, 30)), "built", "data-team"
        )
    before = privacy.home.audit.read_bytes()
    assert "The chain holds: 2 entries" in privacy.get("/audit").text
    assert privacy.home.audit.read_bytes() == before
    audit.flush(Session(privacy.home, privacy.keys))


def test_a_linked_folder_of_a_release_is_not_followed(privacy: Privacy) -> None:
    docs = privacy.home.releases / SECOND / "data_docs"
    docs.rename(privacy.home.root / "docs-away")
    docs.symlink_to(privacy.home.root / "docs-away")
    try:
        assert privacy.get(f"/releases/{SECOND}/files/data_docs/index.html").status_code == 404
    finally:
        docs.unlink()
        (privacy.home.root / "docs-away").rename(docs)


def test_what_nobody_foresaw_shows_no_value(
    privacy: Privacy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("jeanne")

    monkeypatch.setattr("anonymart_airflow.privacy_page.reading.list_releases", broken)
    answer = privacy.get("/")
    assert answer.status_code == 500 and "jeanne" not in answer.text + caplog.text


def test_the_menu_holds_the_page(privacy: Privacy) -> None:
    answer = privacy.client.get("/api/v2/plugins", headers=privacy._login("reviewer")).json()
    (view,) = [view for plugin in answer["plugins"] for view in plugin["external_views"]]
    assert (view["name"], view["href"], view["destination"], view["url_route"]) == (
        "Privacy",
        "/privacy/",
        "nav",
        "privacy",
    )
