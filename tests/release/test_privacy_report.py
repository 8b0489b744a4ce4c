"""The privacy report, for machines and as a page: what it says, what it must not let follow, how it reads
(S-ANON).
"""

import json
import re
from datetime import date
from html.parser import HTMLParser

import pytest

from anonymart.disclosure import perturbation
from anonymart.gate import evidence, gate
from anonymart.release.privacy_page import SECTIONS, page
from anonymart.release.report_persons import REASONS, persons
from anonymart.session import Session
from tests.gate.school import AS_OF, NEXT_MONTH, engagement
from tests.release.test_publish import gated
from tests.release.yes import publish

pytestmark = pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack")


def out(school, objected, status="objected"):
    """Let so many persons of the warehouse be out by a status; their record keys are their numbers."""
    with school.connect(warehouse="rw") as connection:
        connection.execute(f"""
            CREATE OR REPLACE TABLE warehouse.intermediate.int_persons AS
            SELECT i AS person_key, i * 7919 % 4294967296 AS record_key, '{status}' AS status
                FROM range({objected}) AS persons (i)""")


def read(folder):
    return json.loads((folder / "privacy_report.json").read_text(encoding="utf-8"))


def test_what_the_first_report_says(school):
    candidate = gated(school)
    report, html = read(candidate), (candidate / "privacy_report.html").read_text(encoding="utf-8")
    assert report["gate"]["passed"] is True
    assert (report["gate"]["rows"], report["changes"]["since"], report["requests"]) == (
        5,
        None,
        {"all_in_time": True},
    )
    card = report["marts"]["nps_quarterly"]
    assert (card["rows"], card["smallest_cell"]) == (2, 30)
    assert report["marts"]["salary_outcome"]["dominance"] == {"largest_share_percent": 85, "p_percent": 10}
    policies = {entry["policy"] for entry in report["gate"]["policies"]}
    assert policies >= {
        "S-ANON",
        "S-SAFE",
        "P-STAT",
        "D-IDENT",
        "D-SPECIAL",
        "R-OBJECT",
        "R-MINOR",
        "R-WITHDRAW",
    }
    for title in SECTIONS.values():
        assert title in html
    assert "The gate let it pass." in html


def guaranteed(law):
    """What the rules of a class of noise hold each row to, by kind of figure."""
    counts, rates, quantiles = (law.figure(name) for name in ("counts", "rates", "quantiles"))
    base, off, of_score = (
        rates["smallest_base"],
        counts["largest_deviation"],
        law.figure("nps", "smallest_base"),
    )
    return {
        "noise": {name: counts[name] for name in ("smallest", "largest_deviation", "variance")},
        "shares": {"smallest_base": base, "true_persons": base - off},
        # The base of a score is the sum of three counts.
        "score": {"smallest_base_of_a_score": of_score, "true_persons_of_a_score": of_score - 3 * off},
        "sides": {
            name: quantiles[name]
            for name in ("smallest_base_median", "smallest_base_quartile", "persons_each_side")
        },
    }


def test_a_card_tells_what_is_guaranteed_and_no_noisy_count_as_a_guarantee(school):
    """k of a mart was its smallest row as published: a count with noise, which a reader takes for a
    promise.
    """
    report = read(school.candidate())
    coarse, fine = (guaranteed(school.policy.of_class(noise)) for noise in ("coarse", "fine"))
    cards = {name: card["guaranteed"] for name, card in report["marts"].items()}
    assert cards["chapter_completion"] == fine["noise"] | fine["shares"]
    assert cards["nps_quarterly"] == coarse["noise"] | coarse["shares"] | coarse["score"]
    assert cards["salary_outcome"] == coarse["noise"] | coarse["shares"] | coarse["sides"]
    assert cards["course_engagement_monthly"] == coarse["noise"] | coarse["sides"]
    assert not any({"k", "l"} & card.keys() for card in report["marts"].values())


