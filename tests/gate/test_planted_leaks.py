"""Every leak that is planted in a candidate is found in the right mart and column, and named by its kind
(S-ANON, D-IDENT).
"""

import base64
import hashlib
import json
import os
from contextlib import suppress
from datetime import date
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anonymart.detect.decoding import decoded
from anonymart.errors import AnonymartError
from anonymart.gate import gate
from anonymart.policy import Policy
from anonymart.session import Session
from tests.gate.school import AS_OF, NEXT_MONTH, engagement, nps, reseal

pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack"),
]
ENGAGEMENT, NPS, SALARY = "course_engagement_monthly", "nps_quarterly", "salary_outcome"


def found(school, candidate, as_of=AS_OF, of_bytes=False) -> set[tuple[str, str, str]]:
    """What the gate refuses; every change of a file by hand is seen in its bytes too, which only the tests of
    bytes look at.
    """
    report = gate(Session(school.home, school.keys, school.policy), candidate, as_of)
    text = json.dumps(report.as_dict()) + (candidate / "gate.json").read_text(encoding="utf-8")
    for secret in ("annemartin77", "example.org", "learner-000001", "learner-000002"):
        assert secret not in text
    kinds = {(failure.mart, failure.column, failure.kind) for failure in report.failures}
    return kinds if of_bytes else {each for each in kinds if each[2] != "bytes_unlike_reading"}


def change(mart, column, value, where="true"):
    return f"UPDATE release.main.{mart} SET {column} = {value} WHERE {where}"


def test_a_sound_candidate_passes(school):
    assert found(school, school.candidate(), of_bytes=True) == set()


def test_a_text_that_was_no_code_is_no_diploma(school):
    """The history keeps such texts as one word, which many learners then share."""
    candidate = school.candidate()
    with school.connect(vault="rw", warehouse="rw") as connection:
        connection.execute("""
            CREATE TABLE warehouse.intermediate.int_enrolments AS
            SELECT i AS identity_key, 'unknown' AS diploma_id FROM range(5) AS learners (i)""")
    school.tamper(candidate, change(SALARY, "diploma_id", "'unknown'", "diploma_id <> 'all'"))
    assert (SALARY, "diploma_id", "code_outside_list") in found(school, candidate)


def test_what_nobody_reads_is_seen_in_the_bytes(school):
    """Deleted rows, bytes behind the end, unused entries of a dictionary, a key that stands twice: all are
    sealed in the manifest.
    """
    candidate = school.candidate()
    school.tamper(
        candidate,
        f"INSERT INTO release.main.{NPS} (path_id, quarter) SELECT 'anne.martin@example.org' || i, "
        f"DATE '2020-01-01' FROM range(3000) AS more (i)",
        "CHECKPOINT release",
        f"DELETE FROM release.main.{NPS} WHERE path_id LIKE 'anne%'",
        seal=False,
    )
    with (candidate / "parquet" / f"{ENGAGEMENT}.parquet").open("ab") as file:
        file.write(b"anne.martin@example.org")
    path = candidate / "parquet" / f"{SALARY}.parquet"
    table = pq.read_table(path)
    codes = pa.DictionaryArray.from_arrays(
        pa.array([0] * len(table)), pa.array([table["diploma_id"][0].as_py(), "anne.martin@example.org"])
    )
    pq.write_table(table.set_column(0, "diploma_id", codes), path, store_schema=False)
    package = candidate / "datapackage.json"
    package.write_text(
        package.read_text(encoding="utf-8").replace("{", '{"name": "anne.martin@example.org",', 1),
        encoding="utf-8",
    )
    reseal(candidate)
    unlike = {(column, kind) for _, column, kind in found(school, candidate, of_bytes=True)}
    for name in (
        "marts.duckdb",
        f"parquet/{ENGAGEMENT}.parquet",
        f"parquet/{SALARY}.parquet",
        "datapackage.json",
    ):
        assert (name, "bytes_unlike_reading") in unlike, name


