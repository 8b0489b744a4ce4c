"""The orders of a home: sent, charged, answered; a table of the vault, which names no person (S-ANON,
S-SAFE).

The next order is held against those that wait as against those that are approved, and charged with both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import duckdb

from anonymart import audit, crash, engine
from anonymart.errors import OrderRefused, UsageError
from anonymart.orders import published
from anonymart.orders.charge import charge
from anonymart.orders.made import APPROVED
from anonymart.orders.order import Order, of_name, order_of
from anonymart.orders.plan import Plan, plan
from anonymart.release.approval import Reviewer, checked
from anonymart.session import Session
from anonymart.vault import schema

WAITING, REFUSED = "waiting", "refused"
SENT = "ordered"
_COLUMNS = ("mart", "content", "state", "sent_by", "since", "charge", "decided_by", "reason", "at")


@dataclass(frozen=True)
class Sent:
    """An order as the ledger knows it: its state, who sent it when, what it was charged with (empty after a
    restore), and the answer.
    """

    order: Order
    state: str
    sent_by: str
    since: str
    charge: dict[str, Any]
    decided_by: str | None
    reason: str | None
    at: str | None

    def as_dict(self) -> dict[str, Any]:
        told = {"mart": self.order.name, "order": self.order.as_dict(), "state": self.state}
        told |= {"sent_by": self.sent_by, "since": self.since, "charge": self.charge}
        return told | {"decided_by": self.decided_by, "reason": self.reason, "at": self.at}


def all_orders(session: Session) -> list[Sent]:
    """Every order of the home, oldest first; none before the first."""
    if not session.home.vault.exists():
        return []
    with session.connect(vault="ro") as connection:
        return list(_read(connection))


def send(session: Session, order: Order, actor: str | None) -> Plan:
    """Charge an order and put it before the reviewer; gives its plan.

    Raises UsageError before the first release and where the order waits or is approved already, and
    OrderRefused where it would difference with a mart, a published table or another order.
    """
    with session.connect(vault="rw", warehouse="ro") as connection:
        schema.create(connection, session.keys)
        name = audit.who(connection, actor)
        standing = [each for each in _read(connection) if each.state != REFUSED]
        for each in standing:
            if each.order.name == order.name:
                raise UsageError(
                    f"The table {order.name} was ordered already, and is {each.state}: it is made once, with "
                    "the figures of that order."
                )
        planned = _clear(session, order, [each.order for each in standing])
        cost = charge(connection, order, _not_made(connection, standing), session.policy, session.as_of)
        row = [order.name, json.dumps(order.as_dict()), WAITING, name, _now(), json.dumps(cost)]
        connection.execute("BEGIN")
        connection.execute("DELETE FROM vault.ledger.orders WHERE mart = ?", [order.name])
        connection.execute(
            "INSERT INTO vault.ledger.orders (mart, content, state, sent_by, since, charge) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
        audit.enter(connection, session, SENT, name, mart=order.name, measures=list(order.measures))
        crash.point("order.before_commit")
        connection.execute("COMMIT")
    crash.point("order.after_commit")
    audit.flush(session)
    return planned


def answer(session: Session, mart: str, reviewer: Reviewer, is_yes: bool) -> Sent:
    """The reviewer's answer to an order that waits: it is charged once more before a yes.

    Raises UsageError for a table that does not wait, OrderRefused where it would by now difference with what
    is published or ordered, and where its counts would break a limit of the accountant that holds without
    them.
    """
    reviewer = checked(session, reviewer)
    with session.connect(vault="rw", warehouse="ro") as connection:
        schema.create(connection, session.keys)
        known = list(_read(connection))
        sent = next((each for each in known if each.order.name == mart and each.state == WAITING), None)
        if sent is None:
            raise UsageError("No order of this name waits: `anonymart tables list` names those that do.")
        cost = sent.charge
        if is_yes:
            others = [each for each in known if each.state != REFUSED and each.order.name != mart]
            _clear(session, sent.order, [each.order for each in others])
            cost = charge(
                connection, sent.order, _not_made(connection, others), session.policy, session.as_of
            )
            _keep_limits(cost)
        _note(connection, session, sent, reviewer, (APPROVED if is_yes else REFUSED, cost))
    crash.point("order.after_commit")
    audit.flush(session)
    return next(each for each in all_orders(session) if each.order.name == mart)


def repeat(connection: duckdb.DuckDBPyConnection, acts: Iterable[Mapping[str, Any]]) -> None:
    """Enter in a restored vault the orders, and their answers, that the audit log tells since the backup.
    What each was charged with stands in no log: it is counted again before a yes.
    """
    for act in acts:
        if act["act"] == SENT and (named := of_name(act["mart"])):
            order = replace(named, measures=tuple(act["measures"]))
            row = [order.name, json.dumps(order.as_dict()), WAITING, act["actor"], act["at"]]
            connection.execute("DELETE FROM vault.ledger.orders WHERE mart = ?", [order.name])
            connection.execute(
                "INSERT INTO vault.ledger.orders (mart, content, state, sent_by, since) "
                "VALUES (?, ?, ?, ?, ?)",
                row,
            )
        elif act["act"] in (f"order_{APPROVED}", f"order_{REFUSED}"):
            connection.execute(
                'UPDATE vault.ledger.orders SET state = $1, decided_by = $2, reason = $3, "at" = $4 '
                "WHERE mart = $5",
                [act["act"].removeprefix("order_"), act["actor"], act["reason"], act["at"], act["mart"]],
            )


def _note(
    connection: duckdb.DuckDBPyConnection,
    session: Session,
    sent: Sent,
    reviewer: Reviewer,
    found: tuple[str, dict[str, Any]],
) -> None:
    state, cost = found
    connection.execute("BEGIN")
    connection.execute(
        'UPDATE vault.ledger.orders SET state = $1, charge = $2, decided_by = $3, reason = $4, "at" = $5 '
        "WHERE mart = $6",
        [state, json.dumps(cost), reviewer.name, reviewer.reason, _now(), sent.order.name],
    )
    audit.enter(
        connection,
        session,
        f"order_{state}",
        reviewer.name,
        mart=sent.order.name,
        reason=reviewer.reason,
        via=reviewer.via,
    )
    crash.point("order.before_commit")
    connection.execute("COMMIT")


def _clear(session: Session, order: Order, others: Iterable[Order]) -> Plan:
    """The plan of an order beside the newest release and other orders. Raises OrderRefused where it would
    difference, and UsageError before the first release.
    """
    if not session.home.current.exists():
        raise UsageError(
            "No release is published yet, so nobody can tell what the order would difference with: order "
            "after the first release."
        )
    planned = plan(order, session.policy, published.read(session.home.current), others)
    if not planned.is_clear:
        raise OrderRefused(
            f"The order is refused, since it would difference: {planned.conflicts[0].says} See "
            "`anonymart tables plan`."
        )
    return planned


def _keep_limits(cost: dict[str, Any]) -> None:
    if cost["breaks"]:
        raise OrderRefused(
            f"The order cannot be approved: with its counts the limit {cost['breaks'][0]} of the policy "
            "(membership) would not be kept any more; refuse it, or let the analyst order a coarser table."
        )


def _not_made(
    connection: duckdb.DuckDBPyConnection, orders: Iterable[Sent]
) -> tuple[list[Order], list[Order]]:
    """Orders whose counts are in no mart of the last build: those that are approved, and those that wait."""
    found = [
        each
        for each in orders
        if not engine.table_exists(connection, "marts", each.order.name, database="warehouse")
    ]
    approved, waiting = (
        [each.order for each in found if each.state == state] for state in (APPROVED, WAITING)
    )
    return approved, waiting


def _read(connection: duckdb.DuckDBPyConnection) -> Iterator[Sent]:
    if not engine.table_exists(connection, "ledger", "orders"):
        return
    rows = connection.execute(
        'SELECT mart, content, state, sent_by, since, charge, decided_by, reason, "at" '
        "FROM vault.ledger.orders ORDER BY since, mart"
    ).fetchall()
    for row in rows:
        told = dict(zip(_COLUMNS, row, strict=True))
        yield Sent(
            order_of(json.loads(told["content"])),
            **{name: told[name] for name in ("state", "sent_by", "since", "decided_by", "reason", "at")},
            charge=json.loads(told["charge"]) if told["charge"] else {},
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
