"""What ingest, retention, the handling of requests, releases and the noise make of another figure; and that
no entry is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from anonymart import guard
from anonymart.backup import listed, make
from anonymart.contracts import load_contracts
from anonymart.disclosure import perturbation, utility
from anonymart.erasure import files, hold
from anonymart.erasure.removal import enforce_terms, plan_terms
from anonymart.errors import UsageError
from anonymart.ingest import ingest
from anonymart.policy import Policy
from anonymart.release.approval import because
from anonymart.release.share import safeguard_of
from anonymart.release.states import Candidate
from anonymart.rights import clock, handover_page
from anonymart.session import Session
from tests.audience.conftest import line
from tests.guard.calendar import small_vault
from tests.ingest.conftest import SmallSchool
from tests.policy.cases import CASES
from tests.policy.changes import ENTRIES, REGISTER, policy
from tests.policy.test_gate_outcomes import STRICTER

PURPOSES = (
    "purposes.P-STAT",
    "purposes.P-SURVEY",
    "purposes.P-LOG",
    "purposes.P-RIGHTS",
    "purposes.P-AUDIENCE",
)
# The last band has no upper end, which is no figure.
NO_FIGURE = {
    "sensitive_bands.3.base_to": "the last band ends nowhere: the register's own check refuses any figure "
    "there",
    "quantiles.smallest_base_median.broad": "no mart of the whole school tells a median",
    "quantiles.smallest_base_quartile.broad": "no mart of the whole school tells a quartile",
}


@pytest.fixture(scope="module")
def small_school(tmp_path_factory) -> SmallSchool:
    """One learner in every source whose rows have a term; nothing here changes it but what says so."""
    small_school = SmallSchool(tmp_path_factory.mktemp("terms") / "home")
    small_school.deliver(
        "learners",
        "a.ndjson",
        [
            {
                "learner_id": "L1",
                "registered_at": "2025-01-05T10:00:00Z",
                "last_login_at": "2026-05-01T10:00:00Z",
            }
        ],
    )
    small_school.deliver(
        "connections", "a.ndjson", [{"learner_id": "L1", "connected_at": "2026-05-01T10:00:00Z"}]
    )
    small_school.deliver(
        "enrolments",
        "a.ndjson",
        [{"learner_id": "L1", "path_id": "p1", "started_on": "2025-01-10", "outcome": "in_progress"}],
    )
    small_school.deliver(
        "rights",
        "a.ndjson",
        [
            {
                "request_id": "R1",
                "kind": "access",
                "learner_id": "L1",
                "received_at": "2026-01-31T10:00:00Z",
                "identity_verified": True,
            }
        ],
    )
    small_school.deliver("audience", "a.log", line())
    small_school.deliver("salary", "broken.csv", "no_such_column\n1\n")
    small_school.ingest()
    with _open(small_school) as connection:
        connection.execute(
            "INSERT INTO vault.rights.steps SELECT request_id, 'answered', DATE '2026-06-30', '' FROM "
            "vault.rights.requests"
        )
        connection.execute(
            "INSERT INTO vault.ledger.releases VALUES ('2026-06-30.1', '2026-06-30', '', 0, 0, NULL)"
        )
    return small_school


def _open(small_school: SmallSchool) -> duckdb.DuckDBPyConnection:
    from anonymart import engine

    return engine.connect(small_school.home, small_school.keys, vault="rw")


def _goes(small_school: SmallSchool, place: str, day: str) -> Callable[[Policy], int]:
    return lambda law: plan_terms(
        Session(small_school.home, small_school.keys, law, date.fromisoformat(day))
    ).rows.get(place, 0)


def _answers_go(small_school: SmallSchool, law: Policy) -> int:
    """Identified answers, once the warehouse has taken them, of who said nothing any more since 1 May
    2026.
    """
    from anonymart.erasure import people
    from anonymart.erasure.zones import Zones

    with Zones(Session(small_school.home, small_school.keys)) as zones:
        zones.connection.execute("""
            INSERT INTO vault.answers.nps (load_no, response_id, identifier, answered_at, score)
                VALUES (0, 'n', 'learner:L1', '2026-04-01', 9)""")
        people.add_without_contact(zones.connection, law, date(2029, 3, 1), 0)
        found = zones.connection.execute("SELECT count(*) FROM to_erase").fetchone()[0]
        zones.connection.execute("DELETE FROM vault.answers.nps")
    return found


def _backup_is_over(law: Policy, folder) -> bool:
    """A backup of ten days before."""
    small_school = SmallSchool(folder / f"backups{law.figure('backups', 'keep_days')}")
    small_school.ingest()
    make.backup(
        Session(small_school.home, small_school.keys, law, date(2026, 6, 20)),
        folder / f"backup{law.figure('backups', 'keep_days')}",
    )
    return listed.read(small_school.home)[0].is_over(date(2026, 6, 30))


def _refused(law: Policy, folder) -> int:
    """A learner of fifteen and a half on the day of the run."""
    small_school = SmallSchool(folder / f"age{law.figure('minimum_age_years')}")
    small_school.deliver("learners", "a.ndjson", [{"learner_id": "L9", "birth_date": "2011-01-01"}])
    return ingest(Session(small_school.home, small_school.keys, law, date(2026, 6, 30))).files[0].refused


def _activity_periods(law: Policy) -> str:
    from anonymart.ingest import activity_periods

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        closes = activity_periods.closing_on("TIMESTAMP '2021-06-29 23:30:00'", law)
        return connection.execute(f"SELECT {closes}::VARCHAR").fetchone()[0]


def _visitors(law: Policy, folder) -> tuple[int, int]:
    """Visitors of two IPv4 and two IPv6 addresses that are close to each other."""
    small_school = SmallSchool(
        folder / f"visits{law.figure('audience', 'ipv4_bytes')}{law.figure('audience', 'ipv6_bytes')}"
    )
    for name, addresses in {
        "four": ("203.0.113.7", "203.0.114.7"),
        "six": ("2001:db8:1:2::7", "2001:db8:2:2::7"),
    }.items():
        small_school.deliver("audience", f"{name}.log", "".join(line(address=each) for each in addresses))
    ingest(Session(small_school.home, small_school.keys, law, date(2026, 6, 30)))
    found = small_school.ask(
        "SELECT load_no, count(DISTINCT visitor) FROM vault.audience.visits GROUP BY ALL ORDER BY ALL"
    )
    return found[0][1], found[1][1]


def _is_rewritten(law: Policy, folder) -> bool:
    """Whether four days after rows went the files are written anew."""
    small_school = SmallSchool(folder / f"days{law.figure('erasure', 'rewrite_every_days')}")
    # In the register, so that only the log is over its term and not, a run later, who nobody knows.
    small_school.deliver(
        "learners", "a.ndjson", [{"learner_id": "L1", "last_login_at": "2026-05-01T10:00:00Z"}]
    )
    small_school.deliver(
        "connections", "a.ndjson", [{"learner_id": "L1", "connected_at": "2025-03-01T10:00:00Z"}]
    )
    small_school.ingest(date(2026, 6, 1))
    enforce_terms(Session(small_school.home, small_school.keys, law, date(2026, 6, 1)))
    done = enforce_terms(Session(small_school.home, small_school.keys, law, date(2026, 6, 5)))
    return done.receipt_no is not None


def _stops(law: Policy, small_school: SmallSchool) -> bool:
    try:
        guard.check(Session(small_school.home, small_school.keys, law, date(2026, 7, 29)))
    except UsageError:
        return True
    return False


def _plan_waits(law: Policy) -> str | None:
    """Why a plan waits that would remove 9 of 40 learners."""
    with small_vault() as connection:
        why = hold.why_held(connection, law, date(2026, 6, 30), hold.People(40, 9), is_empty=False)
        return why and why.kind


def _goes_on(law: Policy) -> str:
    """The day on which a plan goes on that waits since the last of June."""
    with small_vault() as connection:
        connection.execute(
            "CREATE TABLE vault.ledger.retention_hold (kind VARCHAR, since DATE, last_on DATE)"
        )
        return str(hold.note(connection, law, date(2026, 6, 30), hold.Why("share", "")))


def _old_exports(law: Policy, folder) -> int:
    import zipfile

    small_school = SmallSchool(folder / f"exports{law.figure('rights', 'export_keep_days')}")
    small_school.home.exports.mkdir(exist_ok=True)
    with zipfile.ZipFile(small_school.home.exports / "a.zip", "w") as archive:
        archive.comment = b"2026-06-20"
    return len(files.old_exports(small_school.home, law, date(2026, 6, 30)))


def _old_refused(law: Policy, small_school: SmallSchool) -> int:
    with _open(small_school) as connection:
        return len(files.old_refused(connection, small_school.home, law, date(2026, 9, 1)))


def _noise(noise: str) -> Callable[[Policy], tuple[int, int, float]]:
    return lambda law: _noise_of(law, noise)


def _noise_of(law: Policy, noise: str) -> tuple[int, int, float]:
    """Largest deviation, smallest published count, and the variance of a large count; and another table stops
    the build.
    """
    if law.raw != REGISTER:
        with pytest.raises(UsageError):
            perturbation.check_seed(law)
    table = perturbation.of_policy(law)[noise]
    last = max(entry.true_count for entry in table)
    variance = sum(entry.deviation**2 * entry.probability for entry in table if entry.true_count == last)
    smallest = min(
        entry.true_count + entry.deviation for entry in table if entry.true_count + entry.deviation
    )
    return max(abs(entry.deviation) for entry in table), smallest, round(variance, 3)


def _utility(law: Policy) -> Any:
    rows = ", ".join(
        f"('course_engagement_monthly', 'c{n}', 'n_active_learners', 30, 30.0, 31, NULL)" for n in range(25)
    )
    with duckdb.connect() as connection:
        connection.execute(f"""
            CREATE TABLE evidence AS SELECT mart, cell_key, measure, true_count,
                true_value::DOUBLE AS true_value,
            published_value::DOUBLE AS published_value, published_reason::VARCHAR AS published_reason
            FROM (VALUES {rows}) AS e (mart, cell_key, measure, true_count, true_value, published_value,
                published_reason)""")
        return utility.measure(connection, load_contracts(), law, "evidence")["count_error_persons"]


def _bursts(**school: Any) -> Callable[[Policy], int]:
    """How many cells with a burst are shown of a school whose accounts were opened so."""
    from tests.disclosure.opened import shown

    return lambda law: len(shown(law, **school))


def _due(law: Policy) -> str:
    return str(clock.due_on(clock.received_on(datetime(2026, 1, 31, 23, 30), law), law))


def _silent(days: int) -> Callable[[Policy], int]:
    """A source that came every ten days, then daily, and not for so many days; a day that lies ahead counts
    for nothing.
    """
    from anonymart.ingest import silence

    def look(law: Policy) -> int:
        with duckdb.connect() as connection:
            connection.execute("ATTACH ':memory:' AS vault; CREATE SCHEMA vault.ledger")
            connection.execute("""
                CREATE TABLE vault.ledger.loads AS
                SELECT 'nps' AS source, 'loaded' AS status, 1 AS delivered, 0 AS duplicate,
                    'n.csv' AS file_name, DATE '2026-05-01' + ago AS as_of
                FROM unnest([60, 0, -1, -2, -12, -22, -32, -42]) AS past (ago)""")
            return len(silence.find(connection, law, date(2026, 5, 1) + timedelta(days=days)))

    return look


_MEMBERSHIP = {
    "false_alarms": 1e-30,
    "median_at_most": 1.0,
    "of_99_percent_at_most": 1.0,
    "of_anybody_at_most": 1.0,
}


def _membership(name: str) -> Callable[[Policy], bool]:
    """Whether the limit is kept for persons who stand in four hundred counts each."""
    from anonymart.disclosure.accountant import Spent, blocks
    from anonymart.disclosure.membership import within

    def look(law: Policy) -> bool:
        places = {noise: blocks(table) for noise, table in perturbation.of_policy(law).items()}
        counts = [
            400 * (noise == "fine" and n == size)
            for noise, size in places.items()
            for n in range(1, size + 1)
        ]
        kept = within([Spent(tuple(counts), 0.0, 100)], law)
        return kept["median_at_most" if name == "false_alarms" else name]

    return look


@pytest.fixture(scope="module")
def outcomes(small_school, tmp_path_factory) -> dict[str, tuple[Callable[[Policy], Any], Any, Any, Any]]:
    """By entry: what is looked at, another figure, and what is seen before and after."""
    folder = tmp_path_factory.mktemp("others")
    return {
        "purposes.P-STAT.keep_years_after_last_use": (
            _goes(small_school, "vault.register.learners", "2030-06-01"),
            4,
            0,
            1,
        ),
        "purposes.P-SURVEY.keep_years_after_last_contact": (
            lambda law: _answers_go(small_school, law),
            2,
            0,
            1,
        ),
        "purposes.P-LOG.keep_years": (
            _goes(small_school, "vault.register.connections", "2027-06-01"),
            2,
            1,
            0,
        ),
        "purposes.P-RIGHTS.keep_years": (_goes(small_school, "vault.rights.requests", "2029-12-01"), 3, 0, 1),
        "purposes.P-AUDIENCE.keep_months": (
            _goes(small_school, "vault.audience.visits", "2027-06-30"),
            12,
            0,
            1,
        ),
        "audience.ipv4_bytes": (lambda law: _visitors(law, folder), 2, (2, 2), (1, 2)),
        "audience.ipv6_bytes": (lambda law: _visitors(law, folder), 4, (2, 2), (2, 1)),
        "raw.keep_days": (_goes(small_school, "vault.raw.enrolments", "2026-09-01"), 60, 0, 1),
        "erasure.rewrite_every_days": (lambda law: _is_rewritten(law, folder), 3, False, True),
        "minimum_age_years": (lambda law: _refused(law, folder), 16, 0, 1),
        "window.time_zone": (_due, "Pacific/Honolulu", "2026-03-01", "2026-02-28"),
        "as_of.largest_step_days": (lambda law: _stops(law, small_school), 20, False, True),
        "retention.largest_share_of_people": (_plan_waits, 0.25, "share", None),
        "retention.fewest_people": (_plan_waits, 41, "share", None),
        "retention.hold_days": (_goes_on, 3, "2026-07-07", "2026-07-03"),
        "backups.keep_days": (lambda law: _backup_is_over(law, folder), 3, False, True),
        "silence.times_usual_gap": (_silent(5), 0.4, 0, 1),
        "silence.fewest_gaps": (_silent(31), 7, 1, 0),
        "silence.newest_gaps": (_silent(5), 2, 0, 1),
        "rights.answer_within_months": (_due, 2, "2026-03-01", "2026-04-01"),
        "rights.near_days": (
            lambda law: clock.is_near(date(2026, 7, 10), date(2026, 6, 30), law),
            10,
            False,
            True,
        ),
        "rights.export_keep_days": (lambda law: _old_exports(law, folder), 5, 0, 1),
        "counts.largest_deviation.coarse": (_noise("coarse"), 16, (15, 6, 19.0), (16, 6, 19.0)),
        "counts.largest_deviation.fine": (_noise("fine"), 24, (23, 10, 45.0), (24, 10, 45.0)),
        "counts.largest_deviation.broad": (_noise("broad"), 33, (32, 12, 81.0), (33, 12, 81.0)),
        "counts.variance.broad": (_noise("broad"), 80, (32, 12, 81.0), (32, 12, 80.0)),
        "counts.smallest.broad": (_noise("broad"), 11, (32, 12, 81.0), (32, 11, 81.0)),
        "counts.variance.coarse": (_noise("coarse"), 18, (15, 6, 19.0), (15, 6, 18.0)),
        "counts.variance.fine": (_noise("fine"), 44, (23, 10, 45.0), (23, 10, 44.0)),
        "counts.smallest.coarse": (_noise("coarse"), 5, (15, 6, 19.0), (15, 5, 19.0)),
        "counts.smallest.fine": (_noise("fine"), 9, (23, 10, 45.0), (23, 9, 45.0)),
        "bursts.times_usual": (_bursts(usual=8), 4, 0, 1),
        "bursts.fewest_people": (_bursts(accounts=12, usual=0), 13, 1, 0),
        "bursts.days_before": (_bursts(days_before=9), 10, 0, 1),
        "utility.smallest_cells": (_utility, 30, 1.0, utility.TOO_FEW_CELLS),
        **{
            f"membership.{name}": (_membership(name), value, False, True)
            for name, value in _MEMBERSHIP.items()
        },
    }


OTHERS = (
    "purposes.P-STAT.keep_years_after_last_use",
    "purposes.P-SURVEY.keep_years_after_last_contact",
    "purposes.P-LOG.keep_years",
    "purposes.P-RIGHTS.keep_years",
    "purposes.P-AUDIENCE.keep_months",
    "audience.ipv4_bytes",
    "audience.ipv6_bytes",
    "raw.keep_days",
    "erasure.rewrite_every_days",
    "minimum_age_years",
    "window.time_zone",
    "as_of.largest_step_days",
    "retention.largest_share_of_people",
    "retention.fewest_people",
    "retention.hold_days",
    "backups.keep_days",
    "silence.times_usual_gap",
    "silence.fewest_gaps",
    "silence.newest_gaps",
    "rights.answer_within_months",
    "rights.near_days",
    "rights.export_keep_days",
    *(
        f"counts.{name}.{noise}"
        for name in ("largest_deviation", "variance", "smallest")
        for noise in ("coarse", "fine", "broad")
    ),
    "bursts.times_usual",
    "bursts.fewest_people",
    "bursts.days_before",
    "utility.smallest_cells",
    "membership.false_alarms",
    "membership.median_at_most",
    "membership.of_99_percent_at_most",
    "membership.of_anybody_at_most",
)


@pytest.mark.parametrize("entry", OTHERS)
def test_another_figure_gives_another_outcome(outcomes, entry):
    look, value, before, after = outcomes[entry]
    assert (look(Policy(REGISTER)), look(policy(entry, value))) == (before, after)


SHARING = [entry for entry in ENTRIES if entry.startswith("sharing.")]


def test_where_a_release_may_be_kept():
    """Each country of the register in turn gives its place to one that no list names."""
    for entry in SHARING:
        country = REGISTER
        for step in ENTRIES[entry]:
            country = country[step]
        law = policy(entry, "ZZ")
        assert safeguard_of(Policy(REGISTER), country) == safeguard_of(law, "ZZ")
        for register, refused in ((Policy(REGISTER), "ZZ"), (law, country)):
            with pytest.raises(UsageError, match="S-EU"):
                safeguard_of(register, refused)


APPROVAL = {
    "approval.marts_changed": 1,
    "approval.columns_changed": 1,
    "approval.policy_figures_changed": 1,
    "approval.suppressed_share_moved": 0.2,
}


@pytest.mark.parametrize("entry", APPROVAL)
def test_what_waits_for_the_reviewer(entry, tmp_path):
    change = {
        "marts_changed": {"marts_gone": ["a"]},
        "columns_changed": {"columns_added": {"a": ["x"]}},
        "policy_figures_changed": {"policy": {"x": [1, 2]}},
        "suppressed_share_moved": {"suppressed_share": {"a": [0.1, 0.25]}},
    }
    quiet = {
        "since": "2026-06-30.1",
        "marts_added": [],
        "marts_gone": [],
        "columns_added": {},
        "columns_gone": {},
        "definitions": [],
        "policy": {},
        "suppressed_share": {},
    }
    candidate = Candidate(tmp_path, "2026-07-30.1")
    candidate.folder.mkdir()
    (candidate.folder / "privacy_report.json").write_text(
        json.dumps({"changes": quiet | change[entry.partition(".")[2]]}), encoding="utf-8"
    )
    assert len(because(Policy(REGISTER), candidate)) == 1
    assert because(policy(entry, APPROVAL[entry]), candidate) == []


def test_refused_files_wait_as_long_as_raw_rows(small_school):
    assert (
        _old_refused(Policy(REGISTER), small_school),
        _old_refused(policy("raw.keep_days", 60), small_school),
    ) == (0, 1)


def test_a_new_life_begins_where_the_register_ends_the_old_one():
    found = [
        _activity_periods(law)
        for law in (
            Policy(REGISTER),
            policy("purposes.P-STAT.keep_years_after_last_use", 4),
            policy("window.time_zone", "Pacific/Honolulu"),
        )
    ]
    assert found == ["2026-06-30", "2025-06-30", "2026-06-29"]


WORDS = [f"{purpose}.{word}" for purpose in PURPOSES for word in ("title", "basis")]
TERMS = [entry for entry in ENTRIES if entry.startswith("purposes.") and entry not in WORDS] + [
    "rights.answer_within_months"
]


@pytest.mark.parametrize("entry", WORDS + TERMS)
def test_words_and_terms_stand_in_what_a_person_is_handed(entry):
    """The page in its English half and data.json, which cites the register as it is."""
    value = "something else entirely" if entry in WORDS else 7007
    law = policy(entry, value)
    for text in (
        handover_page.page([], {}, 0, law, date(2026, 6, 30), False),
        str(handover_page.information(law)),
    ):
        assert str(value) in text
    assert str(value) not in handover_page.page([], {}, 0, Policy(REGISTER), date(2026, 6, 30), False)


def test_every_release_names_the_version_of_the_register(sound_manifest):
    assert sound_manifest(Policy(REGISTER)) == 1
    assert sound_manifest(policy("version", 2)) == 2


@pytest.fixture
def sound_manifest(tmp_path):
    from anonymart.release.manifest import read_manifest
    from tests.gate.school import AS_OF, CELLS, open_school
    from tests.release.yes import make_candidate

    school = open_school(tmp_path)
    school.build(CELLS)
    return lambda law: read_manifest(make_candidate(Session(school.home, school.keys, law, AS_OF)))[
        "policy_version"
    ]


def test_no_entry_of_the_register_is_without_an_outcome():
    seen = (
        {case.entry for case in CASES}
        | set(STRICTER)
        | set(OTHERS)
        | set(WORDS)
        | set(TERMS)
        | set(SHARING)
        | set(APPROVAL)
        | {"version"}
    )
    assert set(ENTRIES) - seen == set(NO_FIGURE)
    assert seen <= set(ENTRIES)
