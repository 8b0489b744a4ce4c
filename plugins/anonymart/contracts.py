"""The contracts of the marts, read from `dbt_project/models/marts/*.yml`: the allow-list of all that may
leave (S-ANON).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from anonymart.errors import UsageError
from anonymart.home import PROJECT, Home

# The loader in C where there is one: the gate reads a thousand lines of YAML.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MARTS_FOLDER = PROJECT / "dbt_project" / "models" / "marts"
REASONS = ("too_few", "protected")
COMPLETE = "is_complete"
_WORD = re.compile(r"[A-Za-z_]\w*")
# What columns of several models say stands once, as dbt knows it: in blocks that descriptions name.
_BLOCKS = "docs.md"
_BLOCK = re.compile(r"\{% docs (\w+) %\}(.*?)\{% enddocs %\}", re.DOTALL)
_NAMED = re.compile(r"\{\{ doc\('(\w+)'\) \}\}")


@dataclass(frozen=True)
class Column:
    """One column of a mart: its name, its DuckDB type and what it means."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Period:
    """When a cell closes: `column` holds the first day (or the year), `observation` is SQL in months.

    `last_use_before` is how many months before the period its people may have used the site last: 0, or an
    entry of the policy as text.
    """

    column: str
    grain: str
    observation: str
    last_use_before: str = "0"


@dataclass(frozen=True)
class MartContract:
    """What one mart promises: columns, dimensions with their code lists, measures with their rules."""

    name: str
    description: str
    columns: tuple[Column, ...]
    dimensions: Mapping[str, str]
    measures: tuple[Mapping[str, Any], ...]
    period: Period
    disclosure: Mapping[str, Any] = field(repr=False)

    @property
    def is_of_visitors(self) -> bool:
        """Whether its persons are visitors of the public site, whom nobody can find again (P-AUDIENCE), and
        no learners: `persons: visitors`.
        """
        return self.disclosure.get("persons", "learners") == "visitors"

    @property
    def noise(self) -> str:
        """The class of the noise of its counts, `coarse`, `fine` or `broad`: an entry of the policy
        may differ by it.
        """
        return self.disclosure["noise"]

    def noise_of(self, measure: str) -> str:
        """The class of one count: that of the mart, but for what a mart of the other class tells first.

        The persons with a value, `with_<value>`, are the mart's own.
        """
        return next(
            (each["noise"] for each in self.measures if each["name"] == measure and "noise" in each),
            self.noise,
        )

    @property
    def consistent(self) -> tuple[Mapping[str, Any], ...]:
        """What is made consistent: `falls` (two counts of a cell, or one `along` a dimension in an `order`),
        or `sums` of parts `to` a whole.
        """
        return tuple(self.disclosure.get("consistent") or ())

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def figures(self) -> tuple[str, ...]:
        """Every published figure: a column that has a `<figure>_reason` beside it."""
        names = set(self.column_names)
        return tuple(name for name in self.column_names if f"{name}_reason" in names)

    @property
    def plain_counts(self) -> tuple[str, ...]:
        """The shown counts of persons that are no sensitive value and no part of a partition."""
        kept = [
            measure
            for measure in self.measures
            if measure["kind"] == "count" and not {"hidden", "sensitive", "partition"} & set(measure)
        ]
        return tuple(measure["name"] for measure in kept)

    def tells_more(self, measure: Mapping[str, Any]) -> bool:
        """Whether a shown figure tells more than plain counts do, and is no copy of another mart's figure."""
        plain, rate = set(self.plain_counts), self.rate_of(measure)
        is_share = rate["kind"] == "rate" and (
            "told_by" in measure or {rate["numerator"], rate["denominator"]} <= plain
        )
        return not (measure.get("hidden") or measure["name"] in plain or is_share)

    def rate_of(self, measure: Mapping[str, Any]) -> Mapping[str, Any]:
        """The rate that an end of an interval belongs to; any other measure itself."""
        name = measure.get("rate", measure["name"])
        return next(each for each in self.measures if each["name"] == name)

    @property
    def period_key(self) -> tuple[str, ...]:
        """The period column and the dimensions that its observation depends on, in declared order."""
        used = set(_WORD.findall(self.period.observation))
        return (
            self.period.column,
            *(name for name in self.dimensions if name in used and name != self.period.column),
        )


def load_contracts(folder: Path | None = None) -> dict[str, MartContract]:
    """Every mart's contract by name, in order of name: of the project and, where no folder is given, of the
    tables that were ordered in the home.

    Raises UsageError for an unreadable file, a mart without an enforced contract or without
    `meta.disclosure`.
    """
    found: dict[str, MartContract] = {}
    for path in [*sorted((folder or MARTS_FOLDER).glob("*.yml")), *([] if folder else ordered_marts())]:
        for model in _models(path):
            contract = _contract(model, MARTS_FOLDER / path.name if not folder else path)
            if contract.name in found:
                raise UsageError(
                    f"{path.name}: the mart {contract.name} is described twice: keep one of the two."
                )
            found[contract.name] = contract
    if not found:
        raise UsageError(
            f"No mart is described in {folder or MARTS_FOLDER}: restore the YAML files of the marts."
        )
    _check_noise(found)
    _check_parts(found)
    return dict(sorted(found.items()))


