"""What may come in: the allow-list, the refusals, the quarantine, and counts that add up."""

import gzip
import json

import duckdb
import pytest

from anonymart.ingest.contracts import never_enters
from anonymart.source_order import SOURCES
from tests.ingest.conftest import statement


def adds_up(counts) -> bool:
    return counts.delivered == counts.loaded + counts.refused + counts.quarantined + counts.duplicate


def test_only_listed_paths_of_a_statement_are_stored(small_school):
    small_school.deliver("learning", "a.ndjson", [statement(1)])
    counts = small_school.ingest()["learning/a.ndjson"]
    assert (counts.delivered, counts.loaded) == (1, 1)
    stored = small_school.everything()
    assert "account-0001" in stored
    for hidden in ("Secret", "authority-secret", "instructor-secret", "0612345678"):
        assert hidden not in stored


def test_special_columns_are_refused_by_name_and_their_values_are_nowhere(small_school, capsys):
    small_school.deliver(
        "learners",
        "a.csv",
        (
            "learner_id,email,social_security_number,rqth,nickname\nL0000001,a@example.org,2840578006084,"
            "oui,zaza-nick\n"
        ),
    )
    counts = small_school.ingest()["learners/a.csv"]
    assert counts.loaded == 1
    assert counts.unknown_columns == ["social_security_number (D-SPECIAL)", "rqth (D-SPECIAL)", "nickname"]
    assert "2840578006084" not in small_school.everything() and "zaza-nick" not in small_school.everything()
    assert "2840578006084" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "name",
    [
        "Numéro de sécurité sociale",
        "NIR",
        "ssn",
        "disabled_worker",
        "reconnaissance_rqth",
        "resume",
        "CV",
        "photo_url",
        "passport_no",
        "criminal_record",
    ],
)
def test_names_that_never_enter(name):
    import unicodedata

    folded = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    assert never_enters(folded)


def test_a_header_that_looks_like_data_is_not_shown(small_school):
    small_school.deliver("learners", "a.csv", "learner_id,jean.dupont@example.org\nL0000001,x\n")
    counts = small_school.ingest()["learners/a.csv"]
    assert counts.unknown_columns == ["column 2 (its name looks like data)"]


def test_bad_statements_go_to_quarantine_with_line_and_reason(small_school):
    lines = [
        json.dumps(statement(1)),
        '{"id": "00000000-0000-4000-8000-000000000002", "timest',
        "",
        json.dumps(statement(3, id="not-a-uuid")),
        json.dumps(statement(4, timestamp="yesterday")),
        json.dumps(statement(5, result={"score": {"scaled": 7}})),
        json.dumps(statement(6, result={"score": {"raw": "many"}})),
        json.dumps(statement(7, actor={"name": "nobody"})),
        json.dumps(statement(8, verb=None)),
        "[1, 2]",
        json.dumps(statement(9, timestamp="2099-01-01T00:00:00Z")),
        '{"id": "00000000-0000-4000-8000-000000000010", "actor": {"mb',
    ]
    small_school.deliver("learning", "a.ndjson", "\n".join(lines).encode() + b"\n\xff\xfe\xfa")
    counts = small_school.ingest()["learning/a.ndjson"]
    assert (counts.delivered, counts.loaded, counts.quarantined) == (12, 1, 11)
    found = dict(small_school.ask("SELECT line, reason FROM vault.ledger.quarantine"))
    assert found == {
        2: "not a statement",
        4: "id is not a UUID",
        5: "timestamp is not a time",
        6: "score is not between -1 and 1",
        7: "score is not a number",
        8: "actor has no identifier that can be read",
        9: "verb is missing",
        10: "not a statement",
        11: "timestamp is after the date of the run",
        12: "not a statement",
        13: "not a statement",
    }


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "ndjson"])
def test_letters_of_every_kind_do_not_hinder_the_count_of_lines(small_school, kind):
    rows = [
        {"learner_id": f"L000000{number}", "given_name": "É œ’ 日本 🙂", "birth_date": date}
        for number, date in enumerate(("1990-01-01", "never"))
    ]
    if kind == "ndjson":
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    else:
        content = (
            "learner_id,given_name,birth_date\n" + "".join(",".join(row.values()) + "\n" for row in rows)
        ).encode()
    small_school.deliver("learners", f"a.{kind}", gzip.compress(content) if kind.endswith("gz") else content)
    counts = small_school.ingest()[f"learners/a.{kind}"]
    assert (counts.status, counts.loaded, counts.quarantined) == ("loaded", 1, 1)
    assert small_school.ask("SELECT line FROM vault.ledger.quarantine") == [(2 if kind == "ndjson" else 3,)]


