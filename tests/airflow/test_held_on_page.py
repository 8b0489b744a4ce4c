"""A reviewer holds a mart back on the page Privacy, with no stand-in behind it: who may, and what of the held
cells any page, file or log tells afterwards, which is nothing (S-ANON, S-SAFE).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from anonymart.release.approval import waiting
from anonymart.release.folder import all_files
from anonymart.session import Session
from anonymart_airflow.privacy_page import reading
from tests.airflow.privacy_client import Privacy, api_server
from tests.airflow.privacy_home import WAITS
from tests.gate.conftest import (  # noqa: F401
    school,
    sound,
    without_drill,
    without_great_expectations,
)
from tests.gate.school import CELLS, NEXT_MONTH, School, salary
from tests.release.test_held_marts import cells, found_in
from tests.release.test_publish import gated
from tests.release.yes import ask

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("privacy"),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.usefixtures("without_great_expectations", "without_drill"),
]
# The log of requests: its digits are moments and microseconds, and now and then spell a planted number.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|duration_us=\d+|client_addr=\S+")
ROLES = ("analyst", "data_team", "reviewer", "anonymart")


@pytest.fixture
def privacy(school: School) -> Iterator[Privacy]:  # noqa: F811
    school.build(
        [cell for cell in CELLS if cell.mart != "salary_outcome"] + [salary(graduates=7919)], NEXT_MONTH
    )
    ask(Session(school.home, school.keys, school.policy), gated(school, NEXT_MONTH))
    with pytest.MonkeyPatch.context() as patch:
        yield Privacy(api_server(school.home, patch), school.home, school.keys)
    from airflow.api_fastapi.app import purge_cached_app

    purge_cached_app()


def test_a_mart_is_held_back_on_the_page_and_nothing_of_it_is_told(
    privacy: Privacy,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    session = Session(privacy.home, privacy.keys)
    folder = waiting(session).candidate.folder
    [row] = cells(folder, "salary_outcome")
    figures = {str(value) for value in row if isinstance(value, int | float) and len(str(value)) > 4}
    secrets = {*figures, "7919", "RNCP37805|2024"}
    assert found_in(folder, secrets) >= {*figures, "7919"}, "the search works"
    form = privacy.form(hold="salary_outcome", reason="The salaries wait")
    for role, status in (("analyst", 403), ("data_team", 403), ("anonymart", 403), ("nobody", 401)):
        assert privacy.post(role, **form).status_code == status
        assert waiting(session) is not None
    refused = privacy.post(**{**form, "hold": "salaries"})
    assert refused.status_code == 409 and "There is no such mart to hold back" in refused.text
    done = privacy.post(**form)
    assert done.status_code == 303, done.text[-500:]
    assert waiting(session) is None and privacy.home.current.resolve().name == WAITS
    assert found_in(privacy.home.current.resolve(), secrets) == set()
    paths = [
        *("/", "/health", "/audit", f"/figures/{WAITS}", f"/waiting/{WAITS}"),
        f"/difference?since={WAITS}&until={WAITS}",
        *(f"/releases/{WAITS}/files/{name}" for name in all_files(privacy.home.current.resolve())),
    ]
    for role in ROLES:
        for path in paths:
            answer = privacy.get(path, role)
            text = answer.text
            assert answer.status_code < 500, (role, path)
            assert not any(secret in text for secret in secrets), (role, path)
    release = privacy.home.current.resolve()
    same = reading.difference(release, release)
    assert same["since"] == WAITS and same["marts_added"] == same["marts_gone"] == []
    assert same["columns_added"] == same["columns_gone"] == {}
    told = _MOMENT.sub("", caplog.text + "".join(capfd.readouterr()))
    assert "salary_outcome" in privacy.get("/audit").text
    assert "salary_outcome, by reviewer: The salaries wait" in privacy.get("/").text
    assert not any(secret in told for secret in secrets)
