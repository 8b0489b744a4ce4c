"""The page Privacy names the tables that wait for the reviewer, and no figure of what they cost: the data
team reads it too (S-ANON).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.airflow.privacy_client import Privacy, api_server
from tests.gate.conftest import school, sound  # noqa: F401
from tests.gate.school import School
from tests.orders.test_plan import made

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("privacy"),
    pytest.mark.filterwarnings("ignore"),
]
ORDER = made("project_submissions", "quarter")


@pytest.fixture
def privacy(school: School) -> Iterator[Privacy]:  # noqa: F811
    with school.connect(vault="rw") as connection:
        for state, sent_by in (("waiting", "analyst"), ("refused", "somebody")):
            one = ORDER if state == "waiting" else made("enrolments", "path", "month")
            connection.execute(
                "INSERT INTO vault.ledger.orders (mart, content, state, sent_by, since, charge) "
                "VALUES (?, ?, ?, ?, '2026-06-30', ?)",
                [one.name, json.dumps(one.as_dict()), state, sent_by, json.dumps({"cells": 7919})],
            )
    with pytest.MonkeyPatch.context() as patch:
        yield Privacy(api_server(school.home, patch), school.home, school.keys)
    from airflow.api_fastapi.app import purge_cached_app

    purge_cached_app()


def test_who_reads_the_page_learns_that_a_table_waits(privacy: Privacy) -> None:
    for role in ("data_team", "reviewer"):
        text = privacy.get("/", role).text
        assert ORDER.name in text and "sent by analyst" in text
        assert "7919" not in text and "somebody" not in text
