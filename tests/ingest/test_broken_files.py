"""A file that cannot be read is refused whole, by its own name, in any source, and stops nobody else
(S-SAFE).
"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import duckdb
import pytest

from anonymart.files.landed import Landed
from anonymart.ingest import load as loading
from anonymart.ingest import run as running
from anonymart.source_order import SOURCES
from tests.conftest import ROOT
from tests.ingest.conftest import statement

SECRET = "canary-secret"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "x,y\n1,2\n")
    return buffer.getvalue()


def _parquet(tmp_path: Path) -> bytes:
    path = tmp_path / "other.parquet"
    duckdb.sql(f"COPY (SELECT 1 AS alpha, '{SECRET}' AS beta, [1, 2] AS gamma) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


def contents(tmp_path: Path) -> dict[str, bytes]:
    return {
        "columns.csv": b"person,course,clicks\nL1,c1,3\n",
        "text.csv": f"a line of text about {SECRET}\nand one more, with a comma\n".encode(),
        "arrays.json": b"[[1, 2], [3, [4]]]",
        "string.json": f'"{SECRET}"'.encode(),
        "number.json": b"42",
        "numbers.ndjson": b"1\n2\n3\n",
        "first.ndjson": f"{SECRET} {{\n{{}}\n".encode(),
        "nested.ndjson": b'{"a": [[[[1]]]], "b": {"c": {"d": [1]}}}\n',
        "lists.ndjson": b"[1, 2]\n[3]\n",
        "other.parquet": _parquet(tmp_path),
        "half.parquet": _parquet(tmp_path)[:200],
        "a.zip": _zip(),
        "a.xlsx": _zip(),
        "a.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        "empty.csv.gz": gzip.compress(b""),
        "nothing.csv": b"",
        "torn.csv.gz": gzip.compress(b"a,b\n" + b"1,2\n" * 9000)[:60],
        "quotes.csv": b'"person,"course""\n"a\n',
        "one.csv": b"x",
    }


@pytest.mark.parametrize("source", [source for source in SOURCES if source != "rights"])
def test_what_cannot_be_read_stops_nobody_else(small_school, tmp_path, source):
    for name, content in contents(tmp_path).items():
        small_school.deliver(source, name, content)
    folder = small_school.home.landing / source
    (folder / "folder.csv").mkdir()
    (folder / "folder.csv" / "inside.csv").write_text("person,course\n")
    os.symlink(folder / "loop.csv", folder / "loop.csv")
    os.mkfifo(folder / "pipe.csv")
    small_school.deliver("learning", "zz-good.ndjson", [statement(1)])
    counts = small_school.ingest()
    assert counts["learning/zz-good.ndjson"].loaded == 1
    for name in (*contents(tmp_path), "inside.csv", "loop.csv", "pipe.csv"):
        known = counts[f"{source}/{name}"]
        assert known.loaded == 0, name
        assert known.status == "refused" or known.delivered == known.quarantined + known.duplicate, name
        assert SECRET not in (known.reason or "") + "".join(known.reasons)
    assert (
        counts[f"{source}/loop.csv"].reason
        == counts[f"{source}/pipe.csv"].reason
        == "it is no file: a pipe, a device, or a link that leads nowhere"
    )
    assert counts[f"{source}/columns.csv"].status == "refused"
    # What cannot be read about a right or a consent is kept, and only there.
    kept = small_school.ask("SELECT count(*) FROM vault.rights.unreadable")[0][0]
    assert (SECRET in small_school.everything()) == (source == "consents") == (kept > 0)
    assert all(counts.status != "refused" for counts in small_school.ingest().values()), (
        "a refused file is tried again only under another name"
    )


@pytest.mark.real
def test_the_case_of_other_columns(small_school):
    path = ROOT.parent / "shared" / "cases" / "learning_other_columns.csv"
    if not path.exists():
        pytest.skip("the cases are not here")
    small_school.deliver("learning", path.name, path.read_bytes())
    assert small_school.ingest()["learning/learning_other_columns.csv"].status == "refused"


def test_a_file_that_goes_away_midway_and_one_that_breaks_the_reader(small_school, monkeypatch):
    small_school.deliver("learning", "a.ndjson", [statement(1)])
    small_school.deliver("learning", "b.ndjson", [statement(2)])
    small_school.deliver("learning", "c.ndjson", [statement(3)])
    known = running.inspect

    def inspect(connection: duckdb.DuckDBPyConnection, path: Path, source: str) -> Landed:
        landed = known(connection, path, source)
        if path.name == "a.ndjson":
            path.unlink()
        if path.name == "b.ndjson":
            raise duckdb.NotImplementedException(f"nobody foresaw {SECRET}")
        return landed

    monkeypatch.setattr(running, "inspect", inspect)
    counts = small_school.ingest()
    assert counts["learning/a.ndjson"].reason == "it could not be opened, or went away while it was read"
    assert counts["learning/b.ndjson"].reason == "it cannot be read as a file of this source"
    assert counts["learning/c.ndjson"].loaded == 1 and SECRET not in small_school.everything()


@pytest.mark.parametrize(("error", "is_ours"), [
    (duckdb.IOException("IO Error: Could not write file \"/x/vault.duckdb\": No space left on device"), True),
    (duckdb.OutOfMemoryException("failed to allocate data"), True),
    (duckdb.FatalException("database has been invalidated"), True),
    (duckdb.IOException("No files found that match the pattern"), False),
    (duckdb.BinderException("Referenced column not found"), False),
    (duckdb.ConversionException("Could not convert"), False),
])  # fmt: skip
def test_only_faults_of_vault_disk_and_memory_stop_the_run(error, is_ours):
    assert loading.is_fault_of_ours(error) is is_ours
