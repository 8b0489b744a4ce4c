"""The register `expectations/policy.yml`, read and checked. Nothing in the program repeats a figure of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from anonymart.contracts import LOADER
from anonymart.errors import UsageError
from anonymart.home import PROJECT

POLICY_FILE = PROJECT / "expectations" / "policy.yml"

_TEXT, _WHOLE, _NUMBER, _BANDS, _COUNTRIES = "text", "whole", "number", "bands", "countries"
_PURPOSE = {"title": _TEXT, "basis": _TEXT}
# Classes of noise (meta.disclosure.noise of a mart): an entry by class has a figure for each.
CLASSES = ("coarse", "fine")


def _by_class(shape: str) -> dict[str, str]:
    return dict.fromkeys(CLASSES, shape)


_SHAPE: dict[str, Any] = {
    "version": _WHOLE,
    "purposes": {
        "P-STAT": {**_PURPOSE, "keep_years_after_last_use": _WHOLE},
        "P-SURVEY": {**_PURPOSE, "keep_years_after_last_contact": _WHOLE},
        "P-LOG": {**_PURPOSE, "keep_years": _WHOLE},
        "P-RIGHTS": {**_PURPOSE, "keep_years": _WHOLE},
        "P-AUDIENCE": {**_PURPOSE, "keep_months": _WHOLE},
    },
    "minimum_age_years": _WHOLE,
    "raw": {"keep_days": _WHOLE},
    "backups": {"keep_days": _WHOLE},
    "erasure": {"rewrite_every_days": _WHOLE},
    "rights": {"answer_within_months": _WHOLE, "near_days": _WHOLE, "export_keep_days": _WHOLE},
    "window": {"time_zone": _TEXT, "last_use_before_record_months": _WHOLE},
    "as_of": {"largest_step_days": _WHOLE},
    "retention": {"largest_share_of_people": _NUMBER, "fewest_people": _WHOLE, "hold_days": _WHOLE},
    "silence": {"times_usual_gap": _NUMBER, "fewest_gaps": _WHOLE, "newest_gaps": _WHOLE},
    "publication": {"delay_days": _WHOLE, "first_period_on": _TEXT},
    "observation": {
        "course_completion_funnel_months": _WHOLE,
        "chapter_completion_months": _WHOLE,
        "project_validation_months": _WHOLE,
        "learner_retention_longest_months": _WHOLE,
        "nps_quarterly_months": _WHOLE,
        "nps_theme_quarterly_months": _WHOLE,
        "salary_first_from_months": _WHOLE,
        "salary_first_to_months": _WHOLE,
        "salary_second_from_months": _WHOLE,
        "salary_second_to_months": _WHOLE,
    },
    "codes": {"fewest_learners_of_a_diploma": _WHOLE},
    "counts": {
        "largest_deviation": _by_class(_WHOLE),
        "variance": _by_class(_NUMBER),
        "smallest": _by_class(_WHOLE),
    },
    "rates": {"smallest_base": _by_class(_WHOLE), "decimals": _WHOLE, "confidence": _NUMBER},
    "quantiles": {
        "smallest_base_median": _by_class(_WHOLE),
        "smallest_base_quartile": _by_class(_WHOLE),
        "persons_each_side": _WHOLE,
        "points_round_to": _WHOLE,
        "days_round_to": _WHOLE,
        "points_rank_noise": _WHOLE,
        "days_rank_noise": _WHOLE,
    },
    "money": {
        "round_to_eur": _WHOLE,
        "rank_noise": _WHOLE,
        "p_percent": _NUMBER,
        "largest_share_percent": _NUMBER,
    },
    "means": {"decimals": _WHOLE, "largest_events_per_person": _WHOLE, "noise_of_largest": _NUMBER},
    "sensitive_bands": _BANDS,
    "nps": {"smallest_base": _WHOLE, "confidence": _NUMBER, "decimals": _WHOLE},
    "nesting": {"smallest_difference": _WHOLE, "largest_posterior": _NUMBER},
    "pooling": {"longest_years": _WHOLE},
    "membership": {
        "false_alarms": _NUMBER,
        "median_at_most": _NUMBER,
        "of_99_percent_at_most": _NUMBER,
        "of_anybody_at_most": _NUMBER,
    },
    "bursts": {"times_usual": _NUMBER, "fewest_people": _WHOLE, "days_before": _WHOLE},
    "utility": {"smallest_cells": _WHOLE},
    "approval": {
        "marts_changed": _WHOLE,
        "columns_changed": _WHOLE,
        "policy_figures_changed": _WHOLE,
        "suppressed_share_moved": _NUMBER,
    },
    "sharing": {"without_safeguard": _COUNTRIES, "safeguards": {"adequacy_decision": _COUNTRIES}},
    "salary": {
        "net_to_gross": _NUMBER,
        "hours_per_week": _WHOLE,
        "weeks_per_year": _WHOLE,
        "months_per_year": _WHOLE,
        "smallest_eur_year": _WHOLE,
        "largest_eur_year": _WHOLE,
    },
}
_COUNTRY = re.compile("[A-Z]{2}")
_BAND = {"base_from": _WHOLE, "base_to": None, "lowest": _NUMBER, "highest": _NUMBER}


@dataclass(frozen=True)
class Policy:
    """The register as checked: `raw` is what dbt receives as the var `policy`."""

    raw: dict[str, Any]

    @property
    def version(self) -> int:
        return self.raw["version"]

    def figure(self, *path: str) -> Any:
        """The entry at `path`, for example figure("raw", "keep_days"). Raises UsageError when there is
        none.
        """
        found: Any = self.raw
        for name in path:
            if not isinstance(found, dict) or name not in found:
                raise UsageError(
                    f"The policy register has no entry {'.'.join(path)}: add it to {POLICY_FILE.name}."
                )
            found = found[name]
        return found

    def of_class(self, noise: str) -> Policy:
        """The register as it holds for the marts of one class of noise: entries by class are that class's
        figures.
        """
        return self._of_classes[noise]

    @cached_property
    def _of_classes(self) -> dict[str, Policy]:
        def chosen(value: Any, noise: str) -> Any:
            if not isinstance(value, dict):
                return value
            is_by_class = set(value) == set(CLASSES)
            return (
                value[noise] if is_by_class else {name: chosen(inner, noise) for name, inner in value.items()}
            )

        return {noise: Policy(chosen(self.raw, noise)) for noise in CLASSES}

    def smallest_move(self, noise: str) -> int:
        """By how many persons a count that is told anew moves (S-ANON).

        By more than two draws can part the counts of one person more or less, else the move would tell of
        that person.
        """
        apart = 2 * self.of_class(noise).figure("counts", "largest_deviation") + 2
        return max(apart, self.figure("nesting", "smallest_difference"))


def load_policy(path: Path | None = None) -> Policy:
    """Read and check the register. Raises UsageError for a missing, unknown or wrongly typed entry."""
    path = path or POLICY_FILE
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    except (OSError, yaml.YAMLError):
        raise UsageError(f"The policy register {path} cannot be read as YAML: mend the file.") from None
    _check(raw, _SHAPE, "", path)
    return Policy(raw)


def _check(value: Any, shape: Any, where: str, path: Path) -> None:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise UsageError(f"{path.name}: '{where or 'the file'}' must be a group of entries.")
        for name in value:
            if name not in shape:
                raise UsageError(
                    f"{path.name}: unknown entry '{_join(where, name)}': remove it or teach the program "
                    f"what it means."
                )
        for name, inner in shape.items():
            if name not in value:
                raise UsageError(
                    f"{path.name}: the entry '{_join(where, name)}' is missing: no rule runs without "
                    f"its figure."
                )
            _check(value[name], inner, _join(where, name), path)
    elif shape == _COUNTRIES:
        _check_countries(value, where, path)
    elif shape == _BANDS:
        _check_bands(value, where, path)
    elif not _fits(value, shape):
        raise UsageError(
            f"{path.name}: '{where}' must be a {'text' if shape == _TEXT else 'number of 0 or more'}."
        )


def _check_countries(value: Any, where: str, path: Path) -> None:
    # YAML reads a bare NO as false: it must be quoted.
    if not isinstance(value, list) or not all(
        isinstance(code, str) and _COUNTRY.fullmatch(code) for code in value
    ):
        raise UsageError(
            f"{path.name}: '{where}' must be a list of countries, each two capital letters in quotes "
            f"(ISO 3166-1)."
        )


def _check_bands(value: Any, where: str, path: Path) -> None:
    if not isinstance(value, list) or not value:
        raise UsageError(f"{path.name}: '{where}' must be a list of bands.")
    for position, band in enumerate(value, 1):
        _check({**band, "base_to": None}, {**_BAND, "base_to": None}, f"{where}[{position}]", path)
    for lower, upper in pairwise(value):
        if lower["base_to"] is None or upper["base_from"] != lower["base_to"] + 1:
            raise UsageError(f"{path.name}: '{where}' must cover every base without gap or overlap.")
    if value[-1]["base_to"] is not None:
        raise UsageError(f"{path.name}: the last band of '{where}' must have no upper end.")


def _fits(value: Any, shape: str | None) -> bool:
    if shape is None:
        return value is None
    if shape == _TEXT:
        return isinstance(value, str) and bool(value)
    if isinstance(value, bool) or value is None:
        return False
    return isinstance(value, int if shape == _WHOLE else (int, float)) and value >= 0


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else str(name)