def test_what_changed_since_the_release_before(school):
    publish(Session(school.home, school.keys, school.policy), gated(school))
    folder = school.home.current.resolve()
    package = json.loads((folder / "datapackage.json").read_text())
    next(entry for entry in package["resources"] if entry["name"] == "nps_quarterly")["schema"][
        "fields"
    ].append({"name": "old_column"})
    package["resources"] = [entry for entry in package["resources"] if entry["name"] != "rncp_promotion"]
    (folder / "datapackage.json").write_text(json.dumps(package))
    before = read(folder)
    before["register"]["counts.variance.fine"] = 1.5
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["marts"]["rncp_promotion"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "privacy_report.json").write_text(json.dumps(before))
    school.build([engagement(month=date(2026, 5, 1))], NEXT_MONTH)
    candidate = gated(school, NEXT_MONTH)
    changes = read(candidate)["changes"]
    assert changes["since"] == "2026-06-30.1"
    # A mart that was not there had no share that could move.
    assert (
        changes["marts_added"] == ["rncp_promotion"] and "rncp_promotion" not in changes["suppressed_share"]
    )
    assert changes["columns_gone"] == {"nps_quarterly": ["old_column"]}
    assert changes["policy"] == {"counts.variance.fine": [1.5, 45]}
    assert changes["figures_frozen"] == 4
    assert changes["figures_carried"] > changes["figures_frozen"]
    html = (candidate / "privacy_report.html").read_text(encoding="utf-8")
    assert "Policy: counts.variance.fine" in html and "from 1.5 to 45" in html


def test_a_count_of_persons_stays_until_enough_have_gone(school):
    """What an onlooker sees of one objection between two reports: nothing. Of many more: a step, with
    noise.
    """
    said = {}
    seen = []
    off = school.policy.of_class("coarse").figure("counts", "largest_deviation")
    for n in range(40, 90):
        out(school, n)
        with school.connect(vault="ro", warehouse="ro") as connection:
            now = persons(connection, school.policy, said)
            fresh = persons(connection, school.policy, {})
        assert fresh["objected"] in range(n - off, n + off + 1) and fresh["minor"] == 0
        moved = now["objected"] - said.get("objected", now["objected"])
        assert moved == 0 or abs(moved) >= school.policy.smallest_move("coarse")
        said = now
        seen.append(now["objected"])
    assert 1 < len(set(seen)) <= 4
    assert list(said) == list(REASONS)


def test_few_persons_never_show_as_few(school):
    for n in (0, 1, 2, 3):
        out(school, n, "minor")
        with school.connect(vault="ro", warehouse="ro") as connection:
            shown = persons(connection, school.policy, {})["minor"]
        assert shown == 0 or (
            n > 0 and shown >= school.policy.of_class("coarse").figure("counts", "smallest")
        )


class Outline(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))


def test_the_page_stands_alone_and_can_be_read_aloud(school):
    html = (gated(school) / "privacy_report.html").read_text(encoding="utf-8")
    assert not re.search(r"<script|<img|<link|https?:|url\(|@import|src=|\son\w+=", html)
    outline = Outline(html)
    assert [outline.tags.count(tag) for tag in ("header", "nav", "main", "footer", "h1")] == [1] * 5
    assert outline.tags.count("table") == outline.tags.count("caption") > 6
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in outline.attributes if tag == "th")
    assert all(attrs.get("aria-label") for tag, attrs in outline.attributes if tag == "svg")
    assert next(attrs for tag, attrs in outline.attributes if tag == "html") == {"lang": "en"}
    ids = [attrs["id"] for _, attrs in outline.attributes if "id" in attrs]
    assert len(ids) == len(set(ids)) and {f"#{name}" for name in SECTIONS} <= {
        attrs.get("href") for _, attrs in outline.attributes
    }
    assert "prefers-color-scheme: dark" in html and "@media print" in html
    # Five digits in a row could be the numeric id of a learner.
    assert not re.search(r">[^<]*\d{5}[^<]*<", html.partition("</style>")[2])


