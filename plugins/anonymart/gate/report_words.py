"""The words that the privacy report itself brings along, on its page and in its JSON: a learner may be called
so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from anonymart.contracts import MartContract
from anonymart.definitions import definitions
from anonymart.gate.docs import texts_in
from anonymart.gate.drill_forms import FORMS
from anonymart.gate.drill_plants import docs_plants, rule_plants
from anonymart.gate.texts import strings
from anonymart.policy import CLASSES, Policy
from anonymart.release.policy_rows import FORBIDDEN, OF_KIND
from anonymart.release.privacy_page import FLAT, GUARANTEED, page
from anonymart.release.report_costs import BASES, MORE

_PLACES = """
    in a value inside a longer value title code of a name names catalogue in a column name
    in a column name of Parquet in the comment of a table of a column
    in Parquet metadata in a CSV file in the workbook in the page of the marts
    in the description for machines in the report in the page of the report in
    the manifest in the folder in marts.duckdb in a mart extra altered file table view macro type sequence
    schema comment outside contract entry unknown unlike evidence replaces ledger package
"""
_ATTACKS = (
    "linear_programming",
    "differences",
    "averaging",
    "dictionary",
    "homogeneity",
    "dominance",
    "subtraction",
    "equal_sets",
    "recounting",
    "quantiles",
    "corrections",
)
_GUARANTEED = dict.fromkeys(
    (
        "smallest",
        "largest_deviation",
        "variance",
        "smallest_base",
        "true_persons",
        "smallest_base_of_a_score",
        "true_persons_of_a_score",
        "smallest_base_median",
        "smallest_base_quartile",
        "persons_each_side",
    ),
    1,
)
_CARD = {
    "rows": 1,
    "new_cells": 1,
    "carried_cells": 0,
    "closed_periods": 1,
    "figures": 2,
    "suppressed": {"too_few": 1, "protected": 0},
    "suppressed_share": 0.5,
    "smallest_cell": None,
    "by_base": [{"from": start, "to": end, "rows": 1, "figures": 2, "hidden": 1} for start, end in BASES],
    "guaranteed": _GUARANTEED,
    "dominance": {"largest_share_percent": 1, "p_percent": 1},
    "noise": {"class": "coarse", "standard_deviation": 1.0},
}
_LIMITS = (
    {
        f"membership.{name}": 0.5
        for name in ("false_alarms", "median_at_most", "of_99_percent_at_most", "of_anybody_at_most")
    }
    | {f"{name}.{noise}": 5 for noise in CLASSES for name in GUARANTEED if name not in FLAT}
    | dict.fromkeys(FLAT, 5)
)
_COUNTED = {"tried": 1, "succeeded": 0}


def report_words(contracts: Mapping[str, MartContract], policy: Policy) -> list[str]:
    """Texts of a report on nothing, with every sentence that one may hold, of the register of the policy and
    of the drill's table.
    """
    texts = [text for _, text in strings(policy.raw)] + [
        text for since in (None, "release") for text in _of_report(_sample(since))
    ]
    leaks = [plant.leak for plant in (*rule_plants(contracts), *docs_plants())] + [
        form.leak for form in FORMS
    ]
    return [*texts, *sorted(set(leaks)), *_ATTACKS, _PLACES, "No failed all passed"]


def _of_report(report: Mapping[str, Any]) -> list[str]:
    return [*texts_in(page(report)), *(text for _, text in strings(report))]


def _sample(since: str | None) -> dict[str, Any]:
    changes: dict[str, Any] = {"since": since, "figures_frozen": 1, "figures_carried": 1}
    if since:
        changes |= {
            "marts_added": ["mart"],
            "marts_gone": [],
            "columns_added": {"mart": ["column"]},
            "columns_gone": {"mart": ["column"]},
            "policy": {"counts": [1, 2]},
            "policy_version": [1, 1],
            "code_version": [1, 2],
            "suppressed_share": {"mart": [0.1, 0.2]},
            "definitions": [*definitions()],
        }
    gate = {
        "passed": bool(since),
        "expectations": 1,
        "rows": 1,
        "texts": 1,
        "policies": [
            {"policy": "S-ANON", "what": f"{FORBIDDEN}{words}", "how_often": 1, "not_kept": 0}
            for words in ("", *OF_KIND.values())
        ],
        "attacks": [{"attack": "attack", "succeeded": 0, "control": _COUNTED}],
        "drill": [{"leak": "leak", "place": "place", "marts": 0, "planted": 1, "caught": 1}],
    }
    return {
        "release_id": "release",
        "as_of": "",
        "code_version": "",
        "policy_version": 1,
        "count_error_persons": dict.fromkeys(CLASSES, 1.0),
        "one_count": {noise: {"1": 0.5, MORE: 0.5} for noise in CLASSES},
        "marts": {"mart": _CARD},
        "persons": {},
        "membership": {"median_at_most": True, "of_99_percent_at_most": False, "of_anybody_at_most": True},
        "requests": {"all_in_time": bool(since)},
        "register": _LIMITS,
        "changes": changes,
        "gate": gate,
    }
