"""Which codes the gate would refuse, found before a figure stands under them (D-IDENT, S-ANON): by the gate's
own rules.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from anonymart.detect.codes import refused_codes
from anonymart.detect.known import make_known

SCHEMA = "code_check"


class CodeCheck:
    """The gate's rules for codes on the connection's vault. What the vault knows is folded at the first
    question only.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._is_ready = False
        self._known: dict[str, str | None] = {}

    def refused(self, codes: Iterable[str], with_patterns: bool = True) -> dict[str, str]:
        """Of the codes, those that the gate would refuse, each with the kind of identifier that it holds. Not
        within a transaction.

        The patterns take a second to compile, however few the codes: ask once for many.
        """
        asked = set(codes)
        if new := asked - set(self._known):
            if not self._is_ready:
                self._connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
                make_known(self._connection, SCHEMA)
                self._is_ready = True
            found = refused_codes(self._connection, SCHEMA, new, with_patterns)
            self._known |= {code: found.get(code) for code in new}
        return {code: kind for code in asked if (kind := self._known[code])}

    def close(self) -> None:
        """Drop what was folded."""
        self._connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
