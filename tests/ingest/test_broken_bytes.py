"""Bytes that are not UTF-8 cost their own row and no other, wherever they stand and whatever the file's other
columns are.
"""

import gzip

import pytest

CSV = (
    b"taste,response_id,learner_id,answered_at,score,comment,mood\n"
    b"a,R1,L1,2026-03-01T10:00:00Z,9,l\xe2\x80\x99\xc3\x89cole,fine\n"
    b"b,R2,L2,2026-03-01T10:00:00Z,9,d\x82j\x85,fine\n"
    b"c,R3,L3,2026-03-01T10:00:00Z,9,\xe9t\xe9,fine\n"
    b"\n"
    b"d,R4,L4,2026-03-01T10:00:00Z,11,fine,fine\n"
    b"e,R5,L5,2026-03-01T10:00:00Z,9,fine,m\x9eh\n"
    b"f,R6,L6,2026-03-01T10:00:00Z,9,fine,fine\n"
)


@pytest.mark.parametrize("name", ["nps.csv", "nps.csv.gz"])
def test_broken_rows_of_a_csv_are_quarantined_by_their_lines(small_school, name):
    small_school.deliver("nps", name, gzip.compress(CSV) if name.endswith(".gz") else CSV)
    counts = small_school.ingest()[f"nps/{name}"]
    assert (counts.delivered, counts.loaded, counts.quarantined) == (6, 2, 4)
    assert counts.reasons == {"bytes that are not UTF-8": 3, "score is out of range": 1}
    assert counts.unknown_columns == ["taste", "mood"]
    assert small_school.ask("SELECT line, reason FROM vault.ledger.quarantine ORDER BY line") == [
        (3, "bytes that are not UTF-8"),
        (4, "bytes that are not UTF-8"),
        (6, "score is out of range"),
        (7, "bytes that are not UTF-8"),
    ]
    assert small_school.ask("SELECT response_id FROM vault.answers.nps ORDER BY 1") == [("R1",), ("R6",)]


def test_a_broken_row_beside_texts_with_accents_costs_one_row(small_school):
    """A file of right UTF-8 with a typographic apostrophe, and one row that is wrong for another reason."""
    rows = "learner_id,given_name,last_login_at\nL1,Zoé d’Étang,2026-03-01\nL2,Élodie,yesterday\n"
    small_school.deliver("learners", "learners.csv", rows)
    counts = small_school.ingest()["learners/learners.csv"]
    assert (counts.delivered, counts.loaded, counts.quarantined) == (2, 1, 1)
    assert small_school.ask("SELECT line FROM vault.ledger.quarantine") == [(3,)]


def test_a_name_of_a_column_is_no_sql(small_school):
    rows = '"a"" b",response_id,learner_id,answered_at,score\nx,R1,L1,2026-03-01,9\n'
    small_school.deliver("nps", "nps.csv", rows)
    assert small_school.ingest()["nps/nps.csv"].loaded == 1
