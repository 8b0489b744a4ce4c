"""`anonymart sources check` on real files, by a YAML as a data engineer would write it: counts, encodings and
reasons.
"""

import json

import pytest

from anonymart.policy import load_policy
from anonymart.surveys.check import check
from tests.real.conftest import data

NPS = """
tool: retailer
title: NPS survey of a French retailer
survey: retailer
sources: [nps]
time_zone: Europe/Paris
fields:
  learner_id: {columns: [id]}
  score: {columns: [nps]}
  comment: {columns: [explication]}
constants:
  answered_at: "2018-06-30T12:00:00Z"
"""
SALARY = """
tool: stackoverflow
title: Stack Overflow survey 2017
survey: so-2017
sources: [salary]
time_zone: Europe/Paris
fields:
  learner_id: {columns: [Respondent]}
  country: {columns: [Country]}
  salary: {columns: [Salary]}
  salary_currency:
    columns: [Currency]
    words:
      EUR: ["Euros (€)"]
constants:
  employed: "true"
  working_time: full_time
  answered_at: "2018-02-15T12:00:00Z"
  salary_period: year
  salary_basis: gross
"""


@pytest.mark.parametrize(
    ("name", "file", "source", "mapping"),
    [("nps_fr", "nps.csv", "nps", NPS), ("so_survey_2017", "responses.parquet", "salary", SALARY)],
)
def test_every_row_is_told_of(tmp_path, name, file, source, mapping):
    from datetime import date

    yml = tmp_path / "survey.yml"
    yml.write_text(mapping, encoding="utf-8")
    found = check(data(name) / file, source, date(2018, 7, 30), load_policy(), yml)
    assert not found.is_refused
    assert (
        found.delivered
        == found.loaded + found.quarantined + found.duplicate
        == {"nps": 13954, "salary": 19101}[source]
    )
    if source == "nps":
        assert (
            found.encodings["cp850"] > 200
            and found.encodings["latin-1"] > 1000
            and found.encodings.get("unreadable", 0) <= 1
        )
        assert found.reasons["answered_at without a score"] == 342
    else:
        assert found.salaries["not_stated"] == 19101 - 5009 and sum(found.salaries.values()) == found.loaded
        assert found.salaries["stands"] > 4 * found.salaries["impossible"]
    assert json.dumps(found.as_dict())
