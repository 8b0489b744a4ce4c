"""The command `anonymart membership`: how surely all counts over the years tell that somebody is in the
statistics.
"""

from __future__ import annotations

from typing import Any

import click

from anonymart.cli.base import as_json, open_session, print_result


@click.command("membership")
@as_json
def membership_command(is_json: bool) -> None:
    """Add up what all published counts over the years, carried ones too, tell of one person, and hold it
    against the limits of the policy.

    The attacker knows every other person of every cell. Told: how often he is right to say that the person is
    in the statistics, at the rate of false alarms of policy.yml (membership). Of the marts of the last build.

    \b
      anonymart membership
      anonymart membership --json

    Exact figures about persons, for the privacy reviewer: they stand in no release, which says only whether
    the limits are kept.

    Exit codes: 0 also where a limit is not kept.
    """
    from anonymart.contracts import load_contracts
    from anonymart.disclosure.membership import measure
    from anonymart.lock import reading

    session = open_session()
    with reading(session.home), session.connect(vault="ro", warehouse="ro") as connection:
        found = measure(connection, load_contracts(), session.policy)
    limits = {name: session.policy.figure("membership", name) for name in ("false_alarms", *found["within"])}
    print_result(is_json, {**found, "limits": limits}, _lines)


def _lines(found: dict[str, Any]) -> list[str]:
    words = {
        "median_at_most": "half of all persons",
        "of_99_percent_at_most": "99 of 100 persons",
        "of_anybody_at_most": "anybody",
    }
    alarms = f"Told at one false alarm in {round(1 / found['limits']['false_alarms'])}:"
    lines = _table(f"{found['persons']} persons. {alarms}", found["shares"])
    if visitors := found.get("visitors"):
        lines += _table(f"{visitors['persons']} visitors of the public site. {alarms}", visitors["shares"])
    kept = [
        f"{'Kept' if is_kept else 'Not kept'}: {words[name]} at most {found['limits'][name]:.0%}."
        for name, is_kept in found["within"].items()
    ]
    return [*lines, *kept]


def _table(head: str, shares: list[dict[str, Any]]) -> list[str]:
    rows = [f"{row['share']:>7.0%} {row['draws']:>8}{row['told']:>9.1%}" for row in shares]
    return [head, f"{'up to':>8}{'counts':>9}{'told':>9}", *rows]