def test_what_lies_beside_the_bytes_is_refused(school, tmp_path):
    candidate = school.candidate()
    (candidate / "parquet" / "anne").mkdir()
    os.link(candidate / "privacy_report.json", candidate.parent / "second-name.json")
    expected = {"extra_folder", "hard_link"}
    with suppress(OSError):
        os.setxattr(candidate / "datapackage.json", "user.author", b"anne.martin@example.org")
        expected.add("extended_attribute")
    assert {kind for _, _, kind in found(school, candidate, of_bytes=True)} == expected
    os.mkfifo(candidate / "pipe")
    with pytest.raises(AnonymartError, match="no file, folder or link"):
        found(school, candidate)


EMAIL = "anne.martin@example.org"


@pytest.mark.parametrize("code", [
    base64.b64encode(EMAIL.encode()).decode(), base64.urlsafe_b64encode(EMAIL.encode()).decode().rstrip("="),
    EMAIL.encode().hex(), quote(EMAIL, safe=""),
    "".join(f"%{byte:02x}" for byte in EMAIL.encode()), EMAIL.replace("@", "&#64;").replace(".", "&period;"),
    "\u200b".join(EMAIL),
    "".join(chr(ord(sign) + 0xFEE0) for sign in EMAIL), f"course-{base64.b64encode(EMAIL.encode()).decode()}",
])  # fmt: skip
def test_an_address_is_read_once_it_is_decoded(code):
    assert EMAIL in decoded(code), code


def test_decoded_and_cut_identifiers_in_values(school):
    candidate = school.candidate()
    school.tamper(
        candidate,
        change(NPS, "path_id", f"'{base64.b64encode(EMAIL.encode()).decode()}'", "path_id <> 'all'"),
    )
    assert (NPS, "path_id", "known_email") in found(school, candidate)
    candidate = school.candidate()
    school.tamper(
        candidate,
        change(NPS, "path_id", f"'path-{hashlib.sha1(EMAIL.encode()).hexdigest()[:12]}'", "path_id <> 'all'"),
    )
    assert (NPS, "path_id", "known_hash") in found(school, candidate)


def test_a_default_of_a_column(school):
    candidate = school.candidate()
    school.tamper(
        candidate, f"ALTER TABLE release.main.{NPS} ALTER path_id SET DEFAULT 'anne.martin@example.org'"
    )
    assert ("*", "*", "extra_default") in found(school, candidate)


IN_VALUES = {
    "anne.martin@example.org": "email",
    "someone.else@example.com": "email",
    "06 12 34 56 78": "phone_fr",
    "+33612345678": "phone",
    "192.168.1.20": "ipv4",
    "2001:db8::8a2e:370:7334": "ipv6",
    "2 55 08 14 168 025 38": "nir",
    "FR1420041010050500013M02606": "iban",
    "0f8fad5b-d9cb-469f-a165-70867728950e": "uuid",
    "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9": "hash",
    "https://social.example/u/1": "url",
    "@anne_m": "handle",
    "4539 5787 6362 1486": "card",
    "12 rue Victor Hugo, 75011 Paris": "address",
    "née le 3 mars 1998": "birth_date",
    "merci à Sylvie": "name",
    hashlib.sha256(b"anne.martin@example.org").hexdigest(): "known_hash",
    "annemartin77": "known_account",
    "LEARNER-000001": "known_learner_id",
    "ANNE.MARTIN@EXAMPLE.ORG": "known_email",
    "for Zoe": "known_given_name",
    "zoé le-goff": "known_family_name",
}


