"""Statements for the bench: as many as asked, the same every time, and a day's new ones that are really
new.
"""

import json
from datetime import date
from pathlib import Path

import pytest

from anonymart.demo import statements
from anonymart.demo.statements import bench_increment, bench_landing

AS_OF = date(2026, 6, 30)


def _read(report):
    return [
        json.loads(line) for path in report["files"] for line in Path(path).read_text("utf-8").splitlines()
    ]


@pytest.fixture(autouse=True)
def short_files(monkeypatch):
    monkeypatch.setattr(statements, "LINES_PER_FILE", 3000)


def test_as_many_as_asked_in_short_files_and_reproducible(tmp_path):
    first, second = (bench_landing(tmp_path / name, 7000, 3, AS_OF) for name in ("a", "b"))
    assert (len(first["files"]), first["lines"], len(_read(first))) == (3, 7000, 7000)
    for one, two in zip(first["files"], second["files"], strict=True):
        assert Path(one).read_bytes() == Path(two).read_bytes()
    assert 650 <= first["bytes"] / first["lines"] <= 850
    assert {path.parent.name for path in (tmp_path / "a" / "landing").glob("*/*")} == {
        "catalogue",
        "learners",
        "enrolments",
        "learning",
    }


def test_the_increment_is_new_and_late(tmp_path):
    base = _read(bench_landing(tmp_path, 7000, 3, AS_OF))
    new = _read(bench_increment(tmp_path, 7000, 3, AS_OF))
    assert len(new) == 70
    assert not {row["id"] for row in new} & {row["id"] for row in base}
    assert max(row["timestamp"] for row in base) <= min(row["timestamp"] for row in new)
    assert max(row["timestamp"] for row in new) < "2026-06-30"
    assert {row["actor"]["account"]["name"] for row in new} & {
        row["actor"]["account"]["name"] for row in base
    }
