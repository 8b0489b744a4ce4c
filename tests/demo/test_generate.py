"""The fictional school: same seed, same bytes; all that it plants is told; every special case is there."""

import csv
import gzip
import hashlib
import json
import re
from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from anonymart.demo.cli import generate_command
from anonymart.demo.contacts import iban, social_security_number
from anonymart.demo.generate import generate
from anonymart.errors import UsageError
from anonymart.source_order import SOURCES

AS_OF = date(2026, 6, 30)
CASES = [
    "older_than_window", "no_last_use", "window_last_day", "window_first_day_out", "minor",
    "minor_at_first", "consent_withdrawn", "statistics_withdrawn", "objection", "request_access",
    "request_rectify", "request_erase", "request_restrict", "request_port", "request_withdraw",
    "request_death", "many_identities", "second_email", "email_case", "email_dots",
    "email_dots_other_person", "identifier_in_comment", "tiny_diploma", "dwarfing_salary",
    "all_detractors", "duplicate_delivery", "no_person", "broken_json", "truncated_last_line",
    "wrong_encoding", "not_a_statement", "bad_date", "bad_score", "score_11", "score_in_words",
    "too_many_columns", "salary_in_words", "impossible_salary", "special_column", "unknown_column",
    "missing_id", "missing_timestamp", "id_not_uuid", "html_instead_of_data", "empty_file",
    "half_a_gzip",
]  # fmt: skip


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    out = tmp_path_factory.mktemp("school")
    generate(out, 600, 7, AS_OF)
    return out


@pytest.fixture(scope="module")
def cases(school):
    found = defaultdict(list)
    for row in _rows(school / "truth" / "cases.csv"):
        found[row["case"]].append((row["learner_id"], row["detail"]))
    return found


def _rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _files(out):
    return sorted(path for path in out.rglob("*") if path.is_file())


def _text(path):
    if path.suffix == ".parquet":
        return json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
    content = path.read_bytes()
    if path.suffix == ".gz" and "half" not in path.name:
        content = gzip.decompress(content)
    return content.decode("utf-8", errors="replace")


def _landed(school, pattern):
    return {path: _text(path) for path in sorted((school / "landing").glob(pattern))}


def _digest(out):
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in _files(out)}


def test_same_seed_same_bytes(school, tmp_path):
    generate(tmp_path / "again", 600, 7, AS_OF)
    generate(tmp_path / "other", 600, 8, AS_OF)
    assert _digest(tmp_path / "again") == _digest(school)
    assert _digest(tmp_path / "other") != _digest(school)


def test_every_source_and_every_kind_of_file(school):
    files = _files(school / "landing")
    assert {path.relative_to(school / "landing").parts[0] for path in files} == set(SOURCES)
    kinds = {"".join(path.suffixes) for path in files}
    assert {".csv", ".csv.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz", ".parquet"} <= kinds


def test_truth_is_complete_and_unique(school):
    rows = _rows(school / "truth" / "identifiers.csv")
    everything = "\n".join(_landed(school, "*/*").values())
    values = [row["value"] for row in rows]
    assert len(values) == len(set(values)) > 1500
    assert [row["kind"] for row in rows if row["value"] not in everything] == []
    assert min(len(value) for value in values) >= 7
    assert {row["kind"] for row in rows} >= {
        "learner_id", "account_name", "email", "full_name", "mbox_sha1", "openid", "session", "phone",
        "social_security_number", "ip_address",
    }  # fmt: skip


def test_no_identifier_looks_like_the_catalogue(school):
    catalogue = (school / "landing" / "catalogue" / "catalogue.json").read_text("utf-8").casefold()
    assert {"julia", "ruby"} <= {row["course_id"] for row in json.loads(catalogue)}
    rows = _rows(school / "truth" / "identifiers.csv")
    assert [row["kind"] for row in rows if row["value"].casefold() in catalogue] == []


def test_every_special_case_is_there(cases):
    assert [case for case in CASES if not cases[case]] == []
    assert len(cases["tiny_diploma"]) == 9


def test_nothing_is_later_than_as_of(school):
    days = set()
    for path, text in _landed(school, "*/*").items():
        if "broken" not in path.name:
            days.update(re.findall(r"\b20[0-9]{2}-[01][0-9]-[0-3][0-9]", text))
    assert "2026-06-2" in max(days) or max(days) == AS_OF.isoformat()
    assert min(day for day in days if day >= "2020-06-30") < "2020-10-01"