def test_an_object_named_by_an_address_never_enters(small_school):
    small_school.deliver(
        "learning",
        "a.ndjson",
        [statement(1, object={"id": "https://campus.example/profile/jean@example.org"})],
    )
    assert small_school.ingest()["learning/a.ndjson"].reasons == {"object is named by an address": 1}
    assert "jean@example.org" not in small_school.everything()


def test_the_same_row_in_another_kind_of_file_is_a_duplicate(small_school):
    small_school.deliver("connections", "a.csv", "learner_id,connected_at\nL0000001,2025-01-01T10:00:00Z\n")
    small_school.deliver(
        "connections", "b.ndjson", [{"learner_id": "L0000001", "connected_at": "2025-01-01 11:00:00+01"}]
    )
    small_school.ingest()
    assert small_school.ask("SELECT count(*) FROM vault.register.connections") == [(1,)]


def test_bad_rows_of_csv_go_to_quarantine_with_their_line(small_school):
    content = (
        b"response_id,email,path_id,asked_at,answered_at,score,comment\n"
        b'r1,a@example.org,p1,2025-01-01,2025-01-02,9,"two\nlines, one answer"\n'
        b"\n"
        b"r2,b@example.org,p1,2025-01-01,2025-01-02,11,too high\n"
        b"r3,c@example.org,p1,2025-01-01,2025-01-02,4.5,not whole\n"
        b"r4,d@example.org,p1,2025-02-30,2025-01-02,5,no such day\n"
        b"r5,\xe9@example.org,p1,2025-01-01,2025-01-02,5,latin-1\n"
        b"r6,e@example.org,p1,2025-01-01\n"
        b"r7,not-an-address,p1,2025-01-01,2025-01-02,5,x\n"
        b"r8,,p1,2025-01-01,2025-01-02,5,nobody\n"
        b'r9,f@example.org,p1,2025-01-01,2025-01-02,8,"cut'
    )
    small_school.deliver("nps", "a.csv", content)
    counts = small_school.ingest()["nps/a.csv"]
    assert adds_up(counts) and (counts.delivered, counts.loaded) == (9, 1)
    assert dict(small_school.ask("SELECT line, reason FROM vault.ledger.quarantine")) == {
        5: "score is out of range",
        6: "score is not a whole number",
        7: "asked_at is not a time",
        8: "bytes that are not UTF-8",
        9: "too few columns",
        10: "email is not an e-mail address",
        11: "neither learner_id nor email",
        12: "a quote that is not closed",
    }


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.csv", b"", "empty file"),
        ("page.csv", b"<!DOCTYPE html><html></html>", "markup"),
        (
            "half.csv.gz",
            gzip.compress(b"learner_id,connected_at\n" + b"L0000001,2025-01-01\n" * 5000)[:60],
            "gzip",
        ),
        ("plain.csv.gz", b"learner_id,connected_at\n", "not a gzip file"),
        ("zip.csv", b"PK\x03\x04\x00\x00", "binary"),
        ("utf16.csv", "learner_id,connected_at\n".encode("utf-16"), "UTF-16"),
        ("other.csv", b"name,town\nx,y\n", "learner_id is missing"),
        ("cut.json", b'[{"learner_id": "L0000001", "connected_at": "2025-01-01"}, {"learner', "JSON"),
        ("cut.parquet", b"PAR1 and no more", "Parquet"),
        ("packed.parquet.gz", gzip.compress(b"PAR1 and no more"), "a damaged or incomplete Parquet file"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_a_file_that_is_not_what_it_claims_is_refused_whole(small_school, name, content, reason):
    path = small_school.deliver("connections", name, content)
    counts = small_school.ingest()[f"connections/{name}"]
    assert counts.status == "refused" and reason in counts.reason and counts.loaded == 0
    assert not path.exists() and path.with_name(name + ".refused").exists()
    assert small_school.ask("SELECT count(*) FROM vault.register.connections") == [(0,)]
    assert small_school.ingest() == {}


def test_half_a_gzip_with_a_good_beginning_loads_nothing(small_school):
    whole = gzip.compress(
        b"learner_id,connected_at\n" + b"".join(b"L%07d,2025-01-01\n" % i for i in range(200_000))
    )
    small_school.deliver("connections", "half.csv.gz", whole[: len(whole) // 2])
    counts = small_school.ingest()["connections/half.csv.gz"]
    assert counts.status == "refused" and small_school.ask(
        "SELECT count(*) FROM vault.register.connections"
    ) == [(0,)]


def test_every_source_in_every_kind_of_file(small_school, tmp_path):
    rows = {
        "catalogue": {"path_id": "p1", "course_id": "c1", "course_title": "Julia"},
        "learners": {"learner_id": "L0000001", "email": "a@example.org"},
        "consents": {
            "learner_id": "L0000001",
            "purpose": "P-SURVEY",
            "status": "granted",
            "at": "2025-01-01T00:00:00Z",
        },
        "rights": {
            "request_id": "q",
            "kind": "access",
            "learner_id": "L0000001",
            "received_at": "2025-01-01T00:00:00Z",
        },
        "enrolments": {
            "learner_id": "L0000001",
            "path_id": "p1",
            "started_on": "2025-01-01",
            "outcome": "in_progress",
        },
        "learning": statement(1),
        "connections": {"learner_id": "L0000001", "connected_at": "2025-01-01T00:00:00Z"},
        "nps": {"email": "a@example.org", "answered_at": "2025-01-01T00:00:00Z", "score": "9"},
        "salary": {
            "email": "a@example.org",
            "diploma_id": "d1",
            "answered_at": "2025-01-01T00:00:00Z",
            "salary_amount": "30000",
        },
    }
    # Visits come as logs, which have no columns (tests/audience).
    assert set(rows) == set(SOURCES) - {"audience"}
    expected = {}
    for source, row in rows.items():
        for number, kind in enumerate(("csv", "csv.gz", "ndjson", "ndjson.gz", "json", "parquet"), 1):
            changed = json.loads(json.dumps(row))
            for key in ("id", "course_id", "learner_id", "request_id", "email"):
                if key in changed:  # another row each time, so that none is a duplicate
                    changed[key] = (
                        changed[key][:-1] + str(number) if key != "email" else f"a{number}@example.org"
                    )
            path = small_school.home.landing / source / f"{number}.{kind}"
            path.parent.mkdir(exist_ok=True)
            texts = {
                key: json.dumps(value) if isinstance(value, dict) else value for key, value in changed.items()
            }
            if kind.startswith("csv"):
                quoted = ",".join('"' + value.replace('"', '""') + '"' for value in texts.values())
                content = (",".join(texts) + "\n" + quoted + "\n").encode()
            elif kind.startswith("ndjson"):
                content = json.dumps(changed).encode() + b"\n"
            elif kind == "json":
                content = json.dumps([changed]).encode()
            else:
                source_file = tmp_path / "row.json"
                source_file.write_text(json.dumps([changed]))
                duckdb.execute(f"COPY (FROM read_json('{source_file}')) TO '{path}' (FORMAT parquet)")
                content = None
            if content is not None:
                path.write_bytes(gzip.compress(content) if kind.endswith("gz") else content)
            expected[f"{source}/{number}.{kind}"] = (1, 1)
    assert {name: (c.delivered, c.loaded) for name, c in small_school.ingest().items()} == expected


def test_missing_id_comes_from_the_content_and_missing_time_from_stored(small_school):
    nameless = statement(1, id=None)
    timeless = statement(2, timestamp=None, stored="2025-04-01T12:00:00+02:00")
    small_school.deliver("learning", "a.ndjson", [nameless, nameless, timeless])
    counts = small_school.ingest()["learning/a.ndjson"]
    assert (counts.loaded, counts.duplicate) == (2, 1)
    assert small_school.ask(
        "SELECT occurred_at::VARCHAR FROM vault.raw.learning WHERE statement_id = "
        "'00000000-0000-4000-8000-000000000002'"
    ) == [("2025-04-01 10:00:00",)]


def test_no_score_is_silently_lost(small_school):
    small_school.deliver(
        "learning",
        "a.ndjson",
        [
            statement(1, result={"score": {"raw": 8, "min": 0, "max": 10}}),
            statement(2, result={"score": {"scaled": -1}}),
        ],
    )
    small_school.ingest()
    assert small_school.ask("SELECT score_scaled FROM vault.raw.learning ORDER BY statement_id") == [
        (0.8,),
        (-1.0,),
    ]


def test_one_odd_element_does_not_refuse_an_array(small_school):
    odd = statement(
        2, context={"contextActivities": {"parent": {"id": "https://campus.example/xapi/course/python"}}}
    )
    small_school.deliver("learning", "a.json", json.dumps([statement(1), 5, None, odd, "text"]))
    small_school.deliver(
        "connections",
        "b.json",
        json.dumps([{"learner_id": "L0000001", "connected_at": "2025-01-01"}, 7, {"learner_id": "L0000002"}]),
    )
    found = small_school.ingest()
    assert (found["learning/a.json"].loaded, found["learning/a.json"].quarantined) == (2, 3)
    assert found["connections/b.json"].reasons == {"not an object of JSON": 1, "connected_at is missing": 1}


@pytest.mark.parametrize(
    "date", ["5877642-06-25 (BC)", "294247-01-01", "-infinity", "0001-01-01", "1500-01-01"]
)
def test_dates_outside_the_calendar_that_people_live_in(small_school, date):
    small_school.deliver(
        "learners",
        "a.csv",
        (
            f"learner_id,birth_date,registered_at\nL0000001,{date},2024-01-01\nL0000002,1990-01-01,"
            f"{date}\nL0000003,1990-01-01,2024-01-01\n"
        ),
    )
    small_school.deliver("learning", "a.ndjson", [statement(1, timestamp=date), statement(2)])
    found = small_school.ingest()
    assert (found["learners/a.csv"].loaded, found["learners/a.csv"].quarantined) == (1, 2)
    assert (found["learning/a.ndjson"].loaded, found["learning/a.ndjson"].quarantined) == (1, 1)


def test_a_row_that_is_far_too_long_is_not_lost_without_a_word(small_school):
    small_school.deliver(
        "connections",
        "a.csv",
        b"learner_id,connected_at\nL0000001,2025-01-01\n" + b"x" * 40_000_000 + b",2025-01-01\n",
    )
    assert "longer than" in small_school.ingest()["connections/a.csv"].reason


def test_an_account_without_a_name_is_nobody(small_school):
    small_school.deliver(
        "learning",
        "a.ndjson",
        [
            statement(1, actor={"account": {"homePage": "https://campus.example", "name": ""}}),
            statement(2, actor={"account": {"homePage": "", "name": "x"}}),
        ],
    )
    assert small_school.ingest()["learning/a.ndjson"].reasons == {
        "actor has no identifier that can be read": 2
    }


@pytest.mark.parametrize("name", ["person", "pseudonym", "record"])
def test_another_key_than_the_vault_is_kept_with(small_school, name):
    from anonymart.errors import UsageError
    from anonymart.keys import Keys

    small_school.deliver("learning", "a.ndjson", [statement(1)])
    small_school.ingest()
    small_school.keys = Keys(**{**small_school.keys.__dict__, name: "0" * 64})
    with pytest.raises(UsageError, match=f"'{name}' is not the one"):
        small_school.ingest()
