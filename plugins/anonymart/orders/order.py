"""An order: observations, dimensions and measures, all of them words that are offered, and the mart that it
would become.

An order has no text of its own: its name follows from its words, so that nothing that somebody typed gets
into SQL, a file name or a release, and two orders of one table have one name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from anonymart import config, contracts
from anonymart.contracts import MartContract
from anonymart.errors import UsageError
from anonymart.orders.offered import GRAINS, Observation, offered
from anonymart.shapes import shaped

PREFIX = "ordered_"
MOST_DIMENSIONS = 3
_COLUMNS = {"path": "path_id", "diploma": "diploma_id"}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """The YAML as an analyst writes it."""

    observations: str
    dimensions: list[str]
    measures: list[str]


@dataclass(frozen=True)
class Order:
    """What is counted (a word of `offered`), by which codes and which period, and which figures."""

    observations: str
    codes: tuple[str, ...]
    grain: str
    measures: tuple[str, ...]

    @property
    def observation(self) -> Observation:
        return offered()[self.observations]

    @property
    def dimensions(self) -> tuple[str, ...]:
        return (*self.codes, self.grain)

    @property
    def name(self) -> str:
        """The name of its mart: what it counts and by what."""
        return f"{PREFIX}{self.observations}_by_{'_'.join(self.dimensions)}"

    @property
    def columns(self) -> dict[str, str]:
        """The column of each of its code dimensions."""
        return {code: _COLUMNS.get(code, code) for code in self.codes}

    @property
    def noise(self) -> str:
        """`broad` for a table of the whole school, `fine` for one of parts of it."""
        return "fine" if self.codes else "broad"

    def as_dict(self) -> dict[str, Any]:
        """As the YAML says it."""
        return {
            "observations": self.observations,
            "dimensions": list(self.dimensions),
            "measures": list(self.measures),
        }


def read(file: Path) -> Order:
    """The order that a YAML holds. Raises UsageError for a file that cannot be read, and for a word that is
    not offered, with those that are.
    """
    content, _ = config.read(file)
    return order_of(content, file.name)


def order_of(content: Mapping[str, Any], file: str = "The order") -> Order:
    """The order with this content. Raises UsageError as `read`."""
    given = shaped(content, _File, file)
    known = offered()
    if given.observations not in known:
        raise UsageError(
            f"{file}: 'observations' is nothing that tables are made of: choose one of {', '.join(known)}."
        )
    observation = known[given.observations]
    dimensions = _listed(
        file, "dimensions", given.dimensions, (*observation.dimensions, *observation.period.grains)
    )
    measures = _listed(file, "measures", given.measures, observation.measures)
    grains = [word for word in dimensions if word in GRAINS]
    if len(grains) != 1:
        raise UsageError(
            f"{file}: a table has one period, since each period is published once, when it is over: give one "
            f"of {', '.join(observation.period.grains)} under 'dimensions'."
        )
    if len(dimensions) > MOST_DIMENSIONS:
        raise UsageError(
            f"{file}: a table has {MOST_DIMENSIONS} dimensions at most, the period among them: take one away."
        )
    return Order(
        given.observations, tuple(word for word in dimensions if word not in GRAINS), grains[0], measures
    )


def of_name(name: str) -> Order | None:
    """The order that a mart of this name was made from, with all of its measures; None for any other name."""
    for observations, observation in offered().items():
        head = f"{PREFIX}{observations}_by_"
        if not name.startswith(head):
            continue
        for order in _all_of(observations, observation):
            if order.name == name:
                return order
    return None


def mart(order: Order) -> dict[str, Any]:
    """The YAML of the mart that the order would become: its contract and its rules of disclosure, as
    dbt_project/models/marts/ has them.
    """
    observation = order.observation
    by = " and ".join([*order.codes, f"{order.grain.replace('_', ' ')} of {observation.period.of}"])
    rules = {
        "people": f"int_people__{order.name}",
        "person": "pseudonym",
        "noise": order.noise,
        "dimensions": {
            **{order.columns[code]: observation.dimensions[code].code_list for code in order.codes},
            order.grain: "period",
        },
        "period": {
            "column": order.grain,
            "grain": order.grain,
            "observation": observation.period.observation,
            "last_use_before": observation.period.last_use_before,
        },
        "consistent": [{"falls": pair} for pair in _nested_counts(order)],
        "measures": list(_measures(order)),
    }
    if not rules["consistent"]:
        del rules["consistent"]
    return {
        "name": order.name,
        "description": f"A table that was ordered: {observation.says}, by {by}.",
        "config": {"contract": {"enforced": True}, "meta": {"disclosure": rules}},
        "data_tests": ["figures_are_protected"],
        "columns": list(_columns(order)),
    }


def contract(order: Order) -> MartContract:
    """The contract of the mart that the order would become."""
    return contracts.contract_of(mart(order), order.name)


def _listed(file: str, entry: str, given: list[str], known: Any) -> tuple[str, ...]:
    """The words in the order in which they are offered."""
    for number, word in enumerate(given, 1):
        if word not in known:
            raise UsageError(
                f"{file}: entry {number} of '{entry}' is not offered: choose among {', '.join(known)}."
            )
    if not given or len(set(given)) < len(given):
        raise UsageError(f"{file}: '{entry}' must name each word once, and at least one: correct it.")
    return tuple(word for word in known if word in given)


def _all_of(observations: str, observation: Observation) -> Iterator[Order]:
    codes = tuple(observation.dimensions)
    subsets: list[tuple[str, ...]] = [()]
    for code in codes:
        subsets += [(*before, code) for before in subsets]
    for chosen in subsets:
        for grain in observation.period.grains:
            yield Order(observations, chosen, grain, tuple(observation.measures))


def _counts(order: Order) -> dict[str, bool]:
    """The counts that the order needs, in the order in which they are offered, and whether each is shown."""
    measures = order.observation.measures
    needed = set(order.measures)
    for word in order.measures:
        needed |= {measures[word].numerator or word, measures[word].denominator or word}
    for word in sorted(needed):
        needed.add(measures[word].of or word)
    return {
        word: word in order.measures
        for word, measure in measures.items()
        if word in needed and measure.kind == "count"
    }


def _nested_counts(order: Order) -> Iterator[list[str]]:
    """Counts that are shown beside the count that they are a part of."""
    for word in order.measures:
        whole = order.observation.measures[word].of
        if whole in order.measures:
            yield [f"n_{whole}", f"n_{word}"]


def _measures(order: Order) -> Iterator[dict[str, Any]]:
    offered_measures = order.observation.measures
    for word, is_shown in _counts(order).items():
        measure = offered_measures[word]
        told: dict[str, Any] = {"name": f"n_{word}", "kind": "count"}
        if measure.where:
            told["where"] = measure.where
        if measure.of:
            told["of"] = f"n_{measure.of}"
        yield told if is_shown else {**told, "hidden": True}
    for word in order.measures:
        measure = offered_measures[word]
        if measure.kind == "rate":
            yield {
                "name": word,
                "kind": "rate",
                "numerator": f"n_{measure.numerator}",
                "denominator": f"n_{measure.denominator}",
            }
            yield {"name": f"{word}_low", "kind": "rate_low", "rate": word}
            yield {"name": f"{word}_high", "kind": "rate_high", "rate": word}


def _columns(order: Order) -> Iterator[dict[str, str]]:
    observation = order.observation
    for code, column in order.columns.items():
        yield _column(column, "varchar", f"Code of the {observation.dimensions[code].says}.")
    period = f"of the {order.grain.replace('_', ' ')} of {observation.period.of}"
    if order.grain == "year":
        yield _column("year", "integer", f"Calendar year of {observation.period.of}.")
    else:
        yield _column(order.grain, "date", f"First day {period} (Europe/Paris).")
    for word in order.measures:
        measure = observation.measures[word]
        if measure.kind == "count":
            yield from _figure(f"n_{word}", "integer", measure.says)
        else:
            yield from _figure(word, "double", measure.says)
            yield from _figure(f"{word}_low", "double", f"Lower end of the confidence interval of {word}.")
            yield from _figure(f"{word}_high", "double", f"Upper end of the confidence interval of {word}.")
    yield _column("is_complete", "boolean", "{{ doc('is_complete') }}")


def _figure(name: str, kind: str, says: str) -> Iterator[dict[str, str]]:
    yield _column(name, kind, says)
    yield _column(
        f"{name}_reason",
        "varchar",
        f"Why {name} is empty: too_few (too few people) or protected (it would say too much about somebody); "
        f"empty when {name} is published.",
    )


def _column(name: str, kind: str, says: str) -> dict[str, str]:
    return {"name": name, "data_type": kind, "description": says}
