"""Show 3 again, in the home of `make demo`: Airflow's database, its logs and what it renders are searched too
(D-IDENT).
"""

from __future__ import annotations

import csv
import io

import pytest

from anonymart.home import Home
from tests.whole.planted import Planted, search

pytestmark = pytest.mark.long


def test_no_identifier_in_the_home_of_the_demo(demo_home):
    with (demo_home.truth / "identifiers.csv").open(encoding="utf-8", newline="") as file:
        owners = {row["value"]: f"{row['kind']} of {row['learner_id']}" for row in csv.DictReader(file)}
    planted = Planted(owners)
    home = Home(demo_home.root)
    # The fictional school itself, with its truth, is kept beside the home's zones.
    hits = search(home, planted, left_out=(demo_home.truth.parent,))
    printed = planted.find(io.BytesIO(demo_home.output.encode()))
    assert sorted({(place, owners[value]) for place, value in hits}) == []
    assert sorted(owners[value] for value in printed) == []
    assert any(home.airflow.rglob("*.log"))
    assert any(home.airflow.rglob("*.db"))
