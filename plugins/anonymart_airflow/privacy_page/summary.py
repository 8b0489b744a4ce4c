"""The numbers of a candidate in one screen, each with a small picture and, where it can be told, what it was
in the release before (S-ANON).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from anonymart.release.page_parts import bar, in_words, percent

_NOTHING = "not told"
_MOST_LINES = 3
REASONS = {"too_few": ("few", "too few"), "protected": ("protected", "protected")}


@dataclass(frozen=True)
class Tile:
    """One number: its title, the number, lines of words, pictures (escaped), and whether it is well: good,
    warm, bad, or empty where a number says nothing by itself.
    """

    title: str
    number: str
    lines: tuple[str, ...] = ()
    pictures: tuple[Markup, ...] = ()
    tone: str = ""


def tiles(report: Mapping[str, Any], before: Mapping[str, Any], notes: Mapping[str, Any]) -> list[Tile]:
    """The tiles of a candidate, by its privacy report, that of the release before (empty where there is
    none), and what was noted for the reviewer.
    """
    gate = report.get("gate") or {}
    return [
        _cells(report),
        _suppressed(report, before),
        _attacks(gate.get("attacks") or []),
        _drill(gate.get("drill") or []),
        _requests(notes.get("requests"), report),
        _policy(report.get("changes") or {}),
        _code(report.get("changes") or {}),
    ]


def n_new(report: Mapping[str, Any]) -> int:
    """How many cells a release publishes for the first time."""
    return sum(mart["new_cells"] for mart in report.get("marts", {}).values())


def n_carried(report: Mapping[str, Any]) -> int:
    """How many cells stay as they were published."""
    return sum(mart["carried_cells"] for mart in report.get("marts", {}).values())


def _cells(report: Mapping[str, Any]) -> Tile:
    new, carried = n_new(report), n_carried(report)
    marts = [(name, mart["new_cells"]) for name, mart in report.get("marts", {}).items() if mart["new_cells"]]
    most = sorted(marts, key=lambda each: -each[1])[:_MOST_LINES]
    lines = (
        f"{in_words(carried)} carried, as they were published",
        f"in {in_words(len(marts))} marts; most: "
        + (", ".join(f"{name} {in_words(n)}" for name, n in most) or "none"),
    )
    return Tile(
        "New cells",
        in_words(new),
        lines,
        _bar([("few", new, new + carried)], f"{in_words(new)} of all cells"),
    )


def _suppressed(report: Mapping[str, Any], before: Mapping[str, Any]) -> Tile:
    now, then = _hidden(report), _hidden(before)
    if now is None:
        return Tile("Figures not shown", _NOTHING)
    pictures, lines = _hidden_bar("now", now), []
    for reason, (_, words) in REASONS.items():
        was = "" if then is None else f", last time {percent(then[reason])}"
        lines.append(f"{words} {percent(now[reason])}{was}")
    if then is None:
        lines.append("there is no release to compare with")
    else:
        pictures += _hidden_bar("last time", then)
    return Tile("Figures not shown", percent(sum(now.values())), tuple(lines), pictures)


def _hidden(report: Mapping[str, Any]) -> dict[str, float] | None:
    """Shares of all figures that are hidden, by reason; None where a report does not tell."""
    marts = list(report.get("marts", {}).values())
    if not marts or not all("suppressed" in mart for mart in marts):
        return None
    figures = sum(mart["figures"] for mart in marts) or 1
    return {reason: sum(mart["suppressed"][reason] for mart in marts) / figures for reason in REASONS}


def _hidden_bar(when: str, shares: Mapping[str, float]) -> tuple[Markup, ...]:
    words = f"{when}: {', '.join(f'{REASONS[name][1]} {percent(share)}' for name, share in shares.items())}"
    return (Markup(bar([(REASONS[name][0], share) for name, share in shares.items()], words)),)


def _attacks(attacks: Sequence[Mapping[str, Any]]) -> Tile:
    broken = [attack["attack"].replace("_", " ") for attack in attacks if attack["succeeded"]]
    if not attacks:
        return Tile("Attacks that succeeded", _NOTHING, ("none was tried",), tone="bad")
    lines = (", ".join(broken) or "each succeeded on a naive release, and on this one none",)
    picture = _bar([("harm", len(broken), len(attacks))], f"{len(broken)} of {len(attacks)} succeeded")
    number = f"{len(broken)} of {len(attacks)}"
    return Tile("Attacks that succeeded", number, lines, picture, "bad" if broken else "good")


def _drill(drill: Sequence[Mapping[str, Any]]) -> Tile:
    planted, caught = (sum(row[name] for row in drill) for name in ("planted", "caught"))
    if not planted:
        return Tile("Planted leaks caught", _NOTHING, ("no leak was planted",), tone="bad")
    picture = _bar([("well", caught, planted)], f"{in_words(caught)} of {in_words(planted)} caught")
    lines = (f"{len({row['leak'] for row in drill})} kinds in {len({row['place'] for row in drill})} places",)
    tone = "good" if caught == planted else "bad"
    return Tile("Planted leaks caught", f"{in_words(caught)} of {in_words(planted)}", lines, picture, tone)


def _requests(requests: Mapping[str, Any] | None, report: Mapping[str, Any]) -> Tile:
    if not requests:
        in_time = report.get("requests", {}).get("all_in_time")
        return Tile(
            "Requests of persons late", _NOTHING if in_time is None else "none" if in_time else "some"
        )
    late, near, is_open = requests["late"], requests["near"], requests["open"]
    parts = [("harm", late, is_open), ("protected", near, is_open)]
    words = f"{in_words(late)} late and {in_words(near)} near of {in_words(is_open)} open"
    tone = "bad" if late else "warm" if near else "good"
    lines = (f"{in_words(is_open)} open, {in_words(near)} near their last day",)
    return Tile("Requests of persons late", in_words(late), lines, _bar(parts, words), tone)


def _policy(changes: Mapping[str, Any]) -> Tile:
    changed = changes.get("policy")
    if changes.get("since") is None or changed is None:
        return Tile("Entries of the policy changed", _NOTHING, ("there is no release to compare with",))
    lines = [f"{name}: {in_words(old)} to {in_words(new)}" for name, (old, new) in changed.items()]
    return Tile(
        "Entries of the policy changed", in_words(len(lines)), _first(lines), (), "warm" if lines else "good"
    )


def _code(changes: Mapping[str, Any]) -> Tile:
    names = changes.get("definitions")
    if changes.get("since") is None:
        return Tile("Definitions changed", _NOTHING, ("there is no release to compare with",))
    old, new = changes.get("code_version") or [None, None]
    version = f"code {in_words(new)}, as before" if old == new else f"code {in_words(old)} to {in_words(new)}"
    if names is None:
        return Tile("Definitions changed", _NOTHING, (version,))
    return Tile(
        "Definitions changed",
        in_words(len(names)),
        (version, *_first(names)),
        (),
        "warm" if names else "good",
    )


def _first(lines: Sequence[str]) -> tuple[str, ...]:
    more = len(lines) - _MOST_LINES
    return (*lines[:_MOST_LINES], f"and {more} more, below") if more > 0 else tuple(lines)


def _bar(parts: Sequence[tuple[str, int, int]], words: str) -> tuple[Markup, ...]:
    """One bar of parts (class, number, of how many)."""
    return (Markup(bar([(name, n / (of or 1)) for name, n, of in parts], words)),)