def test_all_answers_of_the_hated_cell_are_detractors(school, cases):
    path, quarter = cases["all_detractors"][0][1].split("|")
    begin, end = quarter, str(date.fromisoformat(quarter).replace(day=28))[:7]
    scores = [
        row["score"]
        for name in (school / "landing" / "nps").glob("nps-20*")
        for row in _survey(name)
        if row["path_id"] == path
        and begin <= str(row["asked_at"])[:10]
        and str(row["asked_at"])[:7] <= _last_month(end)
        and row["score"] not in (None, "")
    ]
    assert scores and max(int(score) for score in scores) <= 6


def _last_month(first):
    return f"{first[:5]}{int(first[5:]) + 2:02d}"


def _survey(path):
    text = _text(path)
    if ".csv" in path.name:
        return list(csv.DictReader(text.splitlines()))
    if ".ndjson" in path.name:
        return [json.loads(line) for line in text.splitlines()]
    return json.loads(text)


def test_minors_are_under_fifteen(school, cases):
    born = {}
    for name in (school / "landing" / "learners").glob("learners-20*"):
        born.update({row["learner_id"]: str(row["birth_date"]) for row in _survey(name)})
    assert all(born[learner] > "2011-06-30" for learner, _ in cases["minor"])
    assert all(born[learner] != "None" for learner, _ in cases["minor_at_first"])


def test_duplicates_hold_the_same_statements(school):
    twins = _landed(school, "learning/*-again.ndjson")
    assert [school / "landing" / "learning" / path.name.replace("-again", "") for path in twins]
    for path, text in twins.items():
        assert path.with_name(path.name.replace("-again", "")).read_text("utf-8") == text
    resent = next(iter(_landed(school, "learning/resend*").values())).splitlines()
    known = "\n".join(_landed(school, "learning/statements-20*").values())
    assert resent and all(line in known for line in resent[:50])


def test_statements_are_json_with_their_decoys(school):
    statements = [
        json.loads(line)
        for path, text in _landed(school, "learning/statements-20*.ndjson*").items()
        if "again" not in path.name
        for line in text.splitlines()
    ]
    assert len({statement["id"] for statement in statements}) == len(statements) > 5000
    assert {name for statement in statements for name in statement["actor"]} == {
        "account",
        "mbox",
        "mbox_sha1sum",
        "openid",
        "name",
    }
    assert any("instructor" in statement["context"] for statement in statements)
    assert any("response" in statement.get("result", {}) for statement in statements)
    scores = [
        statement["result"]["score"]["scaled"]
        for statement in statements
        if "score" in statement.get("result", {})
    ]
    assert 0 <= min(scores) < max(scores) <= 1


def test_one_salary_dwarfs_its_cell(school, cases):
    amounts = [
        row["salary_amount"]
        for path in (school / "landing" / "salary").glob("salary-20*")
        for row in _survey_any(path)
    ]
    assert sum(float(amount or 0) == 480_000 for amount in amounts) >= 1
    assert any(diploma == "diploma-game-audio" for _, diploma in cases["dwarfing_salary"])


def _survey_any(path):
    return pq.read_table(path).to_pylist() if path.suffix == ".parquet" else _survey(path)


def test_check_digits_are_right():
    for person in (0, 7, 19_999):
        number = social_security_number(person)
        assert len(number) == 15 and 97 - int(number[:13]) % 97 == int(number[13:])
        account = iban(person)
        assert int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1


def test_a_leap_day_and_a_small_school(tmp_path):
    report = generate(tmp_path, 200, 1, date(2024, 2, 29))
    assert report["statements"] > 2000


def test_a_school_too_small_or_a_used_folder_is_refused(school, tmp_path):
    with pytest.raises(UsageError, match="200 to 90000"):
        generate(tmp_path, 10, 1, AS_OF)
    with pytest.raises(UsageError, match="already holds files"):
        generate(school, 600, 7, AS_OF)


def test_the_command_reports_json(tmp_path):
    told = CliRunner().invoke(generate_command, ["--out", str(tmp_path), "--learners", "200", "--json"])
    assert told.exit_code == 0, told.output
    report = json.loads(told.output)
    assert report["learners"] == 200 and set(report["sources"]) == set(SOURCES)
    assert Path(report["landing"]).is_dir()
