"""The Stack Overflow survey of 2017 as questionnaires of fictional graduates: amounts in many currencies, and
outliers.

A diploma is a level of education; who answered with an even number graduated in 2023, the others in 2024,
half a year before the answer. Amounts and words of currency stay as they are; currencies get their codes, the
unknown ones too.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

N_ROWS = 19_101
CURRENCIES = {
    "U.S. dollars": "USD",
    "Euros": "EUR",
    "British pounds": "GBP",
    "Indian rupees": "INR",
    "Canadian dollars": "CAD",
    "Polish zloty": "PLN",
    "Australian dollars": "AUD",
    "Russian rubles": "RUB",
    "Swedish kroner": "SEK",
    "Swiss francs": "CHF",
    "Brazilian reais": "BRL",
    "Chinese yuan": "CNY",
    "Japanese yen": "JPY",
    "South African rands": "ZAR",
    "Mexican pesos": "MXN",
    "Singapore dollars": "SGD",
    "Bitcoin": "BTC",
}


def deliver(folder: Path, landing: Path) -> None:
    """Write the graduates, their enrolments and their questionnaires."""
    with duckdb.connect() as connection:
        prepare(connection, folder)
        for source, query in {
            "learners": "SELECT learner_id, learner_id || '@developers.example' AS email, answered_at AS "
            "last_login_at FROM answers",
            "enrolments": "SELECT learner_id, 'path-survey' AS path_id, graduated_on - 365 AS started_on, "
            "'graduated' AS outcome, diploma_id, graduated_on FROM answers",
            "salary": """
                SELECT 'so-' || Respondent AS response_id, learner_id, diploma_id, graduated_on, answered_at,
                    employed, job_in_field,
                job_title, working_time, Country AS country, Salary AS salary_amount,
                    currency_code AS salary_currency,
                'year' AS salary_period, 'gross' AS salary_basis FROM answers""",
        }.items():
            (landing / source).mkdir(parents=True, exist_ok=True)
            connection.execute(f"COPY ({query}) TO '{landing / source / 'so-survey.csv'}' (FORMAT csv)")


def prepare(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The view `answers`: each row of the file with what a questionnaire says beside it."""
    codes = " ".join(f"WHEN Currency LIKE '{words}%' THEN '{code}'" for words, code in CURRENCIES.items())
    connection.execute(f"""
        CREATE VIEW answers AS
        SELECT *, graduated_on + INTERVAL 6 MONTH + INTERVAL 12 HOUR AS answered_at FROM (
            SELECT *, 'so-' || md5('anonymart' || Respondent)[:12] AS learner_id,
                make_date(2023 + Respondent::INTEGER % 2, 3, 1) + (Respondent::INTEGER % 90) AS graduated_on,
                'diploma-' || CASE
                    WHEN FormalEducation LIKE 'Bachelor%' THEN 'bachelor' WHEN FormalEducation LIKE 'Master%'
                        THEN 'master'
                    WHEN FormalEducation LIKE 'Doctor%' THEN 'doctor' ELSE 'other' END AS diploma_id,
                CASE WHEN EmploymentStatus LIKE 'Employed%' OR EmploymentStatus LIKE 'Independent%' THEN true
                    WHEN EmploymentStatus NOT LIKE '%prefer not%' THEN false END AS employed,
                Professional = 'Professional developer' AS job_in_field,
                split_part(DeveloperType, ';', 1) AS job_title,
                CASE WHEN EmploymentStatus = 'Employed part-time' THEN 'part_time_50' ELSE 'full_time' END
                    AS working_time,
                CASE {codes} END AS currency_code
            FROM '{folder}/responses.parquet')
    """)
