"""Files without a line of names, and names of columns that are somebody's: nobody is named by any log,
ledger, answer or file outside the tables of people.
"""

from __future__ import annotations

import csv
import io
import json

import duckdb
from click.testing import CliRunner

from anonymart import engine
from anonymart.cli.commands import anonymart
from anonymart.demo.samples import sheet
from anonymart.errors import UsageError
from anonymart.ingest import ingest
from anonymart.ingest.headers import shown_names
from anonymart.progress import Progress
from anonymart.session import Session
from tests.ingest.conftest import AS_OF, SmallSchool

PLANTED = (
    "Zoltana",
    "Dubouchard",
    "zoltana.dubouchard@mail.example",
    "L-774411",
    "acct_zoltana",
    "0612345678",
    "Rue_Quenouille",
)
FIRST = {
    "catalogue": ["Zoltana", "Dubouchard", "Rue_Quenouille"],
    "learners": [
        "L-774411",
        "zoltana.dubouchard@mail.example",
        "Zoltana",
        "Dubouchard",
        "acct_zoltana",
        "2001-02-03",
    ],
    "consents": ["L-774411", "Zoltana", "granted", "2026-01-02"],
    "rights": ["Dubouchard", "erase", "zoltana.dubouchard@mail.example", "2026-06-01T10:00:00Z"],
    "enrolments": ["Zoltana", "Rue_Quenouille", "2026-01-01"],
    "connections": ["acct_zoltana", "2026-06-01T10:00:00Z"],
    "learning": ["Zoltana", "Dubouchard", "2026-06-01T10:00:00Z"],
    "nps": ["zoltana.dubouchard@mail.example", "Zoltana", "9", "2026-06-01T10:00:00Z", "0612345678"],
    "salary": ["Dubouchard", "Rue_Quenouille", "41000", "2026-06-01T10:00:00Z"],
}


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def as_ndjson(rows: list[list[str]]) -> bytes:
    return "".join(json.dumps(dict.fromkeys(rows[0], value)) + "\n" for value in ("x", "y")).encode()


def as_parquet(rows: list[list[str]], path) -> bytes:
    with duckdb.connect() as connection:
        columns = ", ".join(f"'x' AS \"{name}\"" for name in rows[0])
        connection.execute(f"COPY (SELECT {columns}) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


RIGHT = {
    "catalogue": "path_id,course_id\np1,c1\n",
    "learners": "learner_id,email\nL1,a@example.org\n",
    "consents": "learner_id,purpose,status,at\nL1,P-STAT,granted,2026-01-01\n",
    "rights": "request_id,kind,learner_id,received_at\nr,object,L1,2026-06-01\n",
    "enrolments": "learner_id,path_id,started_on\nL1,p1,2026-01-01\n",
    "connections": "learner_id,connected_at\nL1,2026-06-01\n",
    "learning": "actor,verb,object,timestamp\nx,y,z,2026-06-01\n",
    "nps": "email,path_id,answered_at,score\na@example.org,p1,2026-06-01,9\n",
    "salary": "learner_id,answered_at\nL1,2026-06-01\n",
}


def assert_nobody(text: str, where: str) -> None:
    found = [name for name in PLANTED if name.lower() in text.lower()]
    assert not found, f"{where}: {found}"


def command(small_school: SmallSchool, *words: str) -> str:
    done = CliRunner().invoke(anonymart, words, env={"ANONYMART_HOME": str(small_school.home.root)})
    assert isinstance(done.exception, (UsageError, SystemExit, type(None))), done.exception
    return done.output + done.stderr + repr(done.exception)


def test_a_file_without_a_header_names_nobody_anywhere(small_school, tmp_path, capfd):
    for source, content in RIGHT.items():
        small_school.deliver(source, "right.csv", content)
    small_school.ingest()
    for source, first in FIRST.items():
        rows = [first, [*reversed(first)]]
        files = {
            "a.csv": as_csv(rows),
            "b.csv": as_csv(rows[:1]),
            "c.ndjson": as_ndjson(rows),
            "d.parquet": as_parquet(rows, tmp_path / "p.parquet"),
        }
        if source in ("nps", "salary"):
            files["e.xlsx"] = sheet(rows)
        for name, content in files.items():
            path = small_school.deliver(source, name, content)
            for word in (
                *(["check"] if name == "a.csv" else []),
                *(["infer"] if source in ("nps", "salary") else []),
            ):
                assert_nobody(
                    command(small_school, "sources", word, str(path), "--source", source),
                    f"{word} {source}/{name}",
                )
    capfd.readouterr()
    report = ingest(
        Session(small_school.home, small_school.keys, small_school.policy, AS_OF), progress=Progress()
    )
    assert {counts.status for counts in report.files if counts.source not in ("learning", "rights")} == {
        "refused"
    }
    assert_nobody("".join(capfd.readouterr()), "the log")
    assert_nobody(json.dumps(report.as_dict(), default=str), "the answer")
    assert_nobody(command(small_school, "sources", "changes", "--json"), "sources changes")
    assert_nobody(ledger(small_school), "the ledger")
    outside = [
        path
        for path in small_school.home.root.rglob("*")
        if path.is_file() and small_school.home.landing not in path.parents
    ]
    assert_nobody(
        " ".join(path.read_bytes().decode("latin-1") + path.name for path in outside), "files of the home"
    )


def ledger(small_school: SmallSchool) -> str:
    tables = small_school.ask(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE database_name = 'vault' AND "
        "schema_name IN ('ledger', 'catalogue')"
    )
    return "".join(repr(small_school.ask(f"FROM vault.{table}")) for (table,) in tables)


def test_a_column_that_is_somebodys_is_not_shown(small_school):
    person = "L-774411,zoltana.dubouchard@mail.example,Zoltana,Dubouchard"
    head = (
        "learner_id,email,given_name,family_name,Zoltana,NotesZoltanaDubouchard,dubouchard_zoltana,"
        "L_774411,nickname,platform_page"
    )
    small_school.deliver("learners", "known.csv", f"{head}\n{person},1,2,3,4,5,6\n")
    small_school.deliver(
        "connections",
        "odd.ndjson",
        [{"learner_id": "L1", "connected_at": "2026-06-02", "Zoltana": 1, "zoltana.dubouchard": 2}],
    )
    found = small_school.ingest()
    hidden = "its name is somebody's"
    assert found["learners/known.csv"].unknown_columns == [
        f"column 5 ({hidden})",
        f"column 6 ({hidden})",
        f"column 7 ({hidden})",
        "column 8 (its name looks like data)",
        "nickname",
        "platform_page",
    ]
    assert_nobody(repr(found["connections/odd.ndjson"]) + ledger(small_school), "JSON")
    with engine.connect(small_school.home, small_school.keys, vault="ro") as connection:
        for name in (
            "Zoltana",
            "dubouchard",
            "ZoltanaDubouchard",
            "mail_zoltana_for_Dubouchard",
            "Zoltana_DUBOUCHARD",
            "zoltana_page",
            "platform",
            "score_26",
        ):
            is_shown = name in ("zoltana_page", "platform", "score_26")
            assert (shown_names(connection, ["learner_id", name], ["learner_id"])[1] == name) == is_shown, (
                name
            )
