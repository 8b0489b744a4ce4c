"""What `same_release` calls different: a figure, a reason, a cell, a column, a mart."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from anonymart.release.folder import MARTS_FILE, csv_path
from tests.whole import same_release

MART = "nps_quarterly"
ROWS = "(VALUES ('2026-Q1', 12, NULL), ('2026-Q2', NULL, 'too_few')) AS t (quarter, n, n_reason)"


@pytest.fixture
def release(tmp_path: Path):
    """Makes a release folder with one mart from SQL rows, and its CSV."""

    def make(name: str, rows: str = ROWS, mart: str = MART) -> Path:
        folder = tmp_path / name
        (folder / "csv").mkdir(parents=True)
        with duckdb.connect(str(folder / MARTS_FILE)) as connection:
            connection.execute(f"CREATE TABLE {mart} AS SELECT * FROM {rows}")
            connection.execute(f"COPY {mart} TO '{folder / csv_path(mart)}'")
        return folder

    return make


@pytest.fixture(autouse=True)
def quarters(monkeypatch: pytest.MonkeyPatch):
    """The contract of the mart says that a cell is a quarter."""
    period = SimpleNamespace(column="quarter")
    contract = SimpleNamespace(dimensions={}, period=period, is_of_visitors=False)
    monkeypatch.setattr(same_release, "load_contracts", lambda: {MART: contract})


def test_the_same_is_the_same(release):
    [found] = same_release.compare(release("here"), release("other"))
    assert found.is_same and found.cells == (2, 2)


@pytest.mark.parametrize(
    "old, new, moved",
    [
        ("12", "13", {"n": 1}),
        ("'too_few'", "'protected'", {"n_reason": 1}),
        ("(quarter, n,", "(quarter, m,", {"n (only here)": 2, "m (only other)": 2}),
        ("12", "12::BIGINT", {"n (type)": 2}),
    ],
)
def test_what_moved_is_named(release, old, new, moved):
    [found] = same_release.compare(release("here"), release("other", ROWS.replace(old, new)))
    assert found.moved == moved and not found.is_same and not (found.only_here or found.only_other)
    assert all(name in "\n".join(same_release.table([found])) for name in moved)


def test_visitors_have_other_keys_in_each_home(release, monkeypatch):
    [contract] = same_release.load_contracts().values()
    contract.is_of_visitors = True
    assert same_release.compare(release("here"), release("other", ROWS.replace("12", "13"))) == []


def test_another_cell_and_another_mart(release):
    here = release("here")
    [found] = same_release.compare(here, release("other", ROWS.replace("Q2", "Q3")))
    assert (found.only_here, found.only_other, found.moved) == (1, 1, {}) and not found.is_same
    compared = same_release.compare(here, release("third", mart="another"))
    assert [(each.mart, each.cells, each.is_same) for each in compared] == [
        ("another", (0, 2), False),
        (MART, (2, 0), False),
    ]


def test_the_order_of_rows_is_part_of_the_bytes(release):
    [found] = same_release.compare(release("here"), release("other", f"{ROWS} ORDER BY quarter DESC"))
    assert not found.moved and not found.same_bytes and not found.is_same


def test_a_revision_that_is_not_there(capsys: pytest.CaptureFixture):
    assert same_release.main(["nowhere"]) != 0
    assert "no revision 'nowhere'" in capsys.readouterr().err
