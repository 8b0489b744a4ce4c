"""The register `expectations/policy.yml` with the school's own figures over it, read and checked. Nothing in
the program repeats a figure of it.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from anonymart import config, limits
from anonymart.contracts import LOADER
from anonymart.errors import UsageError
from anonymart.home import PROJECT

POLICY_FILE = PROJECT / "expectations" / "policy.yml"

_TEXT, _WHOLE, _NUMBER, _BANDS, _COUNTRIES = "text", "whole", "number", "bands", "countries"
_PURPOSE = {"title": _TEXT, "basis": _TEXT}
# Classes of noise (meta.disclosure.noise of a mart): an entry by class has a figure for each.
CLASSES = ("coarse", "fine", "broad")
# Before a release knew `broad`, marts of that class drew from this one.
BEFORE_BROAD = "coarse"


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
        "path_outcome_months": _WHOLE,
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
    "audience": {"largest_pages": _WHOLE, "ipv4_bytes": _WHOLE, "ipv6_bytes": _WHOLE},
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


@dataclass(frozen=True)
class Origin:
    """One entry as it holds: its dotted name, the shipped value, where it is from (`shipped`, or the school's
    file and line), and how far a school may go.
    """

    entry: str
    value: Any
    shipped: Any
    source: str
    limit: str

    @property
    def is_changed(self) -> bool:
        return self.value != self.shipped


def load_policy(path: Path | None = None) -> Policy:
    """Read and check the register, with what the school's own `policy.yml` changes; of a `path`, that
    register alone.

    Raises UsageError for a missing, unknown or wrongly typed entry, and for a figure of the school that is
    weaker than the shipped one, or that another part of the program was computed for (`limits.py`).
    """
    shipped = _register(path or POLICY_FILE)
    own = None if path else config.file(config.POLICY)
    if own is None:
        return Policy(shipped)
    return Policy(_with_own(shipped, own, *config.read(own)))


def policy_id(policy: Policy) -> str:
    """Twelve hexadecimal digits that change with any entry of the policy."""
    return policy_hash(policy)[:12]


def policy_hash(policy: Policy) -> str:
    """SHA-256 of every entry as it holds, whatever file it is from."""
    return hashlib.sha256(json.dumps(policy.raw, sort_keys=True).encode()).hexdigest()


def origins() -> list[Origin]:
    """Every entry with its value, the shipped one and where it is from, in the order of the register. Raises
    UsageError as `load_policy`.
    """
    shipped, own = dict(_leaves(_register(POLICY_FILE), "")), config.file(config.POLICY)
    lines = config.read(own)[1] if own else {}
    return [
        Origin(
            entry,
            value,
            shipped[entry],
            f"{own}:{lines[entry]}" if entry in lines else "shipped",
            limits.in_words(entry, shipped[entry]),
        )
        for entry, value in _leaves(load_policy().raw, "")
    ]


def _leaves(value: Any, where: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, _join(where, name))
    else:
        yield where, value


def _register(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    except (OSError, yaml.YAMLError):
        raise UsageError(f"The policy register {path} cannot be read as YAML: mend the file.") from None
    _check(raw, _SHAPE, "", path.name)
    return raw


def _with_own(
    shipped: dict[str, Any], path: Path, own: dict[str, Any], lines: Mapping[str, int]
) -> dict[str, Any]:
    raw = _over(shipped, own, _SHAPE, "", path)
    values = dict(_leaves(raw, ""))
    for smaller, larger in limits.ORDER:
        if values[smaller] > values[larger]:
            changed, other = (smaller, larger) if smaller in lines else (larger, smaller)
            raise UsageError(
                f"{path}: '{changed}' does not go with '{other}': {smaller} may not be larger than {larger}."
            )
    return raw


def _over(shipped: Any, own: Any, shape: Any, where: str, path: Path) -> Any:
    """The shipped value with the school's over it, entry by entry."""
    if not isinstance(shape, dict):
        if shape != _BANDS:  # which may not be changed at all
            _check(own, shape, where, str(path))
        why = limits.broken(where, own, shipped)
        if why:
            raise UsageError(f"{path}: '{where}' {why}.")
        return own
    if not isinstance(own, dict):
        raise UsageError(f"{path}: '{where}' must be a group of entries.")
    for name in own:
        if name not in shape:
            raise UsageError(
                f"{path}: the register has no entry '{_join(where, name)}': correct its name or take it out."
            )
    inner = {
        name: _over(shipped[name], value, shape[name], _join(where, name), path)
        for name, value in own.items()
    }
    return {**shipped, **inner}


def _check(value: Any, shape: Any, where: str, file: str) -> None:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise UsageError(f"{file}: '{where or 'the file'}' must be a group of entries.")
        for name in value:
            if name not in shape:
                raise UsageError(
                    f"{file}: unknown entry '{_join(where, name)}': remove it or teach the program "
                    f"what it means."
                )
        for name, inner in shape.items():
            if name not in value:
                raise UsageError(
                    f"{file}: the entry '{_join(where, name)}' is missing: no rule runs without its figure."
                )
            _check(value[name], inner, _join(where, name), file)
    elif shape == _COUNTRIES:
        _check_countries(value, where, file)
    elif shape == _BANDS:
        _check_bands(value, where, file)
    elif not _fits(value, shape):
        raise UsageError(
            f"{file}: '{where}' must be a {'text' if shape == _TEXT else 'number of 0 or more'}."
        )


def _check_countries(value: Any, where: str, file: str) -> None:
    # YAML reads a bare NO as false: it must be quoted.
    if not isinstance(value, list) or not all(
        isinstance(code, str) and _COUNTRY.fullmatch(code) for code in value
    ):
        raise UsageError(
            f"{file}: '{where}' must be a list of countries, each two capital letters in quotes (ISO 3166-1)."
        )


def _check_bands(value: Any, where: str, file: str) -> None:
    if not isinstance(value, list) or not value:
        raise UsageError(f"{file}: '{where}' must be a list of bands.")
    for position, band in enumerate(value, 1):
        _check({**band, "base_to": None}, {**_BAND, "base_to": None}, f"{where}[{position}]", file)
    for lower, upper in pairwise(value):
        if lower["base_to"] is None or upper["base_from"] != lower["base_to"] + 1:
            raise UsageError(f"{file}: '{where}' must cover every base without gap or overlap.")
    if value[-1]["base_to"] is not None:
        raise UsageError(f"{file}: the last band of '{where}' must have no upper end.")


def _fits(value: Any, shape: str | None) -> bool:
    if shape is None:
        return value is None
    if shape == _TEXT:
        return isinstance(value, str) and bool(value)
    if isinstance(value, bool) or value is None:
        return False
    fits = isinstance(value, int if shape == _WHOLE else (int, float))
    return fits and value >= 0 and value != math.inf


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else str(name)
