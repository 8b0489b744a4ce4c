"""How many persons are in the statistics and how many are out, and why: counts that are themselves protected
(S-ANON).

Each count carries the noise of its own persons (cell key method). And it stays what the release before said
until it is more than two draws of noise can part (`Policy.smallest_move`) away: so that two reports side by
side tell of nobody who left in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from anonymart.disclosure import perturbation
from anonymart.engine import table_exists
from anonymart.policy import Policy

# Reason: policy id and what it means.
REASONS = {
    "in": ("P-STAT", "In the statistics"),
    "expired": ("P-STAT", "Out: five years after the last use are over"),
    "unknown_last_use": ("P-STAT", "Out: the last use is unknown"),
    "objected": ("R-OBJECT", "Out: objection"),
    "restricted": ("R-RESTRICT", "Out: restriction of processing"),
    "erasure_requested": ("R-ERASE", "Out: erasure was asked for and is on its way"),
    "minor": ("R-MINOR", "Out: under the age"),
    "minors_refused": ("R-MINOR", "Identifiers refused at admission, or removed later, because of the age"),
    "withdrawn": ("R-WITHDRAW", "Survey answers are out, because consent was withdrawn"),
}
_MODULUS = 1 << 32
_NOISE = "coarse"  # the class of the noise of these counts


def persons(
    connection: duckdb.DuckDBPyConnection, policy: Policy, before: Mapping[str, Any]
) -> dict[str, int]:
    """Protected counts by reason, in the order of REASONS; `before` are those of the last report, empty where
    there is none.
    """
    true = {reason: (int(n), int(key)) for reason, n, key in _groups(connection)}
    table, smallest = perturbation.of_policy(policy)[_NOISE], policy.smallest_move(_NOISE)
    found = {}
    for reason in REASONS:
        n, key = true.get(reason, (0, 0))
        shown, stays = n + perturbation.draw(table, n, key), before.get(reason)
        found[reason] = stays if isinstance(stays, int) and abs(stays - shown) < smallest else shown
    return found


def _groups(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, int]]:
    sources = []
    if table_exists(connection, "intermediate", "int_persons", database="warehouse"):
        sources.append("SELECT status AS reason, record_key FROM warehouse.intermediate.int_persons")
        if table_exists(connection, "intermediate", "int_survey_consents", database="warehouse"):
            sources.append("""
                SELECT 'withdrawn', persons.record_key FROM warehouse.intermediate.int_persons AS persons
                JOIN warehouse.intermediate.int_survey_consents AS consents USING (person_key)
                WHERE NOT consents.is_granted AND consents.withdrawn_at IS NOT NULL""")
    if table_exists(connection, "register", "minors"):
        sources.append(
            f"SELECT DISTINCT 'minors_refused' AS reason, (identifier_hash % {_MODULUS})::BIGINT AS "
            f"record_key FROM vault.register.minors"
        )
    if not sources:
        return []
    union = " UNION ALL ".join(sources)
    return connection.execute(
        f"SELECT reason, count(*), (sum(record_key::HUGEINT) % {_MODULUS})::BIGINT FROM ({union}) GROUP "
        f"BY reason"
    ).fetchall()
