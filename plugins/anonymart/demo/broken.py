"""What deliveries really look like: doubles, broken lines, columns nobody asked for, files that are no
data.
"""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

import numpy as np

from anonymart.demo.contacts import address, social_security_number
from anonymart.demo.files import Row, as_csv, as_ndjson, write_bytes, write_rows
from anonymart.demo.learning import Statements
from anonymart.demo.people import People
from anonymart.demo.render import content
from anonymart.demo.truth import Truth


def deliver_twice(landing: Path, statements: list[Path], truth: Truth) -> None:
    """The same bytes under a second name; the same statements in another order, packed."""
    first, second = [path for path in statements if path.suffix == ".ndjson"][-2:]
    again = first.with_name(f"{first.stem}-again.ndjson")
    write_bytes(again, first.read_bytes())
    lines = second.read_bytes().splitlines(keepends=True)
    other = second.with_name("resend-by-hand.ndjson.gz")
    write_bytes(other, b"".join(reversed(lines[: len(lines) // 2])))
    for copy, origin in ((again, first), (other, second)):
        truth.case("duplicate_delivery", "", f"{copy.relative_to(landing)} of {origin.name}")


def odd_statements(landing: Path, statements: Statements, truth: Truth) -> None:
    """Statements without id, without timestamp, with an id of another kind, and lines that are no
    statement.
    """
    lines = bytes(content(statements.lines(statements.odd_ones()))).splitlines()
    odd, cases = [], []
    for number, line in enumerate(lines):
        statement = json.loads(line)
        case = ("missing_id", "missing_timestamp", "id_not_uuid")[number % 3]
        if case == "missing_id":
            del statement["id"]
        elif case == "missing_timestamp":
            del statement["timestamp"]
        else:
            statement["id"] = f"stmt-{number:06d}"
        cases.append(case)
        odd.append(json.dumps(statement, ensure_ascii=False, separators=(",", ":")).encode())
    path = landing / "learning" / "statements-odd.ndjson"
    write_bytes(path, b"\n".join(odd) + b"\n")
    for case in dict.fromkeys(cases):
        truth.case(case, "", f"learning/{path.name}: {cases.count(case)}")
    whole = odd[0]
    wrong = [
        ("broken_json", whole[:-40] + b"}}"),
        ("wrong_encoding", whole.replace(b'"platform":"campus', b'"platform":"caf\xe9 campus')),
        ("not_a_statement", b'["a list", "and no statement"]'),
        ("bad_date", whole.replace(b'"timestamp":"20', b'"timestamp":"20-99-')),
        ("bad_score", json.dumps({**json.loads(odd[0]), "result": {"score": {"scaled": 7.5}}}).encode()),
        ("truncated_last_line", whole[: len(whole) // 2]),
    ]
    write_bytes(landing / "learning" / "statements-broken.ndjson", b"\n".join(line for _, line in wrong))
    for case, _ in wrong:
        truth.case(case, "", "learning/statements-broken.ndjson")


def odd_surveys(landing: Path, nps: list[Row], salary: list[Row], truth: Truth) -> None:
    """Scores and dates that cannot be, text in another encoding, a cut last line, an impossible salary."""
    answered = [row for row in nps if row["score"] is not None][-8:]
    rows = [{**row, "response_id": f"NPS-{9_000_001 + number}"} for number, row in enumerate(answered)]
    lines = as_csv(rows).encode().splitlines(keepends=True)
    score, day = str(rows[0]["score"]).encode(), f"{rows[1]['answered_at']:%Y-%m-%d}".encode()
    lines[1] = lines[1].replace(b"Z," + score + b",", b"Z,11,")
    lines[2] = lines[2].replace(day, b"2025-13-45")
    lines[3] = lines[3].replace(b"Z," + str(rows[2]["score"]).encode() + b",", b"Z,dix,")
    lines[4] = lines[4].rstrip(b"\n").rstrip(b'"') + b" pas tr\xe8s clair\n"
    lines[5] = lines[5].rstrip(b"\n") + b",one,more\n"
    lines[8] = lines[8][:30]
    write_bytes(landing / "nps" / "nps-broken.csv", b"".join(lines))
    for case in (
        "score_11",
        "bad_date",
        "score_in_words",
        "wrong_encoding",
        "too_many_columns",
        "truncated_last_line",
    ):
        truth.case(case, "", "nps/nps-broken.csv")
    told = [row for row in salary if row["salary_amount"]][-2:]
    bad = [{**row, "response_id": f"SAL-{900_001 + number}"} for number, row in enumerate(told)]
    for row, amount in zip(bad, ("beaucoup", 9_000_000_000), strict=False):
        row["salary_amount"] = amount
    if bad:
        write_bytes(landing / "salary" / "salary-odd.ndjson", as_ndjson(bad).encode())
        truth.case("salary_in_words", "", "salary/salary-odd.ndjson")
        truth.case("impossible_salary", "", "salary/salary-odd.ndjson")


def odd_columns(
    landing: Path, people: People, learners: list[Row], truth: Truth, rng: np.random.Generator
) -> None:
    """A delivery with columns that never enter (D-SPECIAL), and one with a column that nobody knows."""
    chosen = sorted(rng.choice(len(people), 25, replace=False).tolist())
    rows = []
    for person in chosen:
        number = truth.plant(
            people.learner_id[person], "social_security_number", social_security_number(person)
        )
        rows.append(
            {**learners[person], "social_security_number": number, "disabled_worker": person % 5 == 0}
        )
        truth.case("special_column", people.learner_id[person], "learners/learners-staff-export.csv")
    write_rows(landing / "learners" / "learners-staff-export.csv", rows)
    rows = []
    for person in chosen:
        place = truth.plant(people.learner_id[person], "ip_address", address(person))
        rows.append({**learners[person], "last_ip_address": place, "favourite_colour": "bleu"})
    write_rows(landing / "learners" / "learners-web-export.csv", rows)
    truth.case("unknown_column", "", "learners/learners-web-export.csv: last_ip_address, favourite_colour")


def odd_learners(landing: Path, strangers: People, template: Row, truth: Truth) -> None:
    """New people in lines that cannot be read: a birth date that is none, a name in Latin-1."""
    rows = []
    for person, birth in enumerate(("31/02/2001", "2001-02-03", "2002-03-04")):
        learner = strangers.learner_id[person]
        truth.plant(learner, "learner_id", learner)
        truth.plant(learner, "account_name", strangers.account[person])
        truth.plant(learner, "email", strangers.email[person])
        rows.append(
            {
                **template,
                "learner_id": learner,
                "account_name": strangers.account[person],
                "email": strangers.email[person],
                "given_name": strangers.given[person],
                "family_name": "LATIN" if person == 1 else "Dupré",
                "birth_date": birth,
                "last_login_at": template["registered_at"] + timedelta(days=1),
            }
        )
    text = as_csv(rows).encode().replace(b"LATIN", "Lefèvre".encode("latin-1"))
    write_bytes(landing / "learners" / "learners-broken.csv", text)
    truth.case("bad_date", strangers.learner_id[0], "learners/learners-broken.csv")
    truth.case("wrong_encoding", strangers.learner_id[1], "learners/learners-broken.csv")


def no_data(landing: Path, truth: Truth) -> None:
    """Files that are not what they claim: a page of a web server, nothing at all, half of a gzip file."""
    write_bytes(
        landing / "nps" / "nps-download.csv",
        b"<!DOCTYPE html>\n<html><body><h1>503 Service Unavailable</h1></body></html>\n",
    )
    write_bytes(landing / "enrolments" / "enrolments-empty.csv", b"")
    packed = gzip.compress(b"learner_id,connected_at\n" * 2000, mtime=0)
    (landing / "connections" / "connections-half.csv.gz").write_bytes(packed[: len(packed) // 2])
    for case, name in (
        ("html_instead_of_data", "nps/nps-download.csv"),
        ("empty_file", "enrolments/enrolments-empty.csv"),
        ("half_a_gzip", "connections/connections-half.csv.gz"),
    ):
        truth.case(case, "", name)
