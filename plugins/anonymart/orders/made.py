"""The marts of approved orders: the files that CONTRIBUTING.md's "Add a mart" names, written into the home
from the words of each order, and the same that `anonymart declare` writes from them.

The project may be somebody else's, or installed, so nothing is written there: `lists.project` is the dbt
project of a home, with these models among its own. The vault's ledger says which orders are approved; what is
written follows from it, anew with each build.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import yaml

from anonymart import crash, engine, lists
from anonymart.contracts import MARTS_FOLDER, MartContract, load_contracts
from anonymart.declare import cells, models
from anonymart.declare.suites import RULES_FILE, load_words, suite
from anonymart.gate.suites import SUITES
from anonymart.home import PROJECT, Home
from anonymart.orders import order as orders
from anonymart.orders.order import Order, order_of
from anonymart.release.folder import write_durably
from anonymart.session import Session

APPROVED = "approved"
_MARTS, _CELLS = "marts", Path("intermediate") / "cells"
_PEOPLE = Path("intermediate") / "people"
_MARK = "Written by the program from an order that was approved: do not edit."


def settle(session: Session) -> bool:
    """Make the files of the home those of the orders that its vault knows as approved, and say whether any
    was not; the caller holds the writer's lock. A kill in between is made good by the next build.
    """
    with session.connect(vault="ro") as connection:
        found = approved(connection)
    return write(session.home, found)


def write(home: Home, made: Iterable[Order]) -> bool:
    """Write what differs, and remove what belongs to none of the approved orders that are given; says whether
    anything did.
    """
    wanted = files(list(made))
    there = {path for path in home.tables.rglob("*") if path.is_file()}
    gone = sorted(there - {home.tables / name for name in wanted})
    # A mart is what its page says: it goes first and comes last, so that a kill leaves no half of one.
    for path in sorted(gone, key=_is_page, reverse=True):
        path.unlink()
    stale = {
        home.tables / name: text
        for name, text in wanted.items()
        if home.tables / name not in there or (home.tables / name).read_text(encoding="utf-8") != text
    }
    for path in sorted(stale, key=_is_page):
        if _is_page(path):
            crash.point("order.before_page")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(path, stale[path], mode=0o600)
    return bool(gone or stale)


def _is_page(path: Path) -> bool:
    """Whether the file is the YAML by which a mart is known."""
    return path.parent.name == _MARTS and path.suffix == ".yml"


def files(made: list[Order]) -> dict[Path, str]:
    """The text of every file by its path in `tables` of a home; none without an order."""
    if not made:
        return {}
    known = load_contracts(MARTS_FOLDER)
    own = {each.name: orders.contract(each) for each in made}
    contracts = dict(sorted({**known, **own}.items()))
    words = load_words(PROJECT / RULES_FILE)
    found = {Path(lists.MODELS) / "evidence" / "cell_evidence.sql": _sql(models.evidence(contracts.values()))}
    for each in made:
        found |= _of_order(each, known)
        found[Path(SUITES) / f"{each.name}.yml"] = _yaml(suite(each.name, contracts, words))
    return found


def _of_order(order: Order, known: Mapping[str, MartContract]) -> dict[Path, str]:
    name, contract = order.name, orders.contract(order)
    mart = orders.mart(order)
    said = order.observation.apart_from
    mart["config"]["meta"]["disclosure"]["apart_from"] = {name: said[name] for name in known if name in said}
    page = yaml.safe_dump({"version": 2, "models": [mart]}, sort_keys=False, allow_unicode=True, width=1000)
    found = {
        Path(_MARTS) / f"{name}.yml": _yaml(page),
        Path(_MARTS) / f"{name}.sql": _sql(models.mart(contract)),
        _CELLS / f"int_cells__{name}.sql": _sql(models.cells(contract)),
        _CELLS / f"int_cells__{name}.yml": _yaml(cells.page(contract)),
        _PEOPLE / f"int_people__{name}.sql": _sql(people(order)),
    }
    return {Path(lists.MODELS) / path: text for path, text in found.items()}


def people(order: Order) -> str:
    """The model of the people of each cell: who did what is observed, by the words of the order."""
    contract, observation = orders.contract(order), order.observation
    period = (
        "cast(extract(year from observed.observed_on) as integer)"
        if order.grain == "year"
        else f"{{{{ period_start('observed.observed_on', '{order.grain}') }}}}"
    )
    codes = [f"observed.{column}" for column in order.columns.values()]
    persons = [f"persons.{column}" for column in ("pseudonym", "record_key", "closing_on")]
    flags = [each["where"] for each in contract.measures if each.get("where")]
    columns = [
        *codes,
        f"{period} as {order.grain}",
        *persons,
        *(f"bool_or(observed.{flag}) as {flag}" for flag in flags),
    ]
    conditions = ["persons.is_in_statistics", *(f"{column} is not null" for column in codes)]
    return "\n".join(
        [
            "select",
            ",\n".join(f"    {column}" for column in columns),
            f"from {{{{ ref('{observation.people}') }}}} as observed",
            "inner join {{ ref('int_persons') }} as persons",
            "    on observed.person_key = persons.person_key",
            "where\n    " + "\n    and ".join(conditions),
            "group by\n" + ",\n".join(f"    {column}" for column in [*codes, period, *persons]),
            "",
        ]
    )


def approved(connection: duckdb.DuckDBPyConnection) -> list[Order]:
    """The orders that the attached vault knows as approved, in order of name."""
    if not engine.table_exists(connection, "ledger", "orders"):
        return []
    rows = connection.execute(
        "SELECT content FROM vault.ledger.orders WHERE state = ? ORDER BY mart", [APPROVED]
    ).fetchall()
    return [order_of(json.loads(content)) for (content,) in rows]


def _sql(text: str) -> str:
    return f"{{# {_MARK} #}}\n{text}"


def _yaml(text: str) -> str:
    return f"# {_MARK}\n{text}"
