"""Files one after the other: what `sources check` says of each, then what ingestion did with it."""

import dataclasses
import json
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from anonymart.files.landed import waiting
from anonymart.ingest import ingest
from anonymart.ingest.counts import Counts
from anonymart.session import Session
from anonymart.source_order import SOURCES
from anonymart.surveys.check import check

NAMES = [each.name for each in dataclasses.fields(Counts)]


def in_order(landing: Path) -> list[tuple[str, Path]]:
    """Source and path of each file of a landing folder, in the order of ingestion."""
    return [(source, path) for source in SOURCES for path in waiting(landing, source)]


def compare(small_school, files: Iterable[tuple[str, Path]], as_of: date) -> list[Counts]:
    """Check each file, then load it; gives what the ledger got. A difference fails, and so does anything that
    a check has changed.
    """
    loaded = []
    for source, path in files:
        before = state(small_school)
        told = json.loads(
            json.dumps(
                check(
                    path, source, as_of, small_school.policy, home=small_school.home, keys=small_school.keys
                ).as_dict()
            )
        )
        assert state(small_school) == before, path.name
        folder = small_school.home.landing / source
        folder.mkdir(exist_ok=True)
        shutil.copy(path, folder / path.name)
        report = ingest(
            Session(small_school.home, small_school.keys, small_school.policy, as_of), sources=(source,)
        )
        found = report.files
        assert len(found) == 1, path.name
        assert {name: told[name] for name in NAMES} == json.loads(json.dumps(dataclasses.asdict(found[0]))), (
            path.name
        )
        if told["settled"]:
            assert told["settled"] == json.loads(
                json.dumps({name: report.settled.as_dict()[name] for name in told["settled"]})
            ), path.name
        loaded += found
    return loaded


def state(small_school) -> dict[str, bytes]:
    """Bytes of every file of the home."""
    return {str(path): path.read_bytes() for path in small_school.home.root.rglob("*") if path.is_file()}
