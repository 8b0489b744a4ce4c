"""SPSS files as Qualtrics and LimeSurvey export them, with answers of fictional people: labels of values,
questions as labels of variables.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from anonymart.demo.answers import Answer

# Where a file's header says when it was written: the same seed gives the same bytes.
_WRITTEN = slice(92, 109)
_MOMENT = b"05 Jan 2609:30:00"
_YES_NO = {0: "False", 1: "True"}
_STATUS = {0: "IP Address", 1: "Survey Preview", 2: "Survey Test", 4: "Imported", 8: "Spam", 16: "Offline"}
_SEEN = -99


def qualtrics(answers: Sequence[Answer]) -> bytes:
    """Scores are stored as 1 to 11 with the labels "Not at all likely", 1 to 9, "Extremely likely", as
    Qualtrics codes an NPS question by itself.
    """
    labels = {
        1: "Not at all likely",
        **{value + 1: str(value) for value in range(1, 10)},
        11: "Extremely likely",
    }
    return saved(
        {
            "StartDate": ("Start Date", [a.moment for a in answers], {}),
            "EndDate": ("End Date", [a.moment for a in answers], {}),
            "Status": ("Response Type", [float(a.number == 1) for a in answers], _STATUS),
            "IPAddress": ("IP Address", ["192.0.2.7"] * len(answers), {}),
            "Progress": ("Progress", [100.0] * len(answers), {}),
            "Duration__in_seconds_": ("Duration (in seconds)", [60.0] * len(answers), {}),
            "Finished": ("Finished", [1.0] * len(answers), _YES_NO),
            "ResponseId": ("Response ID", [f"R_{a.number}" for a in answers], {}),
            "RecipientEmail": ("Recipient Email", [a.email for a in answers], {}),
            "Q1_NPS_GROUP": (
                "Would you recommend us? - Group",
                [float(1 + (a.score > 6) + (a.score > 8)) for a in answers],
                {1: "Detractor", 2: "Passive", 3: "Promoter"},
            ),
            "Q1": ("How likely are you to recommend us?", [float(a.score + 1) for a in answers], labels),
            "Q2": ("Why?", [a.comment for a in answers], {}),
        },
        {"Q1": [_SEEN]},
    )


def limesurvey(answers: Sequence[Answer]) -> bytes:
    """Variables are the codes of the questions, answers of lists their labels; an answer that is not finished
    has no submit date.
    """
    return saved(
        {
            "id": ("Response ID", [float(a.number) for a in answers], {}),
            "submitdate": (
                "Date submitted",
                [
                    None if a.number == 1 else datetime.fromisoformat(a.at("%Y-%m-%d %H:%M:%S", 1))
                    for a in answers
                ],
                {},
            ),
            "lastpage": ("Last page", [3.0] * len(answers), {}),
            "startlanguage": ("Start language", ["fr"] * len(answers), {}),
            "seed": ("Seed", ["1"] * len(answers), {}),
            "token": ("Access code", [f"t{a.number}" for a in answers], {}),
            "email": ("Email address", [a.email for a in answers], {}),
            "G1Q1": (
                "Recommanderiez-vous notre école ?",
                [float(a.score) for a in answers],
                {0: "Pas du tout", 10: "Certainement"},
            ),
            "G1Q2": ("Pourquoi ?", [a.comment for a in answers], {}),
        }
    )


def saved(
    variables: dict[str, tuple[str, list[Any], dict]],
    missing: dict[str, list] | None = None,
    compress: bool = False,
) -> bytes:
    """A .sav (a .zsav when compressed) of variables, each with its label, its values and the labels of
    values; `missing` are its user-missing values.
    """
    import pandas
    import pyreadstat

    table = pandas.DataFrame({name: values for name, (_, values, _) in variables.items()})
    labels = {name: given for name, (_, _, given) in variables.items() if given}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.sav"
        pyreadstat.write_sav(
            table,
            path,
            column_labels=[label for label, _, _ in variables.values()],
            variable_value_labels=labels,
            missing_ranges=missing,
            compress=compress,
        )
        content = bytearray(path.read_bytes())
    content[_WRITTEN] = _MOMENT
    return bytes(content)
