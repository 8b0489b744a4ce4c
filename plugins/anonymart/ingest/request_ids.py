"""Ids of requests: the school may have typed a name or a learner_id into one, and an answered request must
name nobody (P-RIGHTS).
"""

from __future__ import annotations

import duckdb

from anonymart.ingest import identities
from anonymart.ingest.contracts import KINDS_OF_REQUEST
from anonymart.keys import Keys
from anonymart.temp_tables import INCOMING

# TEMP tables that another module makes.
READS = (INCOMING,)

_WORDS = "|".join(
    (
        *KINDS_OF_REQUEST,
        "req",
        "request",
        "requests",
        "right",
        "rights",
        "demande",
        "ticket",
        "case",
        "dsar",
        "gdpr",
        "rgpd",
        "hand",
        "id",
        "no",
        "r",
    )
)
_HIDDEN = "hidden:[0-9a-f]{16}"
_PART = f"({_WORDS}|[a-z]{{0,3}}[0-9]{{1,8}})"
# One word and a number; numbers and words of the trade; a UUID.
_PLAIN = (
    "[a-z]{1,12}[-_.]?[0-9]{1,8}",
    f"{_PART}([-_.]{_PART}){{0,5}}",
    "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
)


def names_nobody(column: str) -> str:
    """SQL: whether an id is of a form that names nobody, and no part of it is a learner_id, an account or a
    name that is known.
    """
    plain = " OR ".join(f"regexp_full_match(lower({column}), '{form}')" for form in _PLAIN)
    parts = f"list_append(regexp_split_to_array(lower({column}), '[-_.]'), lower({column}))"
    return f"""(({plain}) AND NOT EXISTS (
        SELECT 1 FROM unnest({parts}) AS parts (part)
        WHERE part IN (
            SELECT lower(unnest([learner_id, account_name, family_name, given_name]))
            FROM vault.register.learners
        )
    ))"""


def hide(connection: duckdb.DuckDBPyConnection) -> None:
    """In the TEMP table `incoming`, put a keyed hash for each request_id that could name somebody; the same
    id gives the same hash, and a hash stays as it is.
    """
    own = (
        "list_contains(list_append(regexp_split_to_array(lower(request_id), '[-_.]'), lower(request_id)), "
        "lower(learner_id))"
    )
    within = "(regexp_matches(learner_id, '[-_.]') AND contains(lower(request_id), lower(learner_id)))"
    connection.execute(f"""
        UPDATE incoming SET request_id = 'hidden:' || printf('%016x',
            identifier_hash('request|' || request_id))
        WHERE NOT regexp_full_match(request_id, '{_HIDDEN}')
            AND (NOT {names_nobody("request_id")} OR coalesce({own} OR {within}, false))
    """)


# SQL: whether a row of `incoming` bears the id of an open request, or of another row, about somebody else or
# of another kind.
# A name that the register does not know may be a slip, and an address of two people is put right under the
# same id.
IS_ANOTHERS = """request_id IN (
    SELECT named.request_id
    FROM (
        SELECT request_id, identifier, kind FROM incoming
        UNION ALL
        SELECT request_id, identifier, kind FROM vault.rights.requests WHERE identifier IS NOT NULL
    ) AS named
    LEFT JOIN vault.register.identities AS identities ON identities.identifier = named.identifier
    GROUP BY named.request_id
    HAVING count(DISTINCT identities.anchor) > 1 OR count(DISTINCT named.kind) > 1
)"""


def hidden(keys: Keys, request_id: str) -> str:
    """What the vault keeps for an id that could name somebody."""
    return f"hidden:{identities.identifier_hash(keys, f'request|{request_id}')}"
