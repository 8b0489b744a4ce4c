"""What a run has left for a person: one line at its end, and exit 5 where somebody must act (R-CLOCK,
S-SAFE).
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from anonymart.asks import Asks, asks_of
from anonymart.ingest.counts import Counts
from anonymart.ingest.run import IngestReport
from anonymart.ingest.silence import Silent
from tests import warm
from tests.ingest.conftest import AS_OF, SmallSchool, statement
from tests.ingest.test_late import close
from tests.whole.small_school import clean_environment

RENAMED = "learner,connected\nL1,2026-06-01T10:00:00Z\n"
REQUEST = "request_id,kind,learner_id,received_at,identity_verified\n"


@pytest.fixture
def small_school(tmp_path) -> SmallSchool:
    small_school = SmallSchool(tmp_path / "home")
    small_school.deliver("learners", "a.csv", "learner_id,registered_at\nL1,2026-01-01T10:00:00Z\n")
    return small_school


def command(small_school: SmallSchool, *words: str):
    return warm.anonymart(
        *words, "--as-of", str(AS_OF), env=clean_environment(small_school.home.root), timeout=600
    )


def last(done) -> str:
    return done.stdout.splitlines()[-1]


def test_nothing_to_do_is_one_line(small_school):
    done = command(small_school, "ingest", "--strict")
    assert (done.returncode, last(done)) == (0, "Nothing asks for a person.")


def test_a_refused_file_is_in_the_line_and_strict_ends_with_5(small_school):
    small_school.deliver("connections", "new.csv", RENAMED)
    done = command(small_school, "ingest")
    assert done.returncode == 0
    assert last(done) == "Asks for a person: 1 file refused whole (connections/new.csv)."
    again = command(small_school, "ingest", "--strict")
    assert (again.returncode, last(again)) == (5, last(done)), (
        "it waits in landing and asks until somebody mends or removes it"
    )
    assert [(path.name) for path in (small_school.home.landing / "connections").iterdir()] == [
        "new.csv.refused"
    ]


def test_an_unreadable_request_ends_with_5_always(small_school):
    small_school.deliver("rights", "r.csv", REQUEST + "R1,erase,L1,sometime in May,true\n")
    done = command(small_school, "ingest", "--json")
    assert done.returncode == 5
    assert json.loads(done.stdout)["asks"]["unreadable"] == 1
    assert command(small_school, "ingest").returncode == 5, "not only for the run that brought it"


@pytest.mark.long
def test_a_run_tells_of_a_late_request_and_strict_ends_with_5(small_school):
    small_school.deliver("rights", "r.csv", REQUEST + "R1,erase,L1,2026-05-01T10:00:00Z,false\n")
    done = command(small_school, "run")
    assert (done.returncode, last(done)) == (0, "Asks for a person: 1 request past its last day.")
    assert json.loads(command(small_school, "run", "--json", "--strict").stdout)["asks"] == {
        "refused": [],
        "unreadable": 0,
        "late_requests": 1,
        "silent": [],
        "late_rows": 0,
        "late": {},
    }
    assert command(small_school, "run", "--strict").returncode == 5


def test_all_that_asks_is_named():
    silent = [Silent("nps", AS_OF, 40, 10)]
    files = [Counts("nps", "a.csv"), Counts("nps", "b.csv", status="refused")]
    asks = asks_of(
        IngestReport(files=files, silent=silent, refused=["nps/b.csv", "nps/old.csv"], unreadable=3),
        {"late": 2},
    )
    assert asks.sentence == (
        "Asks for a person: 2 files refused whole (nps/b.csv, nps/old.csv), 3 unreadable rows about "
        "rights or consents, 2 requests past their last day, "
        "1 silent source (nps)."
    )
    assert (asks.exit_code(is_strict=False), asks.exit_code(is_strict=True)) == (5, 5)
    only_late = Asks(late_requests=1)
    assert (
        only_late.exit_code(is_strict=False),
        only_late.exit_code(is_strict=True),
        Asks().exit_code(is_strict=True),
    ) == (0, 5, 0)


def context(**conf: str) -> dict:
    return {
        "dag_run": SimpleNamespace(
            conf={"as_of": str(AS_OF), **conf}, run_after=datetime(2026, 6, 30, tzinfo=UTC)
        )
    }


def test_a_refused_file_makes_its_dag_red_after_the_asset_was_told(small_school, monkeypatch):
    from airflow.sdk.exceptions import AirflowFailException

    from anonymart_airflow import tasks

    monkeypatch.setenv("ANONYMART_HOME", str(small_school.home.root))
    small_school.deliver("connections", "new.csv", RENAMED)
    counts = tasks.ingest_source("connections", context())
    assert counts["files_refused"] == 1
    assert counts["delivered"] == sum(
        counts[name] for name in ("loaded", "refused", "quarantined", "duplicate")
    )
    with pytest.raises(AirflowFailException, match="1 file refused whole"):
        tasks.watch_delivery(counts)
    tasks.watch_delivery(tasks.ingest_source("learners", context()))


def test_rows_about_closed_periods_make_their_dag_red(small_school, monkeypatch):
    from airflow.sdk.exceptions import AirflowFailException

    from anonymart_airflow import tasks

    monkeypatch.setenv("ANONYMART_HOME", str(small_school.home.root))
    close(small_school, ("course_engagement_monthly", "2026-03-01"))
    rows = [statement(n, timestamp="2026-03-10T10:00:00Z") for n in (1, 2)]
    small_school.deliver("learning", "late.ndjson", rows)
    counts = tasks.ingest_source("learning", context())
    assert (counts["late_rows"], counts["late"]) == (2, {"learning": {"month": 2}})
    with pytest.raises(AirflowFailException, match="2 rows about closed periods"):
        tasks.watch_delivery(counts)


def test_an_unreadable_request_makes_its_dag_red(small_school, monkeypatch):
    from airflow.sdk.exceptions import AirflowFailException

    from anonymart_airflow import tasks

    monkeypatch.setenv("ANONYMART_HOME", str(small_school.home.root))
    small_school.deliver("rights", "r.csv", REQUEST + "R1,erase,L1,sometime in May,true\n")
    with pytest.raises(AirflowFailException, match="1 unreadable row about rights or consents"):
        tasks.watch_delivery(tasks.ingest_source("rights", context()))


def test_progress_reaches_airflow_as_information_and_not_through_standard_error(
    small_school, monkeypatch, capsys, caplog
):
    """Airflow's supervisor writes whatever a task prints on standard error as `level: error`."""
    from anonymart_airflow import tasks

    monkeypatch.setenv("ANONYMART_HOME", str(small_school.home.root))
    # Airflow may set logging up anew at its first import: the handler is given to the logger itself.
    logger = logging.getLogger("anonymart")
    logger.addHandler(caplog.handler)
    logger.setLevel(logging.INFO)
    logger.disabled = False
    try:
        tasks.ingest_source("learners", context())
    finally:
        logger.removeHandler(caplog.handler)
    assert capsys.readouterr().err == ""
    said = {
        record.levelname for record in caplog.records if "learners/a.csv: 1 delivered" in record.getMessage()
    }
    assert said == {"INFO"}
