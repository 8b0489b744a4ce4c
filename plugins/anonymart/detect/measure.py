"""Recall and precision of the detector, per kind, on texts whose identifiers are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from anonymart.detect.spans import Span


class Score(NamedTuple):
    """How many were planted, found and right; recall is right / planted, precision right / found."""

    planted: int
    found: int
    hit: int
    right: int

    @property
    def recall(self) -> float:
        return self.hit / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0


def scores(labelled: Iterable[tuple[Sequence[Span], Sequence[Span]]]) -> dict[str, Score]:
    """The score of each kind, from pairs of planted and found spans. Two spans are one when they share half
    of what they cover.

    A known name found where a name was planted is right: the vault may know a stranger's namesake.
    """
    planted, found, hit, right = (Counter[str]() for _ in range(4))
    for truth, answer in labelled:
        planted.update(span.kind for span in truth)
        found.update(span.kind for span in answer)
        hit.update(span.kind for span in truth if any(is_same(span, other) for other in answer))
        right.update(span.kind for span in answer if any(is_same(other, span) for other in truth))
    return {
        kind: Score(planted[kind], found[kind], hit[kind], right[kind]) for kind in sorted(planted | found)
    }


def is_same(planted: Span, found: Span) -> bool:
    """Whether what was found is what was planted."""
    common = min(planted.end, found.end) - max(planted.start, found.start)
    covered = max(planted.end, found.end) - min(planted.start, found.start)
    is_kind = planted.kind == found.kind or (planted.kind == "name" and found.kind == "known_name")
    return is_kind and 2 * common >= covered


def table(found: dict[str, Score]) -> list[str]:
    """The scores for a person, a line per kind."""
    lines = [f"{'kind':<18}{'planted':>8}{'found':>8}{'recall':>8}{'precision':>11}"]
    return lines + [
        f"{kind:<18}{s.planted:>8}{s.found:>8}{s.recall:>8.3f}{s.precision:>11.3f}"
        for kind, s in found.items()
    ]
