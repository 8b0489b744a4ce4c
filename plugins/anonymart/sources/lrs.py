"""Statements of a learning record store, page by page into files of `landing/learning/`, from where ingest
loads them as any other.

A file is renamed into place before the cursor moves on, both under the lock of the home. Killed in between,
the next pull asks for the same statements again, and ingest counts as duplicates what it knows by its id:
nothing is lost or doubled.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.lock import writing
from anonymart.progress import Progress
from anonymart.session import Session
from anonymart.sources import lrs_cursor
from anonymart.sources.lrs_cursor import Cursor
from anonymart.sources.lrs_http import Client, LinkGone, Page, moment
from anonymart.sources.lrs_store import Store

PART_STATEMENTS = 100_000
PART_SECONDS = 60.0
EMPTY_PAGES = 3
_REMEMBERED_PAGES = 1000
_STARTS_IN_VAIN = 3
_RESTART_OVERLAP = timedelta(minutes=1)
_SAY_SECONDS = 5.0
_PATIENCE_SECONDS = 3600.0


class _Head(msgspec.Struct):
    stored: str | None = None


@dataclass
class Pulled:
    """What one pull brought: statements (those of the overlap again), pages, files in landing, and starts
    anew after a lost link.
    """

    statements: int = 0
    pages: int = 0
    files: int = 0
    restarts: int = 0
    newest_at: datetime | None = None
    is_unordered: bool = False


class Parts(NamedTuple):
    """When a file of landing is whole: after so many statements, or so many seconds."""

    statements: int = PART_STATEMENTS
    seconds: float = PART_SECONDS


def pull(
    session: Session,
    store: Store,
    progress: Progress | None = None,
    everything: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    parts: Parts | None = None,
) -> Pulled:
    """Drain what is new in the store into landing; with `everything`, from its beginning.

    Raises UsageError for an address or credentials that the store refuses, AnonymartError when it does not
    answer, repeats its pages, or another pull of this store runs; what was read before stays, and the next
    pull goes on from there.
    """
    progress = progress or Progress(quiet=True)
    with _alone(session.home), Client(store, progress, sleep) as client:
        cursor = (
            Cursor(part_no=lrs_cursor.read(session, store.endpoint).part_no)
            if everything
            else lrs_cursor.read(session, store.endpoint)
        )
        return _Drain(session, store, client, cursor, parts or Parts()).run()


class _Drain:
    """One drain: the page in hand, the file being written, and the cursor that follows them."""

    def __init__(self, session: Session, store: Store, client: Client, cursor: Cursor, parts: Parts) -> None:
        self.session, self.store, self.client, self.cursor = session, store, client, cursor
        self.progress, self.parts = client.progress, parts
        self.pulled = Pulled()
        self.part = _Part(session.home.landing / "learning", store.digest)
        self.said = time.monotonic()
        self.recent: deque[int] = deque(maxlen=_REMEMBERED_PAGES)

    def run(self) -> Pulled:
        try:
            try:
                through = self._pages()
            except AnonymartError:
                # What is whole is kept; the cursor says from where to go on.
                self._commit()
                raise
            self._end(through)
            return self.pulled
        finally:
            self.part.close()

    def _end(self, through: datetime | None) -> None:
        newest = self.cursor.newest_at
        if newest and through and through < newest:
            # The store vouches for nothing after that time: some of it may still appear.
            newest = through
        self.pulled.newest_at, self.pulled.is_unordered = newest, not self.cursor.is_ordered
        self.cursor = replace(
            self.cursor, newest_at=newest, since_at=None, reached_at=None, more=None, is_ordered=True
        )
        self._commit()

    def _pages(self) -> datetime | None:
        """Every page up to the last one; gives the time up to which the store said that nothing is
        missing.
        """
        page = self._resumed() or self._begun(
            self.cursor.newest_at and self.cursor.newest_at - self.store.overlap
        )
        empty = in_vain = 0
        through = page.consistent_through
        while True:
            self._take(page)
            empty = 0 if page.statements else empty + 1
            if not page.more or empty >= EMPTY_PAGES:
                return through
            try:
                page = self.client.next(page.more)
            except LinkGone:
                begun = self.cursor.since_at
                in_vain = in_vain + 1 if self.cursor.restart(_RESTART_OVERLAP) == begun else 0
                if in_vain >= _STARTS_IN_VAIN:
                    raise AnonymartError(
                        "The store forgets its paging links before they are used: ask for smaller "
                        "pages, or have it keep them longer."
                    ) from None
                page = self._anew()
            through = page.consistent_through or through

    def _resumed(self) -> Page | None:
        if self.cursor.more is None:
            return None
        try:
            return self.client.next(self.cursor.more) if self.cursor.more else self._anew()
        except LinkGone:
            return self._anew()

    def _anew(self) -> Page:
        """A first page from as far as the drain has come; from its beginning where the store's order does not
        tell.
        """
        self.pulled.restarts += 1
        return self._begun(self.cursor.restart(_RESTART_OVERLAP))

    def _begun(self, since: datetime | None) -> Page:
        self.recent.clear()
        page = self.client.first(since)
        self.cursor = replace(self.cursor, since_at=since, reached_at=None)
        return page

    def _take(self, page: Page) -> None:
        lines = [_line(raw) for raw in page.statements]
        if lines:
            told = hash(tuple(lines))
            if told in self.recent:
                self.cursor = replace(self.cursor, more="")
                raise AnonymartError(
                    "The store gives a page again that it gave before: its paging is broken, what came "
                    "before is kept."
                )
            self.recent.append(told)
        self.part.write(lines)
        self.cursor = replace(
            self.cursor.seen([at for raw in page.statements if (at := _stored(raw))]), more=page.more
        )
        self.pulled.pages += 1
        self.pulled.statements += len(lines)
        if (
            self.part.n_lines >= self.parts.statements
            or time.monotonic() - self.part.begun >= self.parts.seconds
        ):
            self._commit()
        self._say()

    def _commit(self) -> None:
        with writing(self.session.home, _PATIENCE_SECONDS):
            if self.part.n_lines:
                self.cursor = replace(self.cursor, part_no=self.cursor.part_no + 1)
                self.part.finish(self.cursor.part_no)
                self.pulled.files += 1
            lrs_cursor.write(self.session, self.store.endpoint, self.cursor)

    def _say(self) -> None:
        if time.monotonic() - self.said >= _SAY_SECONDS:
            self.said = time.monotonic()
            newest = (
                f", stored up to {self.cursor.newest_at:%Y-%m-%d %H:%M} UTC" if self.cursor.newest_at else ""
            )
            self.progress.say(
                f"  {self.pulled.statements:,} statements in {self.pulled.pages:,} pages{newest}"
            )


class _Part:
    """The file under way: hidden and 0600, so that ingest leaves it alone, and renamed once it is whole."""

    def __init__(self, folder: Path, digest: str) -> None:
        self.folder, self.digest = folder, digest
        self.path = folder / f".lrs-{digest}.part"
        # What a killed pull left is asked for again.
        self.path.unlink(missing_ok=True)
        self._file: int | None = None
        self.n_lines, self.begun = 0, time.monotonic()

    def write(self, lines: list[bytes]) -> None:
        if not lines:
            return
        if self._file is None:
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self.n_lines, self.begun = 0, time.monotonic()
        content = memoryview(b"\n".join(lines) + b"\n")
        while content:
            content = content[os.write(self._file, content) :]
        self.n_lines += len(lines)

    def finish(self, number: int) -> None:
        assert self._file is not None  # lines were written
        os.fsync(self._file)
        os.close(self._file)
        self._file = None
        os.replace(self.path, self.folder / f"lrs-{self.digest}-{number:06d}.ndjson")
        folder = os.open(self.folder, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self.n_lines, self.begun = 0, time.monotonic()

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
            self.path.unlink(missing_ok=True)


def _line(raw: msgspec.Raw) -> bytes:
    """The statement on one line: a text of JSON holds no line break, so one can only stand between values."""
    line = bytes(raw)
    return line.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in line or b"\r" in line else line


_head = msgspec.json.Decoder(_Head)


def _stored(raw: msgspec.Raw) -> datetime | None:
    try:
        return moment(_head.decode(raw).stored)
    except msgspec.DecodeError:
        return None


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One pull at a time; a killed one lets go."""
    folder = home.landing / "learning"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise AnonymartError("Another pull is running: wait for it to end.") from None
    finally:
        os.close(descriptor)
