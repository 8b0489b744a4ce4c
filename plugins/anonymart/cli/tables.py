"""The commands `anonymart tables`: what may be ordered, what an order would come to, and the orders that wait
for the reviewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from anonymart.cli.base import acting, as_json, dated, open_session, print_result
from anonymart.lock import reading, writing

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("tables")
def tables() -> None:
    """Order a table that no mart publishes: what is offered, the plan, the order.

    \b
      anonymart tables offered
      anonymart tables plan order.yml
      anonymart tables order order.yml --as analyst

    An order is a YAML of three entries, all of them words that `anonymart tables offered` lists:

    \b
      observations: project_submissions
      dimensions: [quarter]
      measures: [submitted, validation_rate]

    One of the dimensions, at most three, is a period: each period is published once, when it is over. The
    name of the table follows from its words.
    """


@tables.command("offered")
@as_json
def offered_command(is_json: bool) -> None:
    """List what tables are made of: observations with their dimensions, periods and measures."""
    from msgspec import to_builtins

    from anonymart.orders.offered import offered

    print_result(is_json, {"observations": to_builtins(offered())}, lambda _: _offered_lines())


@tables.command("plan")
@_FILE
@click.option(
    "--release",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the release that the analyst has (default: releases/current of the home).",
)
@as_json
def plan_command(file: Path, release: Path | None, is_json: bool) -> None:
    """Say what the order in FILE would come to, before anything is made: its cells, which published tables it
    would difference with, and what of the accountant's budget it would draw on.

    It reads the declarations of the program and a release, never vault or warehouse, and needs no key. An
    order is refused that repeats a published table or its rows `all`, is finer or coarser than one that
    counts from the same history, or would be so without a dimension of which one code is published. What
    would be suppressed depends on people, and is seen by the reviewer alone.

    Exit codes: 0 the order may be sent, 2 a word is not offered or the file cannot be read, 3 the order is
    refused: it would difference.
    """
    from anonymart.errors import OrderRefused
    from anonymart.home import Home
    from anonymart.orders import order, published
    from anonymart.orders.plan import plan
    from anonymart.policy import load_policy

    home = Home.from_env()
    folder = release or (home.current if home.current.exists() else None)
    told = plan(order.read(file), load_policy(), published.read(folder) if folder else None).as_dict()
    print_result(is_json, told, _plan_lines)
    if told["refused"]:
        raise click.exceptions.Exit(OrderRefused.exit_code)


@tables.command("order")
@_FILE
@dated
@acting
@as_json
def order_command(file: Path, as_of: datetime | None, actor: str | None, is_json: bool) -> None:
    """Put the order in FILE before the reviewer. It is charged to the accountant first, and stands in the
    vault from then on: later orders are held against it while it waits.

    Approved, the table is a mart like any other: with the next build its closed periods are made, pass gate
    and attacks, and are published once.

    Exit codes: 0 the order waits for the reviewer, 2 it cannot be sent or was sent already, 3 it is refused,
    for it would difference with what is published or ordered.
    """
    from anonymart.orders import ledger, order

    wanted, session = order.read(file), open_session(as_of)
    with writing(session.home):
        planned = ledger.send(session, wanted, actor)
    print_result(
        is_json,
        {**planned.as_dict(), "state": ledger.WAITING},
        lambda told: [
            *list(_plan_lines(told))[:-2],
            "It was charged to the accountant and waits for the reviewer (`anonymart tables list`).",
        ],
    )


@tables.command("list")
@as_json
def list_command(is_json: bool) -> None:
    """List the orders for the reviewer: what each would cost, what of it would be suppressed, and the answer.

    Exact figures about persons: not for the analyst who sent the order.
    """
    from anonymart.orders import ledger

    session = open_session()
    with reading(session.home):
        found = [each.as_dict() for each in ledger.all_orders(session)]
    print_result(
        is_json,
        {"orders": found},
        lambda told: (
            [line for each in told["orders"] for line in _order_lines(each)] or ["No table was ordered yet."]
        ),
    )


def _answering(command: Callable[..., None]) -> Callable[..., None]:
    command = as_json(dated(command))
    command = click.option(
        "--reason",
        required=True,
        help="Why, in one sentence that names nobody: it stands in the ledger and in the audit log.",
    )(command)
    command = click.option(
        "--as", "actor", required=True, help="Who decides: a role or a login, such as reviewer."
    )(command)
    return click.argument("table")(command)


@tables.command("approve")
@_answering
def approve_command(table: str, actor: str, reason: str, as_of: datetime | None, is_json: bool) -> None:
    """Approve the order of TABLE, which waits. It is held against all that is published and ordered, and
    charged, once more before.

    Exit codes: 0 approved, 2 no such order waits, 3 it would difference by now, or a limit of the accountant
    that holds without it would be broken with it.
    """
    _answer(table, actor, reason, as_of, is_json, is_yes=True)


@tables.command("refuse")
@_answering
def refuse_command(table: str, actor: str, reason: str, as_of: datetime | None, is_json: bool) -> None:
    """Refuse the order of TABLE, which waits: it counts for nothing any more, and may be sent again."""
    _answer(table, actor, reason, as_of, is_json, is_yes=False)


def _answer(
    table: str, actor: str, reason: str, as_of: datetime | None, is_json: bool, *, is_yes: bool
) -> None:
    from anonymart.orders import ledger
    from anonymart.release.approval import Reviewer

    session = open_session(as_of)
    with writing(session.home):
        told = ledger.answer(session, table, Reviewer(actor, reason), is_yes).as_dict()
    print_result(is_json, told, lambda found: list(_order_lines(found)))


def _order_lines(told: dict[str, Any]) -> Iterator[str]:
    by = f" by {told['decided_by']} at {told['at']}: {told['reason']}" if told["decided_by"] else ""
    yield f"{told['mart']}: {told['state']}{by}"
    yield (f"  sent by {told['sent_by']} at {told['since']}; figures: {', '.join(told['order']['measures'])}")
    charge = told["charge"]
    if not charge:
        yield "  what it costs is counted again before a yes: the home was restored since it was sent"
        return
    cells, without, with_it = charge["cells"], charge["without"], charge["with"]
    yield (
        f"  {cells['with_anybody']} cells with anybody: {cells['of_one_person']} of one person, "
        f"{cells['below_smallest']} of fewer than any published count, {cells['below_base']} of fewer than "
        "a rate needs"
    )
    words = {"median": "half of all persons", "of_99_percent": "99 of 100", "of_anybody": "anybody"}
    yield "  told with it, and without: " + "; ".join(
        f"{words[name]} {with_it[name]:.1%}, {without[name]:.1%}" for name in words
    )
    yield from (f"  breaks the limit {name} of the policy (membership)" for name in charge["breaks"])


def _offered_lines() -> Iterator[str]:
    from anonymart.orders.offered import offered

    for name, one in offered().items():
        yield f"{name}: {one.says}"
        for word, dimension in one.dimensions.items():
            yield f"  dimension {word}: {dimension.says}"
        yield f"  period: {', '.join(one.period.grains)} of {one.period.of}"
        for word, measure in one.measures.items():
            yield f"  measure {word}: {measure.says}"


def _plan_lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"Table {told['mart']}"
    yield f"  figures: {', '.join(told['order']['measures'])}"
    yield from _cell_lines(told["cells"])
    yield from _budget_lines(told["budget"])
    if told["refused"]:
        yield "Refused: it would difference with what is published."
        yield from (f"  {each['mart']} ({each['kind']}): {each['says']}" for each in told["conflicts"])
    else:
        yield (
            "It differences with nothing that is published: `anonymart tables order` sends it, and holds it "
            "against the orders that wait."
        )
    yield "What of it would be suppressed depends on people: the reviewer sees it, this plan does not."


def _cell_lines(cells: dict[str, Any] | None) -> Iterator[str]:
    if cells is None:
        yield "  cells: unknown without a release (--release); so is whether a dimension has one code only"
        return
    codes = " x ".join(f"{number} {code}" for code, number in cells["codes"].items())
    yield (
        f"  cells: {cells['each_period']} each period{f' ({codes})' if codes else ''}; {cells['periods']} "
        + (
            f"periods have closed by release {cells['release_id']}, from {cells['first_period']} to "
            f"{cells['last_period']}: {cells['at_most']} at most, fewer where nobody is"
        )
    )


def _budget_lines(budget: dict[str, Any]) -> Iterator[str]:
    several = ", more where somebody is in several cells of one period" if budget["in_several"] else ""
    yield (
        f"  budget: draws on {budget['entry']} of the policy: {budget['counts_each_cell']} counts with "
        f"{budget['noise']} noise a cell, so {budget['counts_in_window']} about one person in "
        f"{budget['years']} years{several}"
    )
    yield (
        f"  these without any other tell somebody in all of them with {budget['told']:.1%}, in cells where "
        f"nobody else is with {budget['told_if_alone']:.1%}, at one false alarm in "
        f"{round(1 / budget['false_alarms'])}; limits for half, 99 of 100 and anybody, "
        "with all other counts: " + ", ".join(f"{limit:.0%}" for limit in budget["limits"].values())
    )
    if budget["kept_now"]:
        broken = [name for name, is_kept in budget["kept_now"].items() if not is_kept]
        yield f"  of the limits the release keeps {len(budget['kept_now']) - len(broken)} of " + (
            f"{len(budget['kept_now'])}" + (f"; not kept: {', '.join(broken)}" if broken else "")
        )
