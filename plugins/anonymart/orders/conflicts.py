"""Which published tables an order would difference with, by declarations alone (S-ANON).

Two tables that count from the same history differ by few where each cell of one lies in a cell of the other:
they are the same table told twice, a part and its whole, or a sum and its parts. That is what
`shared_persons` looks for among marts; an order is held to it before anything is made. A dimension of which
the release knows one code is none: what is left without it is compared. Path, diploma and project count as
one: a path leads to few diplomas, mostly to one, and has few projects, some paths one alone, so that a cell
of the one is often a cell of the other.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from anonymart import shared_persons
from anonymart.contracts import MartContract
from anonymart.orders import order as orders
from anonymart.orders.order import Order

_ALIKE = re.compile("diploma|project")


@dataclasses.dataclass(frozen=True)
class Conflict:
    """A mart, how the order stands to it (`repeats`, `refines`, `adds_up`), and a sentence for the
    analyst.
    """

    mart: str
    kind: str
    says: str

    def as_dict(self) -> dict[str, str]:
        return dataclasses.asdict(self)


def find(
    order: Order,
    marts: Mapping[str, MartContract],
    others: Iterable[Order],
    constant: Collection[str],
    project: Path,
) -> list[Conflict]:
    """Every mart, and every order that is published or may come to be (`others`), with which the order would
    difference; `constant` are the lists of which one code at most is published, `project` the dbt project.
    """
    found = list(_with_marts(order, marts, constant, project))
    for other in others:
        if _share(order, other, project):
            found += _compared(order, orders.contract(other), constant)
    return sorted(found, key=lambda one: one.mart)


def _with_marts(
    order: Order, marts: Mapping[str, MartContract], constant: Collection[str], project: Path
) -> Iterator[Conflict]:
    read = shared_persons.histories(marts, project)
    own = _histories(order, project)
    for name, mart in marts.items():
        if own & read[name] and name not in order.observation.apart_from:
            yield from _compared(order, mart, constant)


def _compared(order: Order, mart: MartContract, constant: Collection[str]) -> Iterator[Conflict]:
    ours, theirs = _cut(orders.contract(order), constant), _cut(mart, constant)
    is_inner, is_outer = shared_persons.lies_within(ours, theirs), shared_persons.lies_within(theirs, ours)
    if not (is_inner or is_outer):
        return
    where = _where(ours, theirs)
    if is_inner and _is_same(ours, theirs):
        kind, why = "repeats", f"{mart.name} has cells of these people{where} already: read them there"
    elif is_inner:
        kind = "refines"
        why = (
            f"each cell of the order would lie in a cell of {mart.name}{where}, so that what is published "
            "and the order's cells could be subtracted"
        )
    else:
        kind = "adds_up"
        why = (
            f"each cell of {mart.name} would lie in a cell of the order, so that the order's cells and what "
            "is published could be subtracted"
        )
    yield Conflict(mart.name, kind, f"{why}.")


def _is_same(ours: MartContract, theirs: MartContract) -> bool:
    """Whether a row of theirs counts the people of a cell of ours, which lies in one: of the same period, and
    cut by nothing that they do not have.
    """
    known = {_kind(spec) for spec in theirs.dimensions.values()}
    return ours.period.grain == theirs.period.grain and all(
        _kind(spec) in known for spec in ours.dimensions.values()
    )


def _where(ours: MartContract, theirs: MartContract) -> str:
    """In which rows: those of `all` in dimensions that the order does not have."""
    own = {_kind(spec) for spec in ours.dimensions.values()}
    rows = [
        f"{name} = {shared_persons.ALL}"
        for name, spec in theirs.dimensions.items()
        if isinstance(spec, str) and spec.endswith("_or_all") and _kind(spec) not in own
    ]
    return f", in its rows with {' and '.join(rows)}" if rows else ""


def _kind(spec: Any) -> str:
    return shared_persons.kind(spec)


def _cut(contract: MartContract, constant: Collection[str]) -> MartContract:
    """The contract without the dimensions that tell nothing, for there is one code of them, and with what is
    alike under one name.
    """
    kept = {
        name: _ALIKE.sub("path", spec) if isinstance(spec, str) else spec
        for name, spec in contract.dimensions.items()
        if _kind(spec) not in constant
    }
    return dataclasses.replace(contract, dimensions=kept)


def _share(order: Order, other: Order, project: Path) -> bool:
    return bool(_histories(order, project) & _histories(other, project))


def _histories(order: Order, project: Path) -> frozenset[str]:
    """The histories that the order's observation is made of: its mart does not exist yet."""
    contract = orders.contract(order)
    rules = {**contract.disclosure, "people": order.observation.people}
    read = dataclasses.replace(contract, disclosure=rules)
    return shared_persons.histories({contract.name: read}, project)[contract.name]
