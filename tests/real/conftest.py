"""Real input in one home: what of ../shared/data is here goes through one run; its people are fictional.

The three sets hold no account, name or e-mail, so each person gets some, made from the number that the set
gives him. Where a folder is absent its tests are skipped, and say so.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.real import nps_fr, oulad, salaries
from tests.whole.small_school import SmallSchool, open_small_school

SHARED = Path(
    os.environ.get("ANONYMART_SHARED_DATA") or Path(__file__).resolve().parents[2].parent / "shared" / "data"
)
# Everything has closed by then: the clicks end in June 2026, the last answers are of 2025. So months without
# a row close, which somebody has to mean.
AS_OF = "2026-12-31"
SETS = {"oulad": oulad, "nps_fr": nps_fr, "so_survey_2017": salaries}


def data(name: str) -> Path:
    """The folder of a data set; the test is skipped where it is absent."""
    if not (SHARED / name).is_dir():
        pytest.skip(f"real data: the folder ../shared/data/{name} is not here (or set ANONYMART_SHARED_DATA)")
    return SHARED / name


@pytest.fixture(scope="session")
def real_school(tmp_path_factory) -> SmallSchool:
    """One run over every set that is here: ingest, build, gate, publish."""
    if not any((SHARED / name).is_dir() for name in SETS):
        pytest.skip("real data: the folder ../shared/data is not here (or set ANONYMART_SHARED_DATA)")
    small_school = open_small_school(tmp_path_factory.mktemp("real") / "home")
    for name, module in SETS.items():
        if (SHARED / name).is_dir():
            module.deliver(SHARED / name, small_school.home.landing)
    small_school.report = small_school.succeed("run", "--as-of", AS_OF)
    return small_school
