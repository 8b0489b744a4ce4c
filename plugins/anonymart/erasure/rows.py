"""Which rows of a place go with those who go, as SQL on the TEMP tables `to_erase` and those that are made
from it (R-ERASE, P-STAT).
"""

from __future__ import annotations

from datetime import date

import duckdb

from anonymart.audience import term as audience
from anonymart.erasure import unreadable
from anonymart.erasure.people import Scope
from anonymart.erasure.places import Names, Place
from anonymart.erasure.zones import LAST, Zones
from anonymart.ingest import waiting
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.temp_tables import RESTRICTED, TO_ERASE, TO_ERASE_PERSONS, TO_ERASE_RESPONSES

# TEMP tables that another module makes.
READS = (RESTRICTED, TO_ERASE, TO_ERASE_PERSONS, TO_ERASE_RESPONSES)

_RAW = ("vault.raw.learning", "vault.raw.enrolments", "vault.raw.salary")
OF_ACTIVITY = (Scope.ALL, Scope.ACTIVITY)
# Where rows of the erased could be seen again: not in requests, which are let in to be answered, and not in
# who is who of who is back.
NAMING = (
    *_RAW,
    "vault.answers.nps",
    "vault.register.learners",
    "vault.register.last_use",
    "vault.register.connections",
    "vault.rights.consents",
)
# Besides those two, from which places a scope takes rows.
_ALSO = {
    "vault.answers.nps": (Scope.ANSWERS, Scope.IDENTIFIED),
    "warehouse.intermediate.int_nps_responses": (Scope.ANSWERS,),
    "warehouse.intermediate.int_nps_counted": (Scope.ANSWERS,),
}
_WHO_IS_WHO = ("vault.register.learners", "vault.register.claims")


def condition(place: Place, policy: Policy, as_of: date | None) -> str | None:
    """Which rows of a place go: an SQL condition, None where none ever does. `as_of` None leaves out what has
    a term of its own.
    """
    conditions = [_of_to_erase(place)]
    if as_of is not None:
        conditions.append(_over_its_term(place, policy, as_of))
    return " OR ".join(f"({each})" for each in conditions if each) or None


def _of_to_erase(place: Place) -> str | None:
    chosen = f"scope IN ({listed(_scopes(place))})"
    if place.name == "vault.register.claims":
        return f"""
            learner IN (SELECT identifier FROM to_erase WHERE {chosen})
            AND learner NOT IN (SELECT identifier FROM vault.register.learners)
        """
    if place.name == "vault.register.identities":
        return f"""
            identifier IN (
                SELECT identifier FROM to_erase
                WHERE {chosen}
                    AND identifier NOT IN (SELECT identifier FROM vault.register.claims)
                    AND identifier NOT IN (SELECT identifier FROM vault.register.last_use)
                    AND identifier_mark(identifier) NOT IN (
                        SELECT hashes.identifier_mark FROM vault.ledger.row_hashes AS hashes
                        SEMI JOIN (SELECT identifier_mark(identifier) AS identifier_mark
                        FROM to_erase) AS marks USING (identifier_mark)
                    )
            )
        """
    match place.names:
        case Names.PERSON_KEY | Names.PSEUDONYM:
            column = "person_key" if place.names is Names.PERSON_KEY else "pseudonym"
            return f"{place.column} IN (SELECT {column} FROM to_erase_persons WHERE {chosen})"
        case Names.RESPONSE_KEY:
            return f"{place.column} IN (FROM to_erase_responses)"
    if named := _named(place):
        return f"rowid IN (SELECT rows.rowid FROM {place.name} AS rows INNER JOIN {named[0]} ON {named[1]})"
    # Minors and steps have terms of their own.
    return None


def _scopes(place: Place) -> tuple[Scope, ...]:
    # Whoever is in a new activity period is found under every identifier, and objects as before.
    if place.name.startswith("vault.rights.") or place.name in _WHO_IS_WHO:
        return (Scope.ALL,)
    return (*OF_ACTIVITY, *_ALSO.get(place.name, ()))


