"""SPSS files: labels of values and variables, missing values, times, encodings; and a damaged file is refused
by a sentence.
"""

import random
from datetime import datetime

import duckdb
import pytest

from anonymart.demo.samples import sample
from anonymart.demo.spss_samples import saved
from anonymart.files.landed import FileRefused
from anonymart.policy import load_policy
from anonymart.surveys.check import check
from anonymart.surveys.delivered import open_file
from anonymart.surveys.spss import variables_and_rows
from tests.ingest.conftest import AS_OF

MOMENTS = [datetime(2026, 1, 5, 9, 30)] * 4
HEAD = {
    "EndDate": ("End Date", MOMENTS, {}),
    "StartDate": ("Start Date", MOMENTS, {}),
    "Status": ("Response Type", [0.0] * 4, {0: "IP Address", 1: "Survey Preview"}),
    "Finished": ("Finished", [1.0, 1.0, 1.0, 0.0], {0: "False", 1: "True"}),
    "ResponseId": ("Response ID", ["R_a", "R_b", "R_c", "R_d"], {}),
    "RecipientEmail": (
        "Recipient Email",
        [f"{name}@school.example" for name in ("ada", "bob", "cyd", "dan")],
        {},
    ),
}
NPS = HEAD | {
    "Q1": (
        "How likely are you to recommend us?",
        [11.0, 1.0, -98.0, 8.0],
        {
            1: "Not at all likely",
            **{n + 1: str(n) for n in range(1, 10)},
            11: "Extremely likely",
            -98: "Do not know",
        },
    ),
    "Q2": ("Why?", ["très bien", "", "", "bof"], {}),
    "Q3": ("Why?", ["", "lent", "", ""], {}),
}


@pytest.mark.parametrize("is_compressed", [False, True])
def test_scores_by_labels_missing_values_and_two_variables_of_one_label(
    small_school, tmp_path, is_compressed
):
    content = saved(NPS, {"Q1": [-98]}, compress=is_compressed)
    small_school.deliver("nps", "file.sav", content)
    counts = small_school.ingest()["nps/file.sav"]
    path = tmp_path / "file.sav"
    path.write_bytes(content)
    found = check(path, "nps", AS_OF, load_policy())
    assert (counts.delivered, counts.loaded, counts.reasons) == (
        4,
        2,
        {"a partial answer": 1, "answered_at without a score": 1},
    )
    assert (found.delivered, found.loaded, found.reasons) == (4, 2, counts.reasons)
    assert found.fields["comment"].endswith("(columns 8, 9)")
    assert small_school.ask("SELECT score, answered_at::VARCHAR FROM vault.answers.nps ORDER BY score") == [
        (0, "2026-01-05 09:30:00"),
        (10, "2026-01-05 09:30:00"),
    ]


def test_a_salary_is_read_by_the_label_of_its_variable(small_school):
    small_school.deliver(
        "salary",
        "pay.sav",
        saved(
            HEAD
            | {
                "Q1": ("Avez-vous un emploi ?", [1.0, 1.0, 2.0, 1.0], {1: "Oui", 2: "Non"}),
                "Q2": ("Temps de travail", [1.0, 2.0, 1.0, 1.0], {1: "Temps plein", 2: "Mi-temps"}),
                "Q3": ("Salaire annuel brut, en k€", [35.0, 18.5, -99.0, 40.0], {}),
                "Q4": ("Pays", [1.0, 1.0, 1.0, 1.0], {1: "France", 2: "Sénégal"}),
            },
            {"Q3": [{"lo": -99, "hi": -90}]},
        ),
    )
    assert small_school.ingest()["salary/pay.sav"].salaries == {"stands": 2, "not_stated": 1}
    assert small_school.ask(
        "SELECT salary_amount, salary_currency, salary_period, salary_basis, working_time, country FROM "
        "vault.raw.salary WHERE salary_amount IS NOT NULL ORDER BY 1"
    ) == [
        (18500.0, "EUR", "year", "gross", "part_time_50", "France"),
        (35000.0, "EUR", "year", "gross", "full_time", "France"),
    ]


@pytest.mark.parametrize(("values", "labels", "texts"), [
    ([0.0, 10.0, 7.0], {0: "Pas du tout", 10: "Tout à fait"}, ["0", "10", "7"]),
    ([0.0, 10.0, 10.0], {0: "Pas du tout", 10: "Tout à fait"}, ["0", "10", "10"]),
    ([1.0, 4.0, 1.0], {1: "Oui", 4: "Non"}, ["Oui", "Non", "Oui"]),
    ([1.0, 2.0, 3.0], {1: "1 à 2 ans", 2: "3 à 5 ans", 3: "plus"}, ["1 à 2 ans", "3 à 5 ans", "plus"]),
    (["Y", "N", ""], {"Y": "Oui", "N": "Non"}, ["Oui", "Non", ""]),
    ([1.5, 2.0, None], {}, ["1.5", "2", None]),
])  # fmt: skip
def test_labels_of_values(tmp_path, values, labels, texts):
    path = tmp_path / "file.sav"
    path.write_bytes(saved({"v": ("?", values, labels)}))
    assert [row[0] for row in variables_and_rows(path)[2]] == texts


def test_damaged_files_are_refused_and_end_nothing(small_school, tmp_path):
    """On some of them the library ends its process."""
    whole, dice = sample("qualtrics-spss"), random.Random(7)
    for number in range(4):
        damaged = bytearray(whole)
        for _ in range(40):
            damaged[dice.randrange(4, len(damaged))] = dice.randrange(256)
        path = tmp_path / f"{number}.sav"
        path.write_bytes(damaged)
        try:
            with duckdb.connect() as connection:
                open_file(connection, path, bytes(damaged[:100]))
        except FileRefused as refusal:
            assert "SPSS" in str(refusal)
    small_school.deliver("nps", "cut.sav", whole[: len(whole) // 2])
    small_school.deliver("nps", "whole.sav", whole)
    counts = small_school.ingest()
    assert (counts["nps/cut.sav"].status, counts["nps/cut.sav"].reason) == (
        "refused",
        "a damaged or incomplete SPSS file: export it again",
    )
    assert counts["nps/whole.sav"].loaded == 39