def test_an_identifier_in_a_value(school):
    months = [date(2020 + n // 12, n % 12 + 1, 1) for n in range(len(IN_VALUES))]
    school.build([engagement(month=month) for month in months])
    for month, value in zip(months, IN_VALUES, strict=True):
        with school.connect(warehouse="rw") as connection:
            connection.execute(
                f"UPDATE warehouse.marts.{ENGAGEMENT} SET course_id = ? WHERE month = ?", [value, month]
            )
    report = gate(Session(school.home, school.keys, school.policy), school.candidate(), AS_OF)
    counts = {
        failure.kind: failure.n for failure in report.failures if failure[:2] == (ENGAGEMENT, "course_id")
    }
    assert set(IN_VALUES.values()) <= set(counts)
    assert counts["code_outside_list"] == len(IN_VALUES)
    assert (counts["email"], counts["known_email"], counts["nir"]) == (3, 2, 1)


def test_an_identifier_in_the_catalogue_itself(school):
    with school.connect(vault="rw") as connection:
        connection.execute(
            "INSERT INTO vault.catalogue.items (item_kind, item_key, code) VALUES ('course', 'anne', "
            "'anne.martin@example.org')"
        )
    candidate = school.candidate()
    school.tamper(
        candidate, change(ENGAGEMENT, "course_id", "'anne.martin@example.org'", "course_id = 'julia'")
    )
    failures = found(school, candidate)
    assert {(ENGAGEMENT, "course_id", "email"), (ENGAGEMENT, "course_id", "known_email")} <= failures
    assert (ENGAGEMENT, "course_id", "code_outside_list") not in failures


AROUND = {
    f'ALTER TABLE release.main.{NPS} ADD COLUMN "anne.martin@example.org" INTEGER': [
        (NPS, "#26", "known_email in column_name"),
        (NPS, "#26", "email in column_name"),
        (NPS, "#26", "extra_column"),
    ],
    f"COMMENT ON TABLE release.main.{ENGAGEMENT} IS 'made by anne.martin@example.org'": [
        (ENGAGEMENT, "*", "email in table_comment"),
        (ENGAGEMENT, "*", "comment_outside_contract"),
    ],
    f"COMMENT ON TABLE release.main.{SALARY} IS 'made by annemartin77 alone'": [
        (SALARY, "*", "known_account in table_comment"),
        (SALARY, "*", "comment_outside_contract"),
    ],
    f"COMMENT ON COLUMN release.main.{NPS}.nps IS 'ask 06 12 34 56 78'": [
        (NPS, "nps", "phone_fr in column_comment"),
        (NPS, "nps", "comment_outside_contract"),
    ],
    "ALTER TABLE release.main.rncp_promotion DROP COLUMN insertion_rate_6m": [
        ("rncp_promotion", "insertion_rate_6m", "missing_column"),
    ],
    f"ALTER TABLE release.main.{SALARY} ALTER n_graduates TYPE VARCHAR": [
        (SALARY, "n_graduates", "wrong_type")
    ],
    "CREATE TABLE release.main.people AS SELECT 'learner-000001' AS x": [("*", "*", "extra_table")],
    "CREATE TABLE release.main.more AS SELECT 1 AS x": [("*", "*", "extra_table")],
    f"CREATE VIEW release.main.v AS SELECT 1 AS learner FROM release.main.{NPS}": [("*", "*", "extra_view")],
    "CREATE MACRO release.main.m() AS 'anne.martin@example.org'": [("*", "*", "extra_macro")],
    "CREATE TYPE release.main.t AS ENUM ('anne.martin@example.org')": [("*", "*", "extra_type")],
    'CREATE SCHEMA release."anne.martin@example.org"': [("*", "*", "extra_schema")],
    "CREATE SEQUENCE release.main.s": [("*", "*", "extra_sequence")],
    "CREATE INDEX i ON release.main.chapter_completion (course_id)": [("*", "*", "extra_index")],
}


def test_a_leak_around_the_values(school):
    candidate = school.candidate()
    school.tamper(candidate, *AROUND)
    failures = found(school, candidate)
    assert {expected for those in AROUND.values() for expected in those} - failures == set()
    assert any(mart.startswith("table #") and rest == ["#1", "known_learner_id"] for mart, *rest in failures)


def test_a_mart_that_is_gone(school):
    candidate = school.candidate()
    school.tamper(candidate, f"DROP TABLE release.main.{NPS}", seal=False)
    assert {(NPS, "*", "missing_mart"), ("*", "marts.duckdb", "altered_file")} <= found(school, candidate)


def test_parquet_metadata_and_rows(school):
    candidate = school.candidate()
    path = candidate / "parquet" / f"{NPS}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{candidate / 'marts.duckdb'}' AS release (READ_ONLY)")
        connection.execute(
            f"COPY release.main.{NPS} TO '{path}' (FORMAT parquet, KV_METADATA {{author: "
            f"'anne.martin@example.org'}})"
        )
        other = candidate / "parquet" / f"{SALARY}.parquet"
        connection.execute(
            f"COPY (SELECT * REPLACE (35000 AS salary_p50) FROM release.main.{SALARY}) TO '{other}' "
            f"(FORMAT parquet)"
        )
    reseal(candidate)
    assert {
        (NPS, "*", "email in parquet_metadata"),
        (NPS, "*", "known_email in parquet_metadata"),
        (SALARY, "*", "parquet_unlike_table"),
    } <= found(school, candidate)


def test_files_that_a_release_does_not_have_or_that_changed(school):
    candidate = school.candidate()
    (candidate / "notes-of-anne.martin@example.org.txt").write_text("x")
    (candidate / "datapackage.json").write_text('{"author": "anne.martin@example.org"}')
    kinds = {(column, kind) for _, column, kind in found(school, candidate)}
    assert {kind for _, kind in kinds} >= {
        "extra_file",
        "altered_file",
        "data_package_unlike_contract",
        "email in datapackage",
        "email in file_name",
    }
    (candidate / "parquet" / f"{NPS}.parquet").unlink()
    assert ("*", f"parquet/{NPS}.parquet", "missing_file") in found(school, candidate)


def test_a_privacy_report_that_says_more_than_it_may(school):
    candidate = school.candidate()
    path = candidate / "privacy_report.json"
    report = json.loads(path.read_text())
    # The error of a few cells, a number that is nobody's figure, and a name.
    report["marts"][NPS]["mean_error_persons"] = 0.4
    path.write_text(json.dumps(report))
    reseal(candidate)
    unlike = ("*", "privacy_report.json", "privacy_report_unlike_evidence")
    assert found(school, candidate) == {unlike}
    path.write_text(json.dumps(report | {"phone": 33612345678, "author": "anne.martin@example.org"}))
    reseal(candidate)
    assert found(school, candidate) >= {
        unlike,
        ("*", "*", "email in privacy_report"),
        ("*", "*", "known_email in privacy_report"),
    }
    path.unlink()
    reseal(candidate)
    assert found(school, candidate) == {unlike, ("*", "privacy_report.json", "missing_file")}


def test_an_entry_in_the_manifest(school):
    candidate = school.candidate()
    manifest = json.loads((candidate / "manifest.json").read_text())
    (candidate / "manifest.json").write_text(json.dumps(manifest | {"author": "anne.martin@example.org"}))
    assert {("*", "manifest.json", "manifest_entry_unknown"), ("*", "*", "email in manifest")} <= found(
        school, candidate
    )


@pytest.mark.parametrize("value", ["0" * 64, "anne.martin@example.org", None])
def test_another_definition_in_the_manifest(school, value):
    """A hash that is not that of the definition, or anything in its place: each is known beforehand."""
    candidate = school.candidate()
    manifest = json.loads((candidate / "manifest.json").read_text())
    told = {**manifest["definitions"], "seeds/verbs": value} if value else None
    (candidate / "manifest.json").write_text(json.dumps(manifest | {"definitions": told}))
    assert ("*", "manifest.json", "manifest_entry_unknown") in found(school, candidate)


FIGURES = (
    {
        (ENGAGEMENT, "n_registrations", "2"): "count_under_threshold",
        (ENGAGEMENT, "n_completions", "7"): "count_unlike_persons",
        (ENGAGEMENT, "median_progress", "61.3"): "quantile_unlike_persons",
        (NPS, "response_rate", "0.59"): "rate_unlike_counts",
        (NPS, "response_rate_low", "0.6"): "interval_unlike_rate",
        (SALARY, "employed_rate_low", "0.94"): "interval_unlike_rate",
        (SALARY, "in_field_rate_high", "0.8"): "interval_unlike_rate",
        (NPS, "nps", "25.5"): "nps_unlike_counts",
        (NPS, "nps_low", "10"): "nps_unlike_counts",
        (SALARY, "employed_rate", "0.9688"): "rate_unlike_counts",
        (SALARY, "salary_p50", "33050"): "quantile_unlike_persons",
    },
    {
        (ENGAGEMENT, "n_registrations", "20"): "count_unlike_persons",
        (ENGAGEMENT, "n_completions_reason", "'too_few'"): "empty_without_reason",
        (ENGAGEMENT, "median_progress", "70"): "quantile_unlike_persons",
        (NPS, "n_passives_reason", "'too_few'"): "empty_without_reason",
    },
    {(ENGAGEMENT, "n_completions_reason", "'under 11'"): "empty_without_reason"},
)


@pytest.mark.parametrize("planted", FIGURES)
def test_a_figure_that_is_not_what_it_should_be(school, planted):
    candidate = school.candidate()
    school.tamper(candidate, *(change(*plant) for plant in planted))
    failures = found(school, candidate)
    for (mart, column, _), kind in planted.items():
        figure = column.removesuffix("_reason")
        assert {(mart, figure, kind), (mart, figure, "figure_unlike_evidence")} <= failures


def test_a_dimension_that_is_not_what_it_should_be(school):
    planted = {
        (ENGAGEMENT, "month", "DATE '2026-04-02'"): "day_inside_period",
        (NPS, "path_id", "'path-of-somebody'"): "code_outside_list",
        (SALARY, "months_after", "12"): "number_outside_range",
        (SALARY, "graduation_year_from", "2025"): "day_inside_period",
    }
    candidate = school.candidate()
    school.tamper(candidate, *(change(*plant) for plant in planted))
    assert {(mart, column, kind) for (mart, column, _), kind in planted.items()} <= found(school, candidate)


def test_everybody_is_a_detractor(school):
    school.build([cell for cell in [engagement()]])
    from tests.gate.school import nps

    cell = nps(detractors=90)
    cell.true_counts |= {"n_promoters": 0, "n_passives": 0, "n_detractors": 120}
    cell.published |= {
        "n_promoters": 0,
        "n_passives": 0,
        "n_detractors": 120,
        "nps": -100.0,
        "nps_low": -100.0,
        "nps_high": -99.0,
    }
    school.build([cell])
    failures = found(school, school.candidate())
    for column in ("n_detractors", "n_passives", "n_promoters"):
        assert (NPS, column, "clipped_count_shown") in failures


def test_one_salary_that_dwarfs_its_cell(school):
    with school.connect(warehouse="rw") as connection:
        connection.execute(
            "UPDATE warehouse.intermediate.int_people__salary_outcome SET salary_eur_year = 40000000 "
            "WHERE salary_eur_year > 35850"
        )
    assert (SALARY, "salary_p50", "dominated_money") in found(school, school.candidate())


def test_a_salary_beside_that_of_all_with_few_between(school):
    """All graduates are the diploma's and three more: the two medians side by side would tell of the
    three.
    """
    from tests.gate.school import salary

    whole = salary()
    whole.dimensions |= {"diploma_id": "all"}
    with school.connect(warehouse="rw") as connection:
        people = "warehouse.intermediate.int_people__salary_outcome"
        connection.execute(f"INSERT INTO {people} SELECT * REPLACE ('all' AS diploma_id) FROM {people}")
    school.build([salary(), whole])
    assert not any(kind == "nested_figure_too_near" for _, _, kind in found(school, school.candidate()))
    with school.connect(warehouse="rw") as connection:
        more = (
            f"SELECT * REPLACE ('q' || pseudonym AS pseudonym) FROM {people} WHERE diploma_id = 'all' LIMIT 3"
        )
        connection.execute(f"INSERT INTO {people} {more}")
    failures = found(school, school.candidate())
    # The share of employed is clipped in both; that in the field is not, and has its noise.
    assert {column for mart, column, kind in failures if kind == "nested_figure_too_near"} == {
        "salary_p25", "salary_p50", "salary_p75", "employed_rate",
    }  # fmt: skip
    with school.connect(warehouse="rw") as connection:
        connection.execute(
            f"DELETE FROM {people} WHERE diploma_id <> 'all' AND pseudonym IN (SELECT 'p' || i FROM "
            f"range(20) AS few (i))"
        )
    failures = found(school, school.candidate())
    assert not any(kind == "nested_figure_too_near" for _, _, kind in failures)


def test_few_persons_under_a_quantile_and_a_rate(school):
    from tests.gate.school import nps

    few = engagement()
    few.true_counts |= {"median_progress": 19}
    rate = nps()
    rate.true_counts |= {"n_invited": 20, "n_respondents": 12}
    rate.published |= {"n_invited": 20, "n_respondents": None}
    rate.reasons |= {"n_respondents": "too_few"}
    school.build([few, rate])
    failures = found(school, school.candidate())
    assert (ENGAGEMENT, "median_progress", "quantile_on_few_persons") in failures
    assert (NPS, "response_rate", "rate_on_few_persons") in failures


def test_a_person_out_of_the_window(school):
    school.build([engagement(earliest_closing_on=date(2026, 6, 29))])
    assert found(school, school.candidate()) == {(ENGAGEMENT, "*", "person_out_of_window")}


def test_a_person_on_the_last_day_of_the_window(school):
    school.build([engagement(earliest_closing_on=AS_OF)])
    assert found(school, school.candidate()) == set()


def test_a_cell_that_says_it_is_complete_and_is_not(school):
    # Two windows: five years from the first day of the month, four from that of a quarter of a survey.
    school.build([engagement(month=date(2021, 6, 1)), nps(quarter=date(2022, 4, 1))])
    candidate = school.candidate()
    assert found(school, candidate) == set()
    school.tamper(
        candidate, *(f"UPDATE release.main.{told} SET is_complete = true" for told in (ENGAGEMENT, NPS))
    )
    assert found(school, candidate) == {
        (told, "*", "completeness_unlike_dates") for told in (ENGAGEMENT, NPS)
    }
    school.build([engagement(month=date(2021, 7, 1))])
    candidate = school.candidate()
    school.tamper(candidate, f"UPDATE release.main.{ENGAGEMENT} SET is_complete = false")
    assert found(school, candidate) == {(ENGAGEMENT, "*", "completeness_unlike_dates")}


def test_an_open_period(school):
    # May ends on the 31st, and thirty days for late data end on the 30th of June
    school.build([engagement(month=date(2026, 5, 1))])
    assert found(school, school.candidate()) == set()
    school.build([engagement(month=date(2026, 6, 1))])
    assert found(school, school.candidate()) == {(ENGAGEMENT, "*", "open_period")}


def test_an_observation_that_depends_on_a_dimension(school):
    from tests.gate.school import salary

    late = salary()
    late.dimensions |= {"months_after": 24}
    with school.connect(warehouse="rw") as connection:
        connection.execute("UPDATE warehouse.intermediate.int_people__salary_outcome SET months_after = 24")
    school.build([late])
    assert found(school, school.candidate()) == {(SALARY, "*", "open_period")}


def test_evidence_of_another_day_and_cells_without_it(school):
    school.build([engagement()], as_of=date(2026, 6, 29))
    assert found(school, school.candidate()) == {(ENGAGEMENT, "*", "evidence_of_another_day")}
    school.build([engagement(), engagement(course="course-data")])
    candidate = school.candidate()
    school.tamper(
        candidate,
        f"DELETE FROM release.main.{ENGAGEMENT} WHERE course_id = 'julia'",
        f"INSERT INTO release.main.{ENGAGEMENT} SELECT * REPLACE ('course-ruby-basics' AS course_id) "
        f"FROM release.main.{ENGAGEMENT}",
        f"INSERT INTO release.main.{ENGAGEMENT} SELECT * FROM release.main.{ENGAGEMENT} WHERE "
        f"course_id = 'course-data'",
    )
    assert found(school, candidate) >= {
        (ENGAGEMENT, "*", "evidence_without_cell"),
        (ENGAGEMENT, "*", "cell_without_evidence"),
        (ENGAGEMENT, "*", "cell_twice"),
    }


def test_carried_cells(school):
    from tests.release.yes import publish

    candidate = school.candidate()
    gate(Session(school.home, school.keys, school.policy), candidate, AS_OF)
    publish(Session(school.home, school.keys, school.policy), candidate)
    school.build([engagement(month=date(2026, 5, 1))], NEXT_MONTH)
    candidate = school.candidate(NEXT_MONTH)
    assert found(school, candidate, NEXT_MONTH) == set()
    # What is out was let out by the policy of its day: a stricter one rules the cells that close afterwards.
    stricter = Policy(
        {**school.policy.raw, "quantiles": {**school.policy.raw["quantiles"], "smallest_base_median": 1000}}
    )
    report = gate(Session(school.home, school.keys, stricter), candidate, NEXT_MONTH)
    # And the report tells the register that it was made under.
    unlike = ("*", "privacy_report.json", "privacy_report_unlike_evidence")
    assert {failure[:3] for failure in report.failures} == {
        (ENGAGEMENT, "median_progress", "quantile_on_few_persons"),
        unlike,
    }
    school.tamper(candidate, change(NPS, "n_invited", "205"), f"DELETE FROM release.main.{SALARY}")
    assert found(school, candidate, NEXT_MONTH) == {
        (NPS, "n_invited", "carried_cell_changed"),
        (SALARY, "*", "carried_cell_missing"),
        # Its diplomas are known by the published cells alone.
        ("diploma", "*", "names_unlike_catalogue"),
        unlike,
    }
    # A published release is read again later as it was then, and is left as it is.
    before = sorted(str(path) for path in school.home.current.resolve().rglob("*"))
    report = gate(Session(school.home, school.keys, school.policy), school.home.current.resolve())
    assert report.passed
    assert sorted(str(path) for path in school.home.current.resolve().rglob("*")) == before
    # A file that its manifest does not name was laid there later, or belongs to a release of 0.1.0, which had
    # none.
    manifest = json.loads((school.home.current / "manifest.json").read_text())
    del manifest["files"]["privacy_report.json"], manifest["approval"]
    (school.home.current / "manifest.json").write_text(json.dumps(manifest))
    failures = gate(Session(school.home, school.keys, school.policy), school.home.current.resolve()).failures
    assert [failure.kind for failure in failures] == ["extra_file"]
    (school.home.current / "privacy_report.json").unlink()
    assert gate(Session(school.home, school.keys, school.policy), school.home.current.resolve()).passed


def test_names_that_are_codes_or_words_of_ours_are_no_leak(school):
    # The vault knows a Julia, a Ruby, a Data and a Learners; there are courses julia and course-ruby-basics,
    # and every
    # description speaks of learners and data.
    candidate = school.candidate()
    assert found(school, candidate) == set()


def test_an_account_that_is_a_plain_word_stops_no_release_and_one_with_digits_does(school):
    with school.connect(vault="rw") as connection:
        connection.execute(
            "UPDATE vault.register.learners SET account_name = 'julia' WHERE given_name = 'Julia'"
        )
    candidate = school.candidate()
    assert found(school, candidate) == set()
    school.tamper(candidate, change(ENGAGEMENT, "course_id", "'learner-000001'", "course_id = 'julia'"))
    assert {(mart, kind) for mart, _, kind in found(school, candidate)} >= {(ENGAGEMENT, "known_learner_id")}
