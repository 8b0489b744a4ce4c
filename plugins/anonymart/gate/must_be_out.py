"""Who must be out of every new figure, read from the vault by the gate itself, and who of them is behind a
new cell all the same.

It shares no SQL with the models: a fault in theirs is found here (R-OBJECT, R-RESTRICT, R-ERASE, R-WITHDRAW).
The gate compares persons, so a model that counts past `int_people__*` is beyond it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb

from anonymart.contracts import MartContract
from anonymart.engine import table_exists
from anonymart.gate.report import Failure
from anonymart.gate.rules import Scope
from anonymart.gate.rules_nested import persons_of
from anonymart.gate.tables import insert
from anonymart.home import PROJECT
from anonymart.keys import Keys
from anonymart.policy import Policy
from anonymart.release.cells import number_of
from anonymart.rights.death import directive
from anonymart.rows import one_row
from anonymart.shared_persons import histories

KIND = "person_who_must_be_out"
OBJECTED, RESTRICTED, ERASURE, WITHDRAWN = "objected", "restricted", "erasure asked", "consent withdrawn"
POLICY = {OBJECTED: "R-OBJECT", RESTRICTED: "R-RESTRICT", ERASURE: "R-ERASE", WITHDRAWN: "R-WITHDRAW"}
LEAK, PLACE = "person who must be out", "behind a cell"
WORDS = (KIND, LEAK, PLACE, *POLICY)
_REASONS = {"object": OBJECTED, "restrict": RESTRICTED}
# Whose consent to surveys is withdrawn is out of the marts only that count these answers.
_ANSWERS_BY_CONSENT = "int_nps_responses"


class _OfPeopleOut(Scope):
    """A scope in which nobody else is behind the cells: few people are joined with cells, however many there
    are.
    """

    @property
    def people(self) -> str:
        person = self.mart.disclosure["person"]
        return (
            f'(FROM {super().people} AS everybody WHERE everybody."{person}" IN (SELECT person FROM '
            f"gate.must_be_out))"
        )


def find(
    connection: duckdb.DuckDBPyConnection,
    keys: Keys,
    contracts: Mapping[str, MartContract],
    policy: Policy,
    as_of: date,
) -> list[Failure]:
    """A failure for each mart and reason with the number of people who must be out and are behind a new cell;
    the views of `gate` are made.
    """
    out = people_out(connection, policy, as_of)
    _note(connection, [(keys.pseudonym_of(person), reason) for person, reason in sorted(out)])
    return behind(connection, contracts, policy, as_of)


def behind(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], policy: Policy, as_of: date
) -> list[Failure]:
    """Who of `gate.must_be_out` is behind a new cell, as failures."""
    of_surveys = _of_surveys(contracts)
    return [
        failure
        for contract in contracts.values()
        for failure in _behind(connection, contract, policy, as_of)
        if failure.kind != f"{KIND}: {WITHDRAWN}" or failure.mart in of_surveys
    ]


def plant(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, MartContract], person: str
) -> list[tuple[str, str, str]]:
    """Let one of the people whom the drill has put behind a new cell be out for every reason; gives the keys
    under which each must be found.
    """
    _note(connection, [(person, reason) for reason in POLICY])
    of_surveys = _of_surveys(contracts)
    return [
        (name, "*", f"{KIND}: {reason}") for name in contracts if _is_view(connection, name)
        for reason in POLICY if reason != WITHDRAWN or name in of_surveys
    ]  # fmt: skip


def _note(connection: duckdb.DuckDBPyConnection, out: list[tuple[str, str]]) -> None:
    """gate.must_be_out (person, reason), of (pseudonym, reason)."""
    connection.execute("CREATE OR REPLACE TABLE gate.named_out (pseudonym VARCHAR, reason VARCHAR)")
    insert(connection, "gate.named_out", out)
    connection.execute(
        "CREATE OR REPLACE TABLE gate.must_be_out AS "
        f"SELECT {number_of('pseudonym')} AS person, reason FROM gate.named_out; DROP TABLE gate.named_out"
    )


def people_out(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> set[tuple[str, str]]:
    """(person_id, reason) of everybody who must be out on a day: of the vault attached, requests and consents
    up to its end in the school's zone.
    """
    zone = ZoneInfo(policy.figure("window", "time_zone"))
    until = (
        datetime.combine(as_of + timedelta(days=1), time(), zone)
        .astimezone(ZoneInfo("UTC"))
        .replace(tzinfo=None)
    )
    return {*_by_requests(connection, until), *_by_consents(connection, until), *_by_unreadable(connection)}


def _by_requests(connection: duckdb.DuckDBPyConnection, until: datetime) -> Iterator[tuple[str, str]]:
    asked: dict[tuple[str, str], datetime] = {}
    lifted: dict[tuple[str, str], datetime] = {}
    for person, kind, details, is_proved, at in _rows(connection, _REQUESTS, "requests") + _rows(
        connection, _STANDING, "standing"
    ):
        if at is None or at >= until:
            continue
        if kind == "erase" or (kind == "death" and directive(details).kind == "erase"):
            yield person, ERASURE
        elif kind in _REASONS:
            is_lift = (details or "").strip().lower() == "lift"
            if not is_lift or is_proved:
                latest = lifted if is_lift else asked
                latest[person, kind] = max(at, latest.get((person, kind), at))
    yield from (
        (person, _REASONS[kind])
        for (person, kind), at in asked.items()
        if (person, kind) not in lifted or at >= lifted[person, kind]
    )


def _by_consents(connection: duckdb.DuckDBPyConnection, until: datetime) -> Iterator[tuple[str, str]]:
    """Who has withdrawn last, in the same moment too: P-STAT is an objection, P-SURVEY ends the answers. A
    request to withdraw is a withdrawal.
    """
    latest: dict[tuple[str, str], dict[str, datetime]] = {}
    requests = [
        (person, "P-SURVEY", "withdrawn", at)
        for person, kind, _, _, at in _rows(connection, _REQUESTS, "requests")
        if kind == "withdraw"
    ]
    for person, purpose, status, at in [*_rows(connection, _CONSENTS, "consents"), *requests]:
        if at is not None and at < until:
            times = latest.setdefault((person, purpose), {})
            times[status] = max(at, times.get(status, at))
    for (person, purpose), times in latest.items():
        withdrawn, granted = times.get("withdrawn"), times.get("granted")
        if withdrawn is not None and (granted is None or withdrawn >= granted):
            yield person, OBJECTED if purpose == "P-STAT" else WITHDRAWN


def _by_unreadable(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    return ((person, RESTRICTED) for (person,) in _rows(connection, _UNREADABLE, "unreadable_names"))


def _rows(connection: duckdb.DuckDBPyConnection, query: str, table: str) -> list[tuple]:
    return connection.execute(query).fetchall() if table_exists(connection, "rights", table) else []


_PERSON = "JOIN vault.register.identities AS identities USING (identifier) WHERE person_id IS NOT NULL"
_REQUESTS = f"""
    SELECT person_id, asked.kind, details, coalesce(identity_verified, false), received_at
    FROM vault.rights.requests AS asked {_PERSON}
    AND NOT list_contains((SELECT coalesce(list(request_id), []) FROM vault.rights.steps
        WHERE state = 'refused'), request_id)"""
_STANDING = f"""
    SELECT person_id, stands.kind, if(is_lift, 'lift', ''), true, received_at
        FROM vault.rights.standing AS stands {_PERSON}"""
_CONSENTS = f"""
    SELECT person_id, purpose, status, max("at") FROM (SELECT * FROM vault.rights.consents
    WHERE purpose IN ('P-STAT', 'P-SURVEY')) AS given {_PERSON}
    GROUP BY ALL"""
_UNREADABLE = f"SELECT DISTINCT person_id FROM vault.rights.unreadable_names AS named {_PERSON}"


def _behind(
    connection: duckdb.DuckDBPyConnection, contract: MartContract, policy: Policy, as_of: date
) -> list[Failure]:
    if not _is_view(connection, contract.name):
        return []
    scope = _OfPeopleOut(policy, as_of, contract)
    found = connection.execute(f"""
        SELECT out.reason, count(DISTINCT behind.person) FROM {persons_of(scope, "true")} AS behind
        JOIN gate.must_be_out AS out ON out.person = behind.person GROUP BY ALL ORDER BY ALL
    """).fetchall()
    return [Failure(contract.name, "*", f"{KIND}: {reason}", POLICY[reason], n) for reason, n in found]


def _of_surveys(contracts: Mapping[str, MartContract]) -> set[str]:
    """The marts whose persons are counted from answers that are held by consent (P-SURVEY)."""
    read = histories(contracts, PROJECT / "dbt_project")
    return {name for name, models in read.items() if _ANSWERS_BY_CONSENT in models}


def _is_view(connection: duckdb.DuckDBPyConnection, mart: str) -> bool:
    return one_row(
        connection.execute(
            "SELECT EXISTS (FROM duckdb_views() WHERE schema_name = 'gate' AND view_name = $1)",
            [f"people_{mart}"],
        )
    )[0]