def _check_noise(contracts: Mapping[str, MartContract]) -> None:
    """Raise UsageError where a count that another mart tells first is not drawn by that mart's class of
    noise: it is one draw.
    """
    for contract in contracts.values():
        for measure in contract.measures:
            first = measure.get("told_by") or {}
            other = contracts.get(first.get("mart", contract.name))
            if measure["kind"] != "count" or not first or other is None:
                continue
            noise = other.noise_of(first.get("measure", measure["name"]))
            if contract.noise_of(measure["name"]) != noise:
                raise UsageError(
                    f"The mart {contract.name} tells {measure['name']} after {other.name}, which draws "
                    f"it from {noise} noise: "
                    f"add noise: {noise} to the measure."
                )


def _check_parts(contracts: Mapping[str, MartContract]) -> None:
    """Raise UsageError where a count is said to be part of a count (`part_of`) that no mart has: the attacks
    would not use it.
    """
    for contract in contracts.values():
        for measure in contract.measures:
            whole = measure.get("part_of")
            if whole is None:
                continue
            other = contracts.get(whole.get("mart"))
            names = {each["name"] for each in other.measures if each["kind"] == "count"} if other else set()
            if (
                other is None
                or whole.get("measure") not in names
                or set(whole.get("at") or {}) != set(other.dimensions)
            ):
                raise UsageError(
                    f"The mart {contract.name} says that {measure['name']} is part of a count that no "
                    f"mart has: "
                    "give mart and measure, and a value or a column of this mart for each of its "
                    "dimensions under at."
                )


@functools.lru_cache(maxsize=64)
def parsed(text: str) -> Any:
    """The content of a YAML text, read once for a process: nobody changes it. Raises YAMLError."""
    return yaml.load(text, Loader=LOADER)


def ordered_marts() -> list[Path]:
    """The YAML of each mart that was ordered in the home, in order of name."""
    return sorted((Home.from_env().tables / "models" / "marts").glob("*.yml"))


def contract_of(model: dict[str, Any], name: str) -> MartContract:
    """The contract that a mart of this name would have, from its YAML as dbt has it. Raises UsageError as
    `load_contracts`.
    """
    return _contract(model, MARTS_FOLDER / f"{name}.yml")


def _models(path: Path) -> list[dict[str, Any]]:
    try:
        content = parsed(path.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError):
        raise UsageError(f"{path} cannot be read as YAML: mend the file.") from None
    return content.get("models") or []


def _contract(model: dict[str, Any], path: Path) -> MartContract:
    name = model.get("name", "?")
    config = model.get("config") or {}
    if (config.get("contract") or {}).get("enforced") is not True:
        raise UsageError(
            f"{path.name}: the mart {name} has no enforced contract: add `contract: {{enforced: true}}`."
        )
    disclosure = (config.get("meta") or model.get("meta") or {}).get("disclosure")
    if not isinstance(disclosure, dict):
        raise UsageError(
            f"{path.name}: the mart {name} has no meta.disclosure: say how its persons are protected."
        )
    for part in ("noise", "dimensions", "period", "measures"):
        if not disclosure.get(part):
            raise UsageError(f"{path.name}: meta.disclosure of the mart {name} has no {part}: add them.")
    return MartContract(
        name=name,
        description=_sentence(model.get("description"), path),
        columns=tuple(_column(column, name, path) for column in model.get("columns") or []),
        dimensions=dict(disclosure["dimensions"]),
        measures=tuple(disclosure["measures"]),
        period=_period(disclosure["period"], name, path),
        disclosure=disclosure,
    )


def _column(column: dict[str, Any], mart: str, path: Path) -> Column:
    if not column.get("data_type") or not column.get("description"):
        raise UsageError(
            f"{path.name}: a column of the mart {mart} has no data_type or no description: add it."
        )
    return Column(column["name"], str(column["data_type"]).upper(), _sentence(column["description"], path))


def _period(period: dict[str, Any], mart: str, path: Path) -> Period:
    if not period.get("column") or not period.get("grain") or "observation" not in period:
        raise UsageError(
            f"{path.name}: the period of the mart {mart} needs column, grain and observation: add them."
        )
    return Period(
        period["column"], period["grain"], str(period["observation"]), str(period.get("last_use_before", 0))
    )


def _sentence(text: str | None, path: Path) -> str:
    """A description on one line, with the blocks that it names in their place."""
    if not text or "{{" not in text:
        return " ".join((text or "").split())
    blocks = _blocks(path.parent.parent / _BLOCKS)
    missing = sorted(set(_NAMED.findall(text)) - blocks.keys())
    if missing or _NAMED.sub("", text).count("{{"):
        raise UsageError(
            f"{path.name}: a description names {missing[0] if missing else 'something'} that is no block of "
            f"dbt_project/models/{_BLOCKS}: write the block, or the text itself."
        )
    return " ".join(_NAMED.sub(lambda found: blocks[found[1]], text).split())


def _blocks(path: Path) -> dict[str, str]:
    """The blocks of text of `models/docs.md` by name; none where there is no such file."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return {found[1]: found[2] for found in _BLOCK.finditer(text)}