def _named(place: Place) -> tuple[str, str] | None:
    """What to join `rows` of a place with, and on what, to get those that go, each once; None where they are
    found in another way.
    """
    match place.names:
        case _ if place.name in LAST:
            return None
        case Names.IDENTIFIER:
            names, column = "to_erase", "identifier"
        case Names.IDENTIFIER_MARK:
            names, column = (
                "(SELECT identifier_mark(identifier) AS identifier_mark, until_at, scope FROM to_erase)",
                "identifier_mark",
            )
        case Names.IDENTITY_KEY:
            names, column = "to_erase_keys", "identity_key"
        case _:
            return None
    is_about = f"coalesce({place.about} <= chosen.until_at, true)" if place.about else "true"
    chosen = (
        f"SELECT {column} AS named, max(until_at) AS until_at FROM {names} WHERE scope IN "
        f"({listed(_scopes(place))}) GROUP BY ALL"
    )
    return f"({chosen}) AS chosen", f"chosen.named = rows.{place.column} AND {is_about}"


def delete_from(
    connection: duckdb.DuckDBPyConnection, place: Place, policy: Policy, as_of: date | None
) -> int:
    """Delete what goes from a place and give the number of rows. Who goes is looked for once, in the columns
    that tell it.
    """
    statements = [f"DELETE FROM {place.name} WHERE {condition(place, policy, as_of)}"]
    if named := _named(place):
        over_its_term = _over_its_term(place, policy, as_of) if as_of else None
        statements = [f"DELETE FROM {place.name} AS rows USING {named[0]} WHERE {named[1]}"]
        statements += [f"DELETE FROM {place.name} WHERE {over_its_term}"] if over_its_term else []
    return sum(one_row(connection.execute(statement))[0] for statement in statements)


def _over_its_term(place: Place, policy: Policy, as_of: date) -> str | None:
    """Rows with a term of their own, whoever they are about; a restriction keeps them (R-RESTRICT)."""
    day = f"DATE '{as_of}'"
    unrestricted = f"{place.column} NOT IN (FROM restricted)"
    years = policy.figure("purposes", "P-STAT", "keep_years_after_last_use")
    if place.name in _RAW:
        return f"load_no IN {waiting.over_term(policy, as_of)} AND {unrestricted}"
    if place.name == "vault.register.connections":
        log = f"connected_at < {day} - INTERVAL {policy.figure('purposes', 'P-LOG', 'keep_years')} YEAR"
        return (
            f"({log} OR (admitted_no IS NULL AND load_no IN {waiting.over_term(policy, as_of)})) AND "
            f"{unrestricted}"
        )
    if place.name == audience.VISITS:
        return audience.over_term("visited_on", policy, day)
    if place.name == audience.KEYS:
        return audience.key_has_to_go(policy, day)
    if place.name == "vault.register.minors":
        return f"of_age_on + INTERVAL {years} YEAR < {day}"
    if place.name == "vault.rights.unreadable":
        return unreadable.over_its_term(policy, day)
    if place.name == "vault.ledger.row_hashes":
        # Noted before rows told whose they were.
        return f"identifier_mark IS NULL AND about_on + INTERVAL {years} YEAR < {day}"
    return None


def count_rows(zones: Zones, policy: Policy, as_of: date | None) -> dict[str, int]:
    """Rows that go, by place. Of an identity it is told only while it is removed whether something else holds
    on to it.
    """
    found = {}
    for place in zones.places():
        which = _of_identity(place) if place.name in LAST else condition(place, policy, as_of)
        if which:
            is_there = " AND identifier IS NOT NULL" if place.name == "vault.rights.requests" else ""
            is_old = (
                f" OR request_id IN ({old_requests(policy, as_of)})"
                if as_of and place.name == "vault.rights.requests"
                else ""
            )
            n_rows = one_row(
                zones.connection.execute(
                    f"SELECT count(*) FROM {place.name} WHERE ({which}){is_there}{is_old}"
                )
            )[0]
            if n_rows:
                found[place.name] = n_rows
    return found


def _of_identity(place: Place) -> str:
    column = "learner" if place.name == "vault.register.claims" else "identifier"
    return f"{column} IN (SELECT identifier FROM to_erase WHERE scope = '{Scope.ALL}')"


def old_requests(policy: Policy, as_of: date) -> str:
    """SQL for the ids of requests that were closed longer ago than P-RIGHTS keeps them."""
    years = policy.figure("purposes", "P-RIGHTS", "keep_years")
    return f"""
        SELECT request_id FROM vault.rights.steps WHERE state IN ('answered', 'refused')
        GROUP BY request_id HAVING (max("at") + INTERVAL {years} YEAR)::DATE < DATE '{as_of}'
    """


def listed(scopes: tuple[Scope, ...]) -> str:
    """Scopes as a list of SQL literals."""
    return ", ".join(f"'{scope}'" for scope in scopes)
