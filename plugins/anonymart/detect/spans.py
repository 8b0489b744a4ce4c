"""Where in a text the identifiers stand: the same rules as in SQL, run by Python on the few texts that SQL
found (D-IDENT).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from anonymart.detect.check_digits import checked_length
from anonymart.detect.patterns import KINDS, Rule, patterns
from anonymart.detect.word_lists import not_names, plain

_TRAILING = ".,;:!?)»\"'’_-"
_TRIMMED = ("url", "handle", "name", "address", "email")


class Span(NamedTuple):
    """From the code point `start` up to, and without, the code point `end`."""

    start: int
    end: int
    kind: str


def spans_of(text: str, kinds: Iterable[str] = KINDS) -> list[Span]:
    """Every identifier of these kinds in the text; those of different kinds may overlap. Raises KeyError on
    an unknown kind.
    """
    return [
        Span(start, end, kind)
        for kind in kinds
        for rule in patterns()[kind].rules
        for start, end in _matches(text, rule, kind)
    ]


def resolved(spans: Iterable[Span]) -> list[Span]:
    """The spans without overlaps, in their order: identifiers of the vault go first, then a longer span
    before a shorter one.
    """
    order = {kind: place for place, kind in enumerate(KINDS)}

    def rank(span: Span) -> tuple:
        # The given name of a learner may begin the name of a stranger.
        is_known = span.kind.startswith("known_") and span.kind != "known_name"
        return not is_known, span.start - span.end, order.get(span.kind, -1), span

    ranked = sorted(spans, key=rank)
    kept: list[Span] = []
    for span in ranked:
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return sorted(kept)


def _matches(text: str, rule: Rule, kind: str) -> Iterator[tuple[int, int]]:
    expression, place = _compiled(rule.regex), 0
    while found := expression.search(text, place):
        start, end = found.span(1)
        end = _confirmed(text, start, end, rule)
        if end > start:
            end = _without_words(text, start, end) if kind == "name" else end
            while (
                kind in _TRIMMED
                and end - start > 1
                and (text[end - 1] in _TRAILING or not text[end - 1].isprintable() or text[end - 1].isspace())
            ):
                end -= 1
            yield start, end
            # What stood behind may stand before the next one.
            place = max(end, place + 1)
        else:
            # A number with a wrong key may have a right one within; what a list rejects is passed as a whole,
            # as SQL does.
            place = start + 1 if rule.check else max(found.end(1), start + 1)


def _without_words(text: str, start: int, end: int) -> int:
    """The end of a name, without the words of a next sentence that begins large."""
    while (last := text.rfind(" ", start, end)) > start and plain(text[last + 1 : end]) in not_names():
        end = last
    return end


def _confirmed(text: str, start: int, end: int, rule: Rule) -> int:
    candidate = plain(text[start:end]) if rule.accept or rule.reject else ""
    if rule.accept and not _compiled(rule.accept).search(candidate):
        return 0
    if rule.reject and _compiled(rule.reject).search(candidate):
        return 0
    return start + checked_length(rule.check, text[start:end]) if rule.check else end


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
