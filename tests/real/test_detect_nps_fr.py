"""The detector on real French comments: 300 rows, half of them chosen because they hold digits or large
letters, labelled by hand.

The labels are row numbers and code points, never a text. `pytest -s` shows the figures that the reviewer's
page reports.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest

from anonymart.detect import Span, measure
from anonymart.detect.search import Detector
from anonymart.files.encodings import Encodings
from tests.real import nps_fr
from tests.real.conftest import data

pytestmark = pytest.mark.real
LABELS = Path(__file__).with_name("nps_fr_labels.csv")


def comment(line: bytes) -> str:
    """The comment of a line as the warehouse reads it: cp850 and Latin-1 stand in one file."""
    return next(csv.reader(io.StringIO(Encodings().text(line))))[5].strip()


@pytest.fixture(scope="module")
def comments() -> list[str]:
    return [comment(line) for line in nps_fr.rows(data("nps_fr"))]


@pytest.fixture(scope="module")
def labels() -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    with LABELS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            spans = found.setdefault(int(row["row"]), [])
            if row["kind"]:
                spans.append(Span(int(row["start"]), int(row["end"]), row["kind"]))
    return found


def test_the_labelled_sample(comments, labels):
    assert len(labels) == 300
    with duckdb.connect() as connection:
        found = Detector(connection).spans([comments[row] for row in labels])
    scores = measure.scores(zip(labels.values(), found, strict=True))
    print("\n".join(["", *measure.table(scores)]))
    assert scores["email"][:2] == (2, 2)
    assert scores["email"].recall == scores["email"].precision == 1
    # Names without any context are missed.
    assert scores["name"].recall >= 0.80
    assert scores["name"].precision >= 0.85
    # A code and a town without a street are those of shops here.
    assert set(scores) == {"email", "name", "address"}


def test_all_comments_hold_few_identifiers(comments):
    """Prices, dates, brands and towns of 3,800 comments are not taken for identifiers."""
    with duckdb.connect() as connection:
        found = Detector(connection).spans(comments)
    n = {
        kind: sum(span.kind == kind for spans in found for span in spans)
        for spans in found
        for _, _, kind in spans
    }
    assert sum(n.values()) - n.get("name", 0) - n.get("email", 0) <= 25
