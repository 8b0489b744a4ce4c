"""Finding direct identifiers in texts, SQL first: patterns with their check digits, and folding (D-IDENT,
D-SPECIAL).
"""

from anonymart.detect.folding import folded, phrase, words
from anonymart.detect.patterns import (
    KINDS,
    PATTERNED,
    Pattern,
    kinds_query,
    kinds_query_of_few,
    matches,
    patterns,
    without_addresses,
)
from anonymart.detect.spans import Span, resolved, spans_of

__all__ = [
    "KINDS",
    "PATTERNED",
    "Pattern",
    "Span",
    "folded",
    "kinds_query",
    "kinds_query_of_few",
    "matches",
    "patterns",
    "phrase",
    "resolved",
    "spans_of",
    "without_addresses",
    "words",
]
