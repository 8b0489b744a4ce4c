"""Folding of texts before they are compared: case, accents and punctuation make no difference (D-IDENT)."""

from __future__ import annotations


def folded(column_sql: str) -> str:
    """SQL for the text in lower case, without accents."""
    return f"strip_accents(lower(nfc_normalize({column_sql})))"


def words(column_sql: str) -> str:
    """SQL for the list of words of the folded text: runs of letters and digits of any script."""
    return f"regexp_extract_all({folded(column_sql)}, '[\\p{{L}}\\p{{N}}]+')"
