"""What no text of a release may hold: patterns of direct identifiers, and identifiers that the vault knows
(D-IDENT).
"""

from __future__ import annotations

from anonymart.detect import KINDS
from anonymart.errors import AnonymartError
from anonymart.gate.rules import Scope, rule

_PLACES = {"values": "place = 'value'", "metadata": "place <> 'value'"}


@rule
def text_with_pattern(scope: Scope) -> str:
    """A text that looks like an identifier of the kind: a value, or a name, comment or metadata around it
    (D-IDENT, D-SPECIAL).
    """
    kind = scope.options.get("kind")
    if kind not in KINDS:
        raise AnonymartError(
            f"A suite names the unknown kind of identifier {kind}: use one of {', '.join(KINDS)}."
        )
    return f"""
        SELECT mart, column_name, '{kind}' || {_where(scope)} AS kind, sum(n)::BIGINT AS n
        FROM gate.texts SEMI JOIN (FROM gate.pattern_hits AS hits
        WHERE hits.kind = '{kind}') AS hits USING (text)
        WHERE {_place(scope)} GROUP BY ALL"""


@rule
def known_identifier(scope: Scope) -> str:
    """A text that is or holds an identifier of the vault, after folding case and accents (D-IDENT)."""
    return f"""
        SELECT mart, column_name, 'known_' || kind || {_where(scope)} AS kind, sum(n)::BIGINT AS n
        FROM gate.hits
        WHERE {_place(scope)} GROUP BY ALL"""


def _place(scope: Scope) -> str:
    place = scope.options.get("in")
    if place not in _PLACES:
        raise AnonymartError(f"A suite looks in {place}, which is no place: use values or metadata.")
    return _PLACES[place]


def _where(scope: Scope) -> str:
    return "''" if scope.options.get("in") == "values" else "' in ' || place"
