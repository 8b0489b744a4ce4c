"""Items of the catalogue: what a delivered row names, which code it has, and where it stands.

An item keeps its key for good (the histories of the warehouse hold it) and has one code today (the marts
publish it). The key is the first code. Rows say the same item by its code or by one of the ids that platforms
give it; see docs/sources.md for how a code is corrected.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from anonymart.catalogue.refusals import CodeCheck
from anonymart.objects import KINDS

_CODE = re.compile(r"[^\W_][\w.-]{0,63}")
_LONGEST_SLUG = 48
_PARENTS = {
    "path": (),
    "course": ("path",),
    "chapter": ("path", "course"),
    "exercise": ("path", "course", "chapter"),
    "project": ("path", "course", "chapter"),
}


@dataclass(frozen=True)
class Replaced:
    """A code that the gate would refuse: kind of thing, kind of identifier in it, where it stood, and the
    code that it became (None: left out).

    `was` is never shown.
    """

    item_kind: str
    reason: str
    load_no: int | None
    line: int | None
    became: str | None
    was: str = field(default="", repr=False)

    @property
    def row(self) -> tuple:
        """For the ledger."""
        return self.load_no, self.line, self.item_kind, self.reason, self.became

    def as_dict(self) -> dict:
        """Plain data for `--json`."""
        return {
            "item_kind": self.item_kind,
            "reason": self.reason,
            "load_no": self.load_no,
            "line": self.line,
            "became": self.became,
        }

    @property
    def sentence(self) -> str:
        """For a line of a log."""
        where = f" (load {self.load_no}, line {self.line})" if self.line else ""
        if self.became is None:
            return (
                f"A {self.item_kind} is left out of all figures{where}: its code holds {self.reason}, "
                f"which the gate refuses. Give it another code and deliver it again."
            )
        return (
            f"The code of a {self.item_kind}{where} holds {self.reason}, which the gate refuses: it is "
            f"published as {self.became}. "
            "Deliver it with a code of your own to change that."
        )


@dataclass
class Item:
    """One thing of the catalogue."""

    kind: str
    key: str
    code: str
    title: str | None
    is_derived: bool
    places: tuple[str | None, str | None, str | None]
    load_no: int


class Items:
    """The catalogue in memory: read from the vault, changed by new rows, written back within the caller's
    transaction.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, check: CodeCheck) -> None:
        self._connection, self._check = connection, check
        self._items: dict[tuple[str, str], Item] = {}
        self._aliases: dict[tuple[str, str], tuple[str, str, int]] = {}
        self.replaced: list[Replaced] = []
        self._changed: set[tuple[str, str]] = set()
        self._changed_aliases: set[tuple[str, str]] = set()
        self._object_keys: dict[str, str] = {}
        for kind, key, code, title, is_derived, path, course, chapter, load_no in connection.execute(
            "SELECT item_kind, item_key, code, title, is_derived, path_key, course_key, chapter_key, "
            "load_no FROM vault.catalogue.items ORDER BY ALL"
        ).fetchall():
            self._items[kind, key] = Item(
                kind, key, code, title, is_derived, (path, course, chapter), load_no
            )
        for kind, alias, object_key, key, load_no in connection.execute(
            "SELECT item_kind, alias, object_key, item_key, load_no FROM vault.catalogue.aliases"
        ).fetchall():
            self._aliases[kind, object_key] = (alias, key, load_no)
        self._codes: dict[tuple[str, str], str] = {}
        for item in self._items.values():
            self._codes.setdefault((item.kind, item.code), item.key)

    @property
    def has_changed(self) -> bool:
        """Whether ids may name another thing than before, or a thing stand in another course."""
        return bool(self._changed or self._changed_aliases)

    def take_rows(self, last: int) -> None:
        """Take the rows of the loads after `last`, file by file."""
        columns = [f"{kind}_{part}" for part in ("id", "aliases", "title") for kind in KINDS]
        rows = self._connection.execute(
            f"SELECT load_no, line, {', '.join(columns)} FROM vault.raw.catalogue WHERE load_no > "
            f"{int(last)} ORDER BY load_no, rowid"
        ).fetchall()
        delivered = [(row[0], row[1], dict(zip(columns, row[2:], strict=True))) for row in rows]
        self._learn_keys(text for _, _, row in delivered for kind in KINDS for text in _names(row, kind))
        ids = {row[f"{kind}_id"] for _, _, row in delivered for kind in KINDS if row[f"{kind}_id"]}
        slugs = {slug for _, _, row in delivered for kind in KINDS if (slug := _slug(row[f"{kind}_title"]))}
        # One question for all: the identifiers of the vault are read once.
        numbered = (
            {f"{kind}-{number}" for kind in KINDS for number in range(1, 2 + len(ids) + self._n_of(kind))}
            if ids
            else set()
        )
        self._check.refused({text for text in ids if _CODE.fullmatch(text)} | slugs | numbered)
        for load_no in dict.fromkeys(load_no for load_no, _, _ in delivered):
            self._take_file(load_no, [(line, row) for number, line, row in delivered if number == load_no])

    def _n_of(self, kind: str) -> int:
        return sum(of == kind for of, _ in self._items)

    def _take_file(self, load_no: int, rows: list[tuple[int | None, dict[str, str | None]]]) -> None:
        titles: dict[tuple[str, str], str] = {}
        own_codes = {(kind, row[f"{kind}_id"]) for _, row in rows for kind in KINDS if row[f"{kind}_id"]}
        for _, row in rows:
            for kind in KINDS:
                if title := row[f"{kind}_title"]:
                    for text in _names(row, kind):
                        titles.setdefault((kind, self._object_keys[text]), title)
        places: dict[tuple[str, str], list[tuple[str | None, str | None, str | None]]] = {}
        for line, row in rows:
            found = {
                kind: self._take(kind, row, titles, own_codes, load_no, line)
                for kind in KINDS
                if _names(row, kind)
            }
            for kind, key in found.items():
                place = tuple(
                    found.get(parent) if parent in _PARENTS[kind] else None
                    for parent in ("path", "course", "chapter")
                )
                if any(place):
                    places.setdefault((kind, key), []).append(place)  # type: ignore[arg-type]
        for which, named in places.items():
            # An item that stands in several places counts in one, the first by course, chapter and path, in
            # every build.
            path, course, chapter = min(
                named,
                key=lambda place: tuple(
                    (part is None, part or "") for part in (place[1], place[2], place[0])
                ),
            )
            if self._items[which].places != (path, course, chapter):
                self._items[which].places = (path, course, chapter)
                self._changed.add(which)

    def _take(
        self,
        kind: str,
        row: dict[str, str | None],
        titles: dict[tuple[str, str], str],
        own_codes: set[tuple[str, str | None]],
        load_no: int,
        line: int | None,
    ) -> str:
        """The key of the item that a row names, made or changed as the row says."""
        named, aliases = row[f"{kind}_id"], _list(row[f"{kind}_aliases"])
        code = named if named and self._is_own_code(named) else None
        others = [*aliases, *([named] if named and not code else [])]
        known = list(dict.fromkeys(key for text in others if (key := self._by_alias(kind, text))))
        item = self._codes.get((kind, code)) if code else None
        if code and item is None and known:
            item = self._renamed(kind, code, known[0], own_codes)
        elif code and item is None:
            item = self._by_alias(kind, code)
        elif item is None and known:
            item = known[0]
        if item is None:
            title = next(
                (
                    titles[kind, self._object_keys[text]]
                    for text in _names(row, kind)
                    if (kind, self._object_keys[text]) in titles
                ),
                None,
            )
            item = self._make(kind, code, title, load_no)
        if code:
            self._merge(kind, self._items[kind, item], [key for key in known if key != item], aliases)
        for text in [*others, *([code] if code else [])]:
            self._alias(kind, text, item, load_no, moves=bool(code))
        if (title := row[f"{kind}_title"]) and self._items[kind, item].title != title:
            self._items[kind, item].title = title
            self._changed.add((kind, item))
        self._note_refused(kind, named, item, load_no, line)
        return item

    def _renamed(self, kind: str, code: str, key: str, own_codes: set[tuple[str, str | None]]) -> str | None:
        """The item that gets another code; None where the file still names it by its own: then the row is
        about a new one.
        """
        item = self._items[kind, key]
        if not item.is_derived and (kind, item.code) in own_codes:
            return None
        self._recode(item, code, is_derived=False)
        return key

    def _recode(self, item: Item, code: str, is_derived: bool) -> None:
        if self._codes.get((item.kind, item.code)) == item.key:
            del self._codes[item.kind, item.code]
        item.code, item.is_derived = code, is_derived
        self._codes.setdefault((item.kind, code), item.key)
        self._changed.add((item.kind, item.key))

    def _merge(self, kind: str, item: Item, others: list[str], aliases: list[str]) -> None:
        """Items that turn out to be the same are published under one code; of another one only the id
        moves.
        """
        for key in others:
            other = self._items[kind, key]
            if other.is_derived or other.code in aliases:
                self._recode(other, item.code, is_derived=False)

    def _by_alias(self, kind: str, text: str) -> str | None:
        found = self._aliases.get((kind, self._key_of(text)))
        return found[1] if found else None

    def _alias(self, kind: str, text: str, key: str, load_no: int, moves: bool) -> None:
        object_key = self._key_of(text)
        present = self._aliases.get((kind, object_key))
        if present and (
            present[1] == key
            or not moves
            or self._items[kind, present[1]].code == self._items[kind, key].code
        ):
            return
        self._aliases[kind, object_key] = (text, key, load_no)
        self._changed_aliases.add((kind, object_key))

    def _make(self, kind: str, code: str | None, title: str | None, load_no: int) -> str:
        chosen = code or self._derived(kind, title)
        key, number = chosen, 2
        while (kind, key) in self._items:
            key, number = f"{chosen}~{number}", number + 1
        self._items[kind, key] = Item(kind, key, chosen, title, code is None, (None, None, None), load_no)
        self._codes.setdefault((kind, chosen), key)
        self._changed.add((kind, key))
        if code is None:
            self._alias(kind, chosen, key, load_no, moves=False)
        return key

    def _derived(self, kind: str, title: str | None) -> str:
        """A code from the title if the gate would let it pass, else a number for each kind."""
        slug = _slug(title)
        if slug and not self._check.refused([slug]):
            candidates = (slug, *(f"{slug}-{number}" for number in range(2, 10_000)))
        else:
            candidates = ()
        taken = {code for of, code in self._codes if of == kind} | {
            key for of, key in self._items if of == kind
        }
        for candidate in candidates:
            if candidate not in taken:
                return candidate
        number = 1
        while f"{kind}-{number}" in taken or self._check.refused([f"{kind}-{number}"]):
            number += 1
        return f"{kind}-{number}"

    def _is_own_code(self, text: str) -> bool:
        """Whether the text is a code of the school's own: it looks like one and the gate would let it
        pass.
        """
        return bool(_CODE.fullmatch(text)) and not self._check.refused([text])

    def _note_refused(self, kind: str, text: str | None, key: str, load_no: int, line: int | None) -> None:
        """Say once of each code that looks like the school's own and is refused."""
        if (
            not text
            or not _CODE.fullmatch(text)
            or not (why := self._check.refused([text]))
            or _is_machine_id(text)
        ):
            return
        if not any(each.item_kind == kind and each.was == text for each in self.replaced):
            self.replaced.append(Replaced(kind, why[text], load_no, line, self._items[kind, key].code, text))

    def replace_refused(self) -> None:
        """Give a derived code to items whose code the gate would refuse by now: a learner may have come who
        bears it.
        """
        refused = self._check.refused({item.code for item in self._items.values()}, with_patterns=False)
        became: dict[tuple[str, str], str] = {}
        for item in self._items.values():
            if item.code in refused:
                was, reason = item.code, refused[item.code]
                if (item.kind, was) in became:
                    self._recode(item, became[item.kind, was], is_derived=True)
                    continue
                self._recode(item, self._derived(item.kind, item.title), is_derived=True)
                became[item.kind, was] = item.code
                self._learn_keys([item.code])
                self._alias(item.kind, item.code, item.key, item.load_no, moves=False)
                self.replaced.append(Replaced(item.kind, reason, None, None, item.code, was))

    def _learn_keys(self, texts: Iterable[str]) -> None:
        new = sorted(set(texts) - set(self._object_keys))
        if new:
            rows = self._connection.execute(
                "SELECT text, anonymart_object(text).key FROM (SELECT unnest($1::VARCHAR[]) AS text)", [new]
            ).fetchall()
            self._object_keys |= dict(rows)

    def _key_of(self, text: str) -> str:
        if text not in self._object_keys:
            self._learn_keys([text])
        return self._object_keys[text]

    def keyed_aliases(self) -> list[tuple[str, str, str]]:
        """Kind, object key and item key of each alias."""
        return [(kind, object_key, key) for (kind, object_key), (_, key, _) in self._aliases.items()]

    def placed(self) -> list[tuple[str, str, str | None]]:
        """Kind and key of each item with the key of the course that it counts in."""
        courses = []
        for item in self._items.values():
            chapter = self._items.get(("chapter", item.places[2])) if item.places[2] else None
            course = (
                item.key
                if item.kind == "course"
                else item.places[1] or (chapter.places[1] if chapter else None)
            )
            courses.append((item.kind, item.key, course))
        return courses

    def write(self) -> None:
        """Write what changed, within the caller's transaction."""
        items = [self._items[which] for which in sorted(self._changed)]
        if items:
            self._connection.execute(
                "DELETE FROM vault.catalogue.items WHERE (item_kind, item_key) IN (SELECT "
                "(unnest($1::VARCHAR[]), unnest($2::VARCHAR[])))",
                [[item.kind for item in items], [item.key for item in items]],
            )
            columns = list(
                zip(
                    *[(i.kind, i.key, i.code, i.title, i.is_derived, *i.places, i.load_no) for i in items],
                    strict=True,
                )
            )
            self._connection.execute(
                f"INSERT INTO vault.catalogue.items SELECT {', '.join('unnest(?)' for _ in columns)}",
                [list(c) for c in columns],
            )
        names = sorted(self._changed_aliases)
        if names:
            self._connection.execute(
                "DELETE FROM vault.catalogue.aliases WHERE (item_kind, object_key) IN (SELECT "
                "(unnest($1::VARCHAR[]), unnest($2::VARCHAR[])))",
                [[kind for kind, _ in names], [object_key for _, object_key in names]],
            )
            rows = [
                (kind, self._aliases[kind, name][0], name, *self._aliases[kind, name][1:])
                for kind, name in names
            ]
            self._connection.execute(
                f"INSERT INTO vault.catalogue.aliases SELECT {', '.join('unnest(?)' for _ in range(5))}",
                [list(c) for c in zip(*rows, strict=True)],
            )


