"""The detector on batches of texts: SQL finds the few texts that hold something, Python says where (D-IDENT,
D-SPECIAL).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import duckdb
import pyarrow as pa

from anonymart.detect.contexts import before_a_name
from anonymart.detect.known import NAMES, known_digests, make_known, make_runs, make_spoken_names
from anonymart.detect.patterns import kinds_query
from anonymart.detect.spans import Span, resolved, spans_of
from anonymart.detect.word_lists import not_names, plain

# A word of the folded text: letters and digits, with the marks that stand on them where a text is decomposed.
_WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
_SHORTEST_WITH_NAME = 3


class Detector:
    """Finds identifiers in texts; with the vault attached to the connection as `vault`, also those that the
    vault knows.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, has_vault: bool = False) -> None:
        self._connection, self._has_vault = connection, has_vault
        self._digests: dict[str, bool] = {}
        connection.execute("CREATE SCHEMA detector")
        if has_vault:
            make_known(connection, "detector")
            _leave_plain_words(connection)
            make_spoken_names(connection, "detector")

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """The identifiers of each text, in order and without overlaps, in Unicode code points."""
        # Half a surrogate pair is no text for DuckDB; its place is kept.
        clean = [
            text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if not text.isascii() and _is_broken(text)
            else text
            for text in texts
        ]
        self._connection.register(
            "detector_batch", pa.table({"text": pa.array(sorted(set(clean)), pa.string())})
        )
        kinds: dict[str, list[str]] = {}
        for text, kind in self._connection.execute(kinds_query("detector_batch")).fetchall():
            kinds.setdefault(text, []).append(kind)
        found = {text: spans_of(text, held) for text, held in kinds.items()}
        if self._has_vault:
            for text, span in self._known():
                found.setdefault(text, []).append(span)
            self._name_digests(found)
        self._connection.unregister("detector_batch")
        answers = {text: resolved(spans) for text, spans in found.items()}
        return [answers.get(text, []) for text in clean]

    def _known(self) -> Iterator[tuple[str, Span]]:
        make_runs(self._connection, "detector", "SELECT text FROM detector_batch", "detector.runs")
        hits = self._connection.execute("""
            SELECT DISTINCT runs.text, known.kind, runs.position, runs.n_words
            FROM detector.runs AS runs JOIN detector.known AS known USING (phrase, n_words)""").fetchall()
        for text, kind, position, n_words in hits:
            words = list(_WORD.finditer(text))
            if position + n_words - 1 > len(words):
                # The text folds into other words than it is read in: what is known is in it, so all of it is.
                yield text, Span(0, len(text), f"known_{kind}")
                continue
            start, end = words[position - 1].start(), words[position + n_words - 2].end()
            if kind == "name" and _is_name(text, start, end):
                yield (
                    text,
                    Span(
                        start,
                        end
                        + (
                            text[end : end + 1] == "."
                            and words[position + n_words - 2].end() - words[position + n_words - 2].start()
                            == 1
                        ),
                        "known_name",
                    ),
                )
            elif kind == "given_name" and _is_said(text, start, end):
                yield text, Span(start, end, "known_name")
            elif kind not in (*NAMES, "name"):
                yield text, Span(start, end, f"known_{kind}")

    def _name_digests(self, found: dict[str, list[Span]]) -> None:
        """Call a hash known where it is the unsalted digest of an identifier; the vault is asked once for
        each.
        """
        places = [
            (text, span, text[span.start : span.end].lower())
            for text, spans in found.items()
            for span in spans
            if span.kind == "hash"
        ]
        new = {digest for _, _, digest in places} - set(self._digests)
        known = known_digests(self._connection, "detector", new) if new else set()
        self._digests |= {digest: digest in known for digest in new}
        for text, span, digest in places:
            if self._digests[digest]:
                found[text].append(span._replace(kind="known_hash"))


def _leave_plain_words(connection: duckdb.DuckDBPyConnection) -> None:
    """An account that is one plain word is told from the word only where it holds its owner's name."""
    connection.execute(f"""
        DELETE FROM detector.known WHERE kind NOT IN {NAMES} AND n_words = 1 AND NOT regexp_matches(phrase,
            '[0-9]')
            AND phrase NOT IN (
                SELECT lower(account_name) FROM vault.register.learners
                WHERE (length(given_name) >= {_SHORTEST_WITH_NAME} AND contains(lower(account_name),
                    strip_accents(lower(given_name))))
                    AND (length(family_name) >= {_SHORTEST_WITH_NAME} AND contains(lower(account_name),
                        strip_accents(lower(family_name))))
            )""")


def _is_broken(text: str) -> bool:
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def _is_name(text: str, start: int, end: int) -> bool:
    """An initial is a large letter or has a point: « a martin » in a sentence is no person."""
    parts = list(_WORD.finditer(text, start, end))
    is_initialed = any(len(part.group()) == 1 for part in parts)
    return not is_initialed or (
        all(len(part.group()) > 1 or part.group().isupper() for part in parts)
        and any(part.group()[0].isupper() for part in parts if len(part.group()) > 1)
    )


def _is_said(text: str, start: int, end: int) -> bool:
    """A given name alone counts after what is said before names: « merci à »."""
    return (
        end - start > 2
        and plain(text[start:end]) not in not_names()
        and before_a_name().search(text[max(0, start - 60) : start]) is not None
    )
