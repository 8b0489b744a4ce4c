"""Intervals of rates and scores, from what is published of them: read once more by the gate, and given to
older cells (S-ANON).

For a rate Wilson's score interval (1927), for chance where the base is a sample, and Fieller's (1954), for
the noise of numerator and denominator, in one quadratic equation; for a score that of Rocks (2016), widened
by the noise. See `docs/disclosure.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

from anonymart.contracts import MartContract
from anonymart.policy import Policy

# A part of a person that is added on both sides, since counts are whole.
_WHOLE_COUNTS = 0.25


def end(
    policy: Policy, contract: MartContract, rate: Mapping[str, Any], side: str, base: str, cell: str = ""
) -> str:
    """SQL for the end `low` or `high` of the interval of a rate on a published base, 0 to 1 and not rounded.

    `cell` goes before the columns of the mart.
    """
    share = f'{cell}"{rate["name"]}"'
    laws = (
        policy.of_class(contract.noise_of(rate["numerator"])),
        policy.of_class(contract.noise_of(rate["denominator"])),
    )
    found = of_share(laws, rate, side, share, base)
    parts = {measure["name"]: measure for measure in contract.measures}
    first = parts[rate["denominator"]].get("told_by") or {}
    if "mart" in first or first.get("measure") != rate["numerator"]:
        return found
    # A count that is the base of its own rate: the rate is 1 by what it is, and has no noise.
    is_own = " AND ".join(
        f"{cell}\"{name}\"::VARCHAR = '{value}'"
        for name, value in first["at"].items()
        if value not in contract.dimensions
    )
    return f"CASE WHEN {is_own} THEN {share} ELSE {found} END"


def of_share(laws: tuple[Policy, Policy], rate: Mapping[str, Any], side: str, share: str, base: str) -> str:
    """SQL for an end of the interval of any share on a base; `laws` are the register for the classes of part
    and base.

    A sensitive share at an edge of its band, or beyond, has the interval of that edge on the smallest base of
    the band.
    """
    is_sample = bool(rate.get("sampled"))
    inside = _root(laws, side, share, base, is_sample)
    if not rate.get("sensitive"):
        return inside
    bands = sorted(laws[1].figure("sensitive_bands"), key=lambda band: -band["base_from"])
    cases = []
    for band in bands:
        lowest, highest, first = (str(band[name]) for name in ("lowest", "highest", "base_from"))
        below = "0.0" if side == "low" else _root(laws, side, lowest, first, is_sample)
        above = "1.0" if side == "high" else _root(laws, side, highest, first, is_sample)
        cases += [
            f"WHEN {base} >= {first} AND {share} <= {lowest}::DOUBLE THEN {below}",
            f"WHEN {base} >= {first} AND {share} >= {highest}::DOUBLE THEN {above}",
            f"WHEN {base} >= {first} THEN {inside}",
        ]
    return f"CASE {' '.join(cases)} END"


def score(policy: Policy, side: str | None, promoters: str, passives: str, detractors: str) -> str:
    """SQL for a Net Promoter Score of published counts, or for the end `low` or `high` of its interval, -100
    to 100 and not rounded.

    The policy is that of the mart's class of noise.
    """
    answers = f"({promoters} + {passives} + {detractors})"
    if side is None:
        return f"100 * ({promoters} - {detractors}) / {answers}"
    # Three answers more: 3/4 promoters, 3/2 passives and 3/4 detractors.
    n = f"({answers} + 3)"
    difference = f"(({promoters} - {detractors}) / {n})"
    variance = (
        f"((({promoters} + {detractors} + 1.5) / {n} - {difference} ** 2) / {n}"
        f" + {policy.figure('counts', 'variance')} * (2 + 3 * {difference} ** 2) / {n} ** 2)"
    )
    z = NormalDist().inv_cdf((1 + float(policy.figure("nps", "confidence"))) / 2)
    return (
        f"least(100, greatest(-100, 100 * ({difference} {'-' if side == 'low' else '+'} {z} * "
        f"sqrt({variance}))))"
    )


def _root(laws: tuple[Policy, Policy], side: str, share: str, base: str, is_sample: bool) -> str:
    squared = NormalDist().inv_cdf((1 + float(laws[0].figure("rates", "confidence"))) / 2) ** 2
    of_part, of_base = (squared * law.figure("counts", "variance") for law in laws)
    chance, of_zero = squared if is_sample else 0.0, laws[0].figure("counts", "smallest") / 2
    sign, n = -1 if side == "low" else 1, f"{base}::DOUBLE"
    part = f"({share}::DOUBLE * {n} + {sign * _WHOLE_COUNTS})"
    if side == "high":
        part = f"({part} + if({share} = 0, {of_zero}, 0))"
    square = f"({n} ** 2 + {chance} * {n} - {of_base})"
    half = f"({part} * {n} + {chance / 2} * {n})"
    return (
        f"greatest(0, least(1, ({half} + {sign} * sqrt(greatest(0, {half} ** 2 - {square} * ({part} ** "
        f"2 - {of_part}))))"
        f" / {square}))"
    )
