"""What names the erased in other people's comments: addresses and ids, as far as it is certain, and every
phone number, since nobody knows whose it is; not names (R-ERASE).
"""

from __future__ import annotations

import re

import duckdb

from anonymart.detect import phones
from anonymart.detect.phones import MASK
from anonymart.erasure.people import Scope
from anonymart.rows import one_row
from anonymart.temp_tables import TO_ERASE

# TEMP tables that another module makes.
READS = (TO_ERASE,)

# A shorter id, or one without a digit, may be a word or a number of everyday speech.
_SHORTEST_ID = 5
# Some 50,000 addresses in one regular expression do not compile; a vault that is put back may bring as many.
_TERMS_AT_ONCE = 5_000


def mask(connection: duckdb.DuckDBPyConnection) -> int:
    """Put MASK in the place of every address and id of those in `to_erase` who go from everywhere, and of
    every phone number of a comment of before 0.2.0; gives how many comments it was.

    Call it before their rows go, which tell these. A second time finds nothing. Why names stay:
    docs/decisions/names-in-comments.md.
    """
    terms = sorted(_terms(connection), key=lambda term: (-len(term), term))
    n_phones = phones.mask(connection, "vault.answers.nps") if terms else 0
    return n_phones + sum(
        _mask(connection, terms[first : first + _TERMS_AT_ONCE])
        for first in range(0, len(terms), _TERMS_AT_ONCE)
    )


def _mask(connection: duckdb.DuckDBPyConnection, terms: list[str]) -> int:
    words = "|".join(re.escape(term) for term in terms)
    # A sign between two of them belongs to both, so a second pass finds what the first one used up.
    pattern = f"(?i)(^|[^0-9\\pL])(?:{words})($|[^0-9\\pL])"
    return one_row(
        connection.execute(
            r"""
        UPDATE vault.answers.nps
        SET comment = regexp_replace(regexp_replace(comment, $1, '\1' || $2 || '\2', 'g'), $1,
            '\1' || $2 || '\2', 'g')
        WHERE regexp_matches(comment, $1)
        """,
            [pattern, MASK],
        )
    )[0]


def _terms(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        rf"""
        WITH leaving AS (SELECT identifier FROM to_erase WHERE scope = '{Scope.ALL}'),
        named AS (
            SELECT regexp_replace(regexp_extract(identifier, '[^|]*$'),
                '^(learner|email|sha1|openid|account):', '') AS term FROM leaving
            UNION
            SELECT unnest([learners.email, learners.account_name])
            FROM vault.register.learners AS learners SEMI JOIN leaving USING (identifier)
        )
        SELECT term FROM named
        WHERE contains(term, '@') OR (length(term) >= {_SHORTEST_ID} AND regexp_matches(term, '[0-9]'))
        """
    ).fetchall()
    return [term for (term,) in rows]
