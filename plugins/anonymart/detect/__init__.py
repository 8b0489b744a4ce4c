"""Finding direct identifiers in texts, SQL first: patterns with their check digits, and folding (D-IDENT, D-SPECIAL)."""

from anonymart.detect.folding import folded, phrase, words
from anonymart.detect.patterns import KINDS, Pattern, macros, matches, patterns

__all__ = ["KINDS", "Pattern", "folded", "macros", "matches", "patterns", "phrase", "words"]
