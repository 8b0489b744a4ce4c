"""The bench's own run goes through: nobody sees its figures if the first release waits for a reviewer."""

import pytest

from anonymart import bench

pytestmark = pytest.mark.long


def test_a_run_of_the_bench_publishes(tmp_path):
    bench._generate(tmp_path / "school", 1000, "bench_landing", bench.AS_OF)
    found = bench._whole(tmp_path / "school", tmp_path / "home", bench.AS_OF)
    assert found["release_id"] == f"{bench.AS_OF}.1"
    assert set(found["steps"]) >= set(bench.STEPS)