def test_the_gate_reads_what_it_wrote(school, monkeypatch):
    monkeypatch.setattr(
        evidence,
        "page",
        lambda report: page(report).replace("</main>", "<p>by annemartin77, 06 12 34 56 78</p></main>"),
    )
    candidate = school.candidate()
    report = gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
    kinds = {failure[:3] for failure in report.failures}
    assert kinds == {
        ("*", "privacy_report.html", f"{kind} in privacy_report.html")
        for kind in ("known_account", "phone_fr")
    }
    assert read(candidate)["gate"]["passed"] is False


def test_a_candidate_that_lies_about_persons_or_cards_is_refused(school):
    candidate = school.candidate()
    # The gate compares all of it with its own: what else could be a lie is found in the same way.
    for change in ({"persons": {"objected": 7}}, {"marts": {}}):
        report = json.loads((candidate / "privacy_report.json").read_text())
        (candidate / "privacy_report.json").write_text(json.dumps(report | change))
        verdict = gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
        assert "privacy_report_unlike_evidence" in {failure.kind for failure in verdict.failures}
        assert not (candidate / "privacy_report.html").exists()
        (candidate / "privacy_report.json").write_text(json.dumps(report))


def test_a_report_that_changed_after_the_gate_is_not_published(school):
    from anonymart.errors import GateRefused

    candidate = gated(school)
    with (candidate / "privacy_report.html").open("a") as file:
        file.write("<!-- more -->")
    with pytest.raises(GateRefused, match="no longer what the gate has read"):
        publish(Session(school.home, school.keys, school.policy), candidate)


@pytest.mark.long
def test_the_page_of_an_older_version_is_no_leak_and_a_changed_one_is_found(school, monkeypatch):
    publish(Session(school.home, school.keys, school.policy), gated(school))
    folder = school.home.current.resolve()
    monkeypatch.setattr("anonymart.release.privacy_page.style", lambda: "@media another { }")
    assert gate(Session(school.home, school.keys, school.policy), folder).passed
    with (folder / "privacy_report.html").open("a") as file:
        file.write("<!-- more -->")
    report = gate(Session(school.home, school.keys, school.policy), folder)
    assert [failure[1:3] for failure in report.failures] == [("privacy_report.html", "altered_file")]


def test_questions_and_persons_are_counted_apart_and_no_two_rows_say_the_same(school):
    candidate = gated(school)
    entries = read(candidate)["gate"]["policies"]
    said = [entry["what"] for entry in entries]
    assert len(said) == len(set(said))
    html = (candidate / "privacy_report.html").read_text(encoding="utf-8")
    assert "What was forbidden (questions)" in html and "Who was kept out (persons, with noise)" in html
    assert ">How often<" not in html


def test_what_is_guaranteed_and_what_the_strongest_attacker_learns(school):
    """By an independent reckoning: of all ways to read one count, the best one."""
    candidate = gated(school)
    report, html = read(candidate), (candidate / "privacy_report.html").read_text(encoding="utf-8")
    for noise, table in perturbation.of_policy(school.policy).items():
        shown: dict = {}
        for entry in table:
            value = entry.true_count + entry.deviation
            shown[entry.true_count, value] = entry.probability
        for n in (1, 2, 5, 10, 20):
            values = {value for _, value in shown}
            best = sum(max(shown.get((n, v), 0), shown.get((n - 1, v), 0)) for v in values) / 2
            assert report["one_count"][noise][str(n)] == pytest.approx(best, abs=0.001)
        assert 0.5 < report["one_count"][noise]["more"] < 0.56
    assert "What is guaranteed by rule" in html and "No published count is a promise" in html
    assert f"{100 * report['one_count']['coarse']['1']:.1f} %" in html


def test_what_protection_costs_by_mart_and_base(school):
    candidate = gated(school)
    report, html = read(candidate), (candidate / "privacy_report.html").read_text(encoding="utf-8")
    for mart in report["marts"].values():
        parts = mart["by_base"]
        assert sum(part["rows"] for part in parts) in (0, mart["rows"])
        if parts:
            assert sum(part["hidden"] for part in parts) == sum(mart["suppressed"].values())
            assert sum(part["figures"] for part in parts) == mart["figures"]
    assert "What protection costs, by mart and size of the base" in html