def _list(text: str | None) -> list[str]:
    """Aliases as they are delivered: separated by spaces, or an array of texts."""
    if not text:
        return []
    if text.lstrip().startswith("["):
        try:
            return [str(each).strip() for each in json.loads(text) if str(each or "").strip()]
        except ValueError:
            pass
    return text.split()


def _names(row: dict[str, str | None], kind: str) -> list[str]:
    return [text for text in (row[f"{kind}_id"], *_list(row[f"{kind}_aliases"])) if text]


def _slug(title: str | None) -> str:
    """The title in small letters and digits with hyphens between words; empty where it has no letter.

    C, C++ and C# are three things: signs that belong to a name are written as words.
    """
    title = re.sub(r"(?<=\w)#", " sharp", re.sub(r"(?<=\w)\+\+", " plus plus", title or ""))
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", title) if not unicodedata.combining(sign)
    ).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > _LONGEST_SLUG:
        slug = slug[:_LONGEST_SLUG].rpartition("-")[0] or slug[:_LONGEST_SLUG]
    return slug if re.search("[a-z]", slug) else ""


def _is_machine_id(text: str) -> bool:
    """A platform's id, which nobody took for a code: it needs no word when it is replaced."""
    return bool(re.fullmatch(r"[0-9a-fA-F]{32}|[0-9a-fA-F-]{36}", text))
