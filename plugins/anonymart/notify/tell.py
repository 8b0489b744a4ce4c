"""Telling somebody: once, again while it stands, and never with a text that may name a person (D-IDENT)."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import duckdb

from anonymart.detect import kinds_query
from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.notify import settings as configured
from anonymart.notify.remembered import forget, is_due, remembered
from anonymart.notify.send import Message, send
from anonymart.notify.settings import Settings
from anonymart.notify.standing import Notice, look
from anonymart.policy import Policy

_WITHHELD = "What happened may name a person, so it is not told here: read the log."
# What is told of errors of these names; of others, that a task or a run failed.
KINDS = {"GateRefused": "gate_refused", "DayHeld": "day_held", "RetentionHeld": "retention_held"}
# Sentences of ours alone, with counts, days and paths of the home: told too where the vault cannot be asked.
_OUR_WORDS = ("test", "key_trouble", "disk_trouble", "chain_broken", "source_silent")
# What is looked for anew each time, and is forgotten when it does not stand any more.
_STANDING = (
    "file_refused",
    "request_unreadable",
    "source_silent",
    "request_late",
    "request_near",
    "release_waiting",
    "retention_held",
    "chain_broken",
    "key_trouble",
    "disk_trouble",
)


def test_message(home: Home, as_of: date) -> list[str]:
    """Send a test message; gives a sentence for each way on which it did not arrive. Raises UsageError where
    nobody is to be told.
    """
    found = configured.load()
    if not found.tells_somebody:
        raise UsageError(
            "Nobody is to be told: write `email` or `webhook` into notify.yml of the school's configuration "
            "(docs/data-team.md)."
        )
    message = _message(home, Notice("test", "test", "Messages of this home arrive."), found, as_of)
    return [*send(message, found).values()]


def tell(home: Home, as_of: date, notices: Iterable[Notice]) -> int:
    """Tell what was not told yet, or stands for some days since; gives how many messages went out.

    What cannot be sent is said on standard error and tried again the next time: it stops nothing.
    """
    found = configured.load()
    if not found.tells_somebody:
        return 0
    with remembered(home) as told:
        due = [each for each in notices if is_due(told, each.key, as_of, found.again_after_days)]
        sent, down = 0, set[str]()
        for notice in due:
            if down >= found.ways:
                break
            failed = send(_message(home, notice, found, as_of), found, down)
            for sentence in failed.values():
                print(f"anonymart: {sentence}", file=sys.stderr)
            # A way that is down costs its whole patience each time: it is tried again by the next call.
            down |= set(failed)
            if not down:
                told[notice.key] = as_of.isoformat()
                sent += 1
    return sent


def tell_standing(home: Home, policy: Policy, as_of: date) -> int:
    """Tell what stands and asks for a person, and forget what stands no more; gives how many messages went
    out. While a run writes nothing is told: the next call does.
    """
    found = configured.load()
    if not found.tells_somebody:
        return 0
    notices = look(home, policy, as_of, datetime.now(UTC), found)
    if notices is None:
        return 0
    with remembered(home) as told:
        keys = [notice.key for notice in notices]
        for kind in _STANDING:
            forget(told, f"{kind}|", keys)
    return tell(home, as_of, notices)


def of_error(error: AnonymartError, kind: str, about: str) -> Notice:
    """The notice of an error, which is one sentence; the same cause in the same place is the same thing."""
    return of_sentence(KINDS.get(type(error).__name__, kind), about, str(error))


def of_sentence(kind: str, about: str, sentence: str) -> Notice:
    """A notice of a sentence that a log shows."""
    digest = hashlib.sha256(sentence.encode()).hexdigest()[:12]
    return Notice(kind, f"{about}|{digest}", sentence)


def well(home: Home, about: str) -> None:
    """Forget what was told of a task or a run that has ended well: its next failure is news."""
    if (home.root / "notified.json").exists():
        with remembered(home) as told:
            for kind in ("task_failed", "run_failed", "gate_refused", "day_held"):
                forget(told, f"{kind}|{about}|")


@contextmanager
def telling(home: Home, policy: Policy, as_of: date) -> Iterator[None]:
    """Around a run without Airflow: why it stopped is told, or what it leaves for a person."""
    try:
        yield
    except AnonymartError as error:
        notice = of_error(error, "run_failed", "run")
        never_in_the_way(lambda: tell(home, as_of, [notice]))
        raise
    except Exception as error:
        # Its text may quote a row.
        unforeseen = of_sentence("run_failed", "run", f"It stopped on an unforeseen {type(error).__name__}.")
        never_in_the_way(lambda: tell(home, as_of, [unforeseen]))
        raise
    well(home, "run")
    never_in_the_way(lambda: tell_standing(home, policy, as_of))


def never_in_the_way(work: Callable[[], object]) -> None:
    """A message that cannot be made is a sentence on standard error, and no fault of the run."""
    try:
        work()
    except Exception as error:
        # Whatever it is: what was published stays published, and why a run stopped is what is raised.
        words = str(error) if isinstance(error, AnonymartError) else type(error).__name__
        print(f"anonymart: nobody could be told: {words}", file=sys.stderr)


def _message(home: Home, notice: Notice, found: Settings, as_of: date) -> Message:
    words = found.kinds.get(notice.kind) or found.kinds["other"]
    plain = is_plain(home, notice.sentence, is_ours=notice.kind in _OUR_WORDS)
    sentence = notice.sentence if plain else _WITHHELD
    text = f"{words.title}.\n\n{sentence}\n\nWhat to do: {words.do}\n\nAs of {as_of}, Anonymart.\n"
    return Message(notice.kind, f"[Anonymart] {words.title}", text)


def is_plain(home: Home, sentence: str, is_ours: bool = False) -> bool:
    """Whether the detector finds nothing in a sentence: no pattern of an identifier, and none that the vault
    knows. Where the vault does not open, only a sentence that is `is_ours` is plain.
    """
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE said AS SELECT unnest($1::VARCHAR[]) AS text", [[sentence]])
        if connection.execute(kinds_query("said")).fetchall():
            return False
    known = _known(home, sentence)
    return is_ours if known is None else not known


def _known(home: Home, sentence: str) -> list[str] | None:
    """The kinds of identifiers of the vault in a sentence; None where the vault does not open."""
    from anonymart import engine
    from anonymart.gate.typed import kinds_in
    from anonymart.keys import Keys

    if not home.vault.exists():
        return []
    try:
        with engine.connect(home, Keys.load(home), vault="ro") as connection:
            return kinds_in(connection, sentence)
    except (AnonymartError, duckdb.Error):
        # Another process writes, or no key opens it.
        return None
