"""Folding of texts before they are compared: case, accents and punctuation make no difference (D-IDENT)."""

from __future__ import annotations


def folded(column_sql: str) -> str:
    """SQL for the text in lower case, without accents."""
    # A text of as many bytes as signs is plain ASCII: most are, and that is a third of the time.
    return (
        f"CASE WHEN strlen({column_sql}) = length({column_sql}) THEN lower({column_sql}) "
        f"ELSE strip_accents(lower(nfc_normalize({column_sql}))) END"
    )


def phrase(column_sql: str) -> str:
    """SQL for the words of the folded text, runs of letters and digits of any script, with one space between
    them.
    """
    return f"trim(regexp_replace({folded(column_sql)}, '[^\\p{{L}}\\p{{N}}]+', ' ', 'g'))"


def words(column_sql: str) -> str:
    """SQL for the list of words of the folded text; an empty list where there is none."""
    return f"list_filter(string_split({phrase(column_sql)}, ' '), lambda word: word <> '')"
