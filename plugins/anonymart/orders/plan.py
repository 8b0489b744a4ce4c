"""What an order would come to, before anything is made: its cells, what it would difference with, and what it
would draw on.

Of declarations and what is published alone: no vault, no warehouse, no key. What would be suppressed follows
from true figures and is the reviewer's to see.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import prod
from typing import Any

from anonymart import lists
from anonymart.contracts import MartContract, load_contracts
from anonymart.disclosure import perturbation
from anonymart.disclosure.accountant import Spent, blocks, rates_at
from anonymart.errors import UsageError
from anonymart.orders import conflicts
from anonymart.orders import order as orders
from anonymart.orders.conflicts import Conflict
from anonymart.orders.order import PREFIX, Order
from anonymart.orders.published import Published
from anonymart.policy import Policy

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_LIMITS = ("median_at_most", "of_99_percent_at_most", "of_anybody_at_most")


@dataclass(frozen=True)
class Plan:
    """An order with what it would come to; `cells` is None where no release was given."""

    order: Order
    conflicts: tuple[Conflict, ...]
    cells: Mapping[str, Any] | None
    budget: Mapping[str, Any]

    @property
    def is_clear(self) -> bool:
        return not self.conflicts

    def as_dict(self) -> dict[str, Any]:
        return {
            "order": self.order.as_dict(),
            "mart": self.order.name,
            "refused": not self.is_clear,
            "conflicts": [each.as_dict() for each in self.conflicts],
            "cells": self.cells,
            "budget": dict(self.budget),
        }


def plan(order: Order, policy: Policy, published: Published | None, others: Iterable[Order] = ()) -> Plan:
    """The plan of an order beside the marts of the project, the ordered tables of the release and `others`.

    Raises UsageError for a release with a mart that this program does not know: nobody could tell what the
    order would difference with.
    """
    marts = {name: mart for name, mart in load_contracts().items() if not name.startswith(PREFIX)}
    known = {*others, *ordered_marts()}
    if published:
        known |= set(_ordered(published, marts))
    constant = published.constant if published else frozenset()
    found = conflicts.find(
        order, marts, {each.name: each for each in known}.values(), constant, lists.SHIPPED.parent
    )
    cells = _cells(order, policy, published) if published else None
    return Plan(order, tuple(found), cells, _budget(order, policy, cells, published))


def ordered_marts() -> list[Order]:
    """The orders that were approved in this home, from the marts that are declared."""
    found = [orders.of_name(name) for name in load_contracts() if name.startswith(PREFIX)]
    return [each for each in found if each]


def closed_periods(contract: MartContract, policy: Policy, as_of: date) -> list[date]:
    """The first days of all periods that have closed by a day, as the macro `closed_calendar` has them."""
    months = MONTHS[contract.period.grain]
    first = date.fromisoformat(policy.figure("publication", "first_period_on"))
    waits = months + _observation(contract, policy)
    delay = timedelta(days=policy.figure("publication", "delay_days") - 1)
    begins = (_later(first, number * months) for number in itertools.count())
    return list(itertools.takewhile(lambda day: _later(day, waits) + delay <= as_of, begins))


def _later(first_day: date, months: int) -> date:
    """The first day of the month so many months after one."""
    years, month = divmod(first_day.month - 1 + months, 12)
    return date(first_day.year + years, month + 1, 1)


def _observation(contract: MartContract, policy: Policy) -> int:
    said = contract.period.observation
    return int(policy.figure(*said.split(".")[1:]) if said.startswith("policy.") else said)


def _ordered(published: Published, marts: Mapping[str, MartContract]) -> Iterator[Order]:
    for name in published.marts:
        found = orders.of_name(name)
        if found:
            yield found
        elif name not in marts:
            raise UsageError(
                f"Release {published.release_id} holds a mart that this version does not know, so nobody can "
                "tell what an order would difference with: use the version that made the release."
            )


def _cells(order: Order, policy: Policy, published: Published) -> dict[str, Any]:
    contract = orders.contract(order)
    periods = closed_periods(contract, policy, published.as_of)
    codes = {code: len(published.codes[order.observation.dimensions[code].code_list]) for code in order.codes}
    each = prod(codes.values())
    return {
        "release_id": published.release_id,
        "codes": codes,
        "each_period": each,
        "periods": len(periods),
        "first_period": periods[0].isoformat() if periods else None,
        "last_period": periods[-1].isoformat() if periods else None,
        "at_most": each * len(periods),
    }


def _budget(
    order: Order, policy: Policy, cells: Mapping[str, Any] | None, published: Published | None
) -> dict[str, Any]:
    """What the order would add to what all counts tell of one person: somebody in large cells alone, and
    somebody who is alone in all of them.
    """
    contract = orders.contract(order)
    draws = sum(measure["kind"] == "count" for measure in contract.measures)
    years = policy.figure("purposes", "P-STAT", "keep_years_after_last_use")
    in_window = draws * years * 12 // MONTHS[order.grain]
    alarms = policy.figure("membership", "false_alarms")
    table = perturbation.perturbation_table(*perturbation.schemes(policy)[order.noise])
    in_large = [0] * (blocks(table) - 1) + [in_window]
    told = {
        name: rates_at([Spent(tuple(counts))], [table], alarms, [1.0])[1.0]
        for name, counts in (("told", in_large), ("told_if_alone", in_large[::-1]))
    }
    return {
        "entry": "membership",
        "noise": order.noise,
        "counts_each_cell": draws,
        "counts_in_window": in_window,
        "years": years,
        **{name: round(rate, 4) for name, rate in told.items()},
        "false_alarms": alarms,
        "limits": {name: policy.figure("membership", name) for name in _LIMITS},
        "kept_now": dict(published.within) if published else None,
        "in_several": bool(order.codes),
        "cells": cells["at_most"] if cells else None,
    }
