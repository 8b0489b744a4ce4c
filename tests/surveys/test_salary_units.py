"""What a mapping, a column or the words of a question say of amounts, and that check and ingestion count the
same figures.
"""

import csv
from pathlib import Path

import pytest

from anonymart.policy import load_policy
from anonymart.surveys import salaries
from anonymart.surveys.check import check
from anonymart.surveys.salary_figures import set_aside
from anonymart.surveys.salary_words import Unit, asked, cell
from tests.ingest.conftest import AS_OF

UNITS = Path(__file__).parent / "units_of_salaries.csv"
HEAD = "Horodateur,Adresse e-mail,Avez-vous un emploi ?,Temps de travail,{}\n"


def test_the_question_says_what_the_answer_does_not():
    with UNITS.open(encoding="utf-8", newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file, delimiter=";")]
    wrong = []
    for question, text, country, amount, currency, period, basis, reading in rows:
        expected = salaries.Salary(
            reading, float(amount) if amount else None, currency or None, period or None, basis or None
        )
        found = salaries.read(text, declared=(Unit(), asked(question)), country=country or None)
        if found != expected:
            wrong.append((question, text, found))
    assert wrong == []


def test_a_column_of_the_row_and_a_text_that_contradict_one_another_are_unclear():
    assert salaries.read("80 000 €", Unit(currency="CAD")).reading == "unclear"
    assert salaries.read("80 000 $", Unit(currency="CAD")).currency == "CAD"
    assert salaries.read("2300 net", Unit(basis="gross")).reading == "unclear"
    assert salaries.read("5500", Unit(period="year")) == salaries.Salary("salary", 5500.0, None, "year", None)
    assert salaries.read("2300", declared=(Unit(period="month"), Unit(period="year"))).period == "month"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("U.S. dollars ($)", Unit("USD", sign="dollar")),
        ("EUR - Euro", Unit("EUR")),
        ("FCFA", Unit(sign="cfa")),
        ("Annuelle brute", Unit(None, "year", "gross")),
        ("year", Unit(None, "year")),
        ("je ne sais pas", Unit()),
    ],
)
def test_cells_of_columns_are_read_by_the_words_of_answers(text, unit):
    assert cell(text) == unit


def answers(question: str, texts: list[str]) -> str:
    rows = [
        f'15/12/2024 10:{n // 60:02}:{n % 60:02},p{n}@school.example,Oui,temps plein,"{text}"\n'
        for n, text in enumerate(texts)
    ]
    return HEAD.format(question) + "".join(rows)


TYPED = [
    "38k€ brut",
    "38k€",
    "TJM 450 brut",
    "ça dépend",
    "3 800 € brut/an",
    "420 000 DA brut par mois",
    "NC",
    "15 000 $ CA brut par mois",
]
FORMS = {
    "asked.csv": (
        answers("Quel est votre salaire annuel brut en euros ?", [str(30_000 + 250 * n) for n in range(60)]),
        {"stands": 60},
    ),
    "typed.csv": (
        answers("Votre salaire", TYPED),
        {
            "stands": 2,
            "basis_unknown": 1,
            "currency_unknown": 1,
            "daily_rate": 1,
            "impossible": 1,
            "not_stated": 1,
            "unclear": 1,
        },
    ),
    "not_asked.csv": (
        "Horodateur,Adresse e-mail,Votre salaire actuel\n2025/05/01 10:00:00 AM "
        "UTC+2,a@school.example,15 000 € brut sur 12 mois\n",
        {"stands": 0, "employment_unknown": 1},
    ),
    "thousands.csv": (
        answers('"Salaire mensuel net, en k€"', ["2,1", "2,4", "28"]),
        {"stands": 2, "unclear": 1},
    ),
}


def test_check_and_ingestion_count_the_same_figures_by_reason(small_school, tmp_path):
    """And the ledger keeps what is set aside, while every row is accounted for."""
    for name, (content, _) in FORMS.items():
        small_school.deliver("salary", name, content)
        (tmp_path / name).write_text(content, encoding="utf-8")
    loaded = small_school.ingest()
    for name, (_, expected) in FORMS.items():
        counts, found = loaded[f"salary/{name}"], check(tmp_path / name, "salary", AS_OF, load_policy())
        assert found.salaries == counts.salaries == expected
        assert sum(expected.values()) == counts.loaded == found.loaded
        assert counts.delivered == counts.loaded + counts.refused + counts.quarantined + counts.duplicate
    kept = small_school.ask(
        "SELECT reason, sum(n_rows)::INT FROM vault.ledger.reasons WHERE disposition = 'set aside' "
        "GROUP BY ALL ORDER BY ALL"
    )
    lost = [each for _, expected in FORMS.values() for each in set_aside(expected).items()]
    assert kept == sorted(
        (f"salary: {reason}", sum(n for other, n in lost if other == reason)) for reason in dict(lost)
    )
    assert small_school.ask(
        "SELECT median(salary_amount), min(salary_period), min(salary_currency) FROM vault.raw.salary "
        "WHERE load_no = 1"
    ) == [(37375.0, "year", "EUR")]


def test_a_mapping_declares_what_nothing_else_says(tmp_path):
    path, mapping = tmp_path / "own.csv", tmp_path / "own.yml"
    path.write_text(
        "learner_id,when,pay,cur\nL1,2025-05-01,300000,USD\nL2,2025-05-01,9000,EUR\nL3,2025-05-01,5500,EUR\nL4,2025-05-01,420000,SEK\n"
        "L5,2025-05-01,4500000,JPY\nL6,2025-05-01,3600000,XOF\nL7,2025-05-01,52000,EUR\nL8,2025-05-01,2500,EUR\n",
        encoding="utf-8",
    )
    text = (
        "tool: own\ntitle: x\nsources: [salary]\nrecognised_by: [learner_id, when, pay, cur]\nperiod: "
        "year\nbasis: gross\n"
        "fields:\n  learner_id: {columns: [learner_id]}\n  answered_at: {columns: [when]}\n  salary: "
        "{columns: [pay]}\n  salary_currency: {columns: [cur]}\n"
        'constants: {employed: "true", working_time: full_time}\n'
    )
    mapping.write_text(text, encoding="utf-8")
    assert check(path, "salary", AS_OF, load_policy(), mapping).salaries == {"stands": 7, "impossible": 1}
    mapping.write_text(text.replace("  salary: {", "  salary_amount: {"), encoding="utf-8")
    assert check(path, "salary", AS_OF, load_policy(), mapping).salaries == {"stands": 7, "impossible": 1}
