"""What stands and asks for a person, as `anonymart status` sees it, as things to tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from anonymart import status
from anonymart.home import Home
from anonymart.notify.settings import Settings
from anonymart.policy import Policy


@dataclass(frozen=True)
class Notice:
    """One thing to tell: its kind, what it is about (the same thing has the same words), and a sentence of
    counts, days and names of sources and releases.
    """

    kind: str
    about: str
    sentence: str

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.about}"


def look(home: Home, policy: Policy, as_of: date, now: datetime, settings: Settings) -> list[Notice] | None:
    """What stands on a day; None while a run writes, when nobody can tell. Raises as `status.look`."""
    found = status.look(home, policy, as_of, now)
    if found.is_busy:
        return None
    return [
        *_asks(found),
        *_vault(found, settings),
        *_disk(found, settings),
    ]


def _asks(found: status.Status) -> list[Notice]:
    asks, made = found.asks, []
    for name in asks.refused:
        made.append(Notice("file_refused", name, f"{name} waits in landing until it is mended."))
    if asks.unreadable:
        made.append(
            Notice(
                "request_unreadable",
                "rows",
                f"Rows about rights or consents that cannot be read: {asks.unreadable}. Publication waits.",
            )
        )
    for source in asks.silent:
        made.append(
            Notice("source_silent", source, f"{source} has brought nothing new for longer than usual.")
        )
    return made


def _vault(found: status.Status, settings: Settings) -> list[Notice]:
    inside, made = found.vault, []
    if not inside:
        return [
            Notice("key_trouble", "home", problem) for problem in found.problems if "backup" not in problem
        ]
    requests = inside["requests"]
    for name, kind, words in (
        ("late", "request_late", "past their last day"),
        ("near", "request_near", "near their last day"),
    ):
        if requests[name]:
            # The number is part of what is told: one more is news.
            made.append(Notice(kind, str(requests[name]), f"Requests {words}: {requests[name]}."))
    waiting = inside["waiting"]
    if waiting:
        made.append(
            Notice(
                "release_waiting",
                waiting["release_id"],
                f"Release {waiting['release_id']} waits since {waiting['since'][:10]}.",
            )
        )
    held = inside["retention"]["held_since"]
    if held:
        made.append(Notice("retention_held", held, f"A plan of retention waits since {held}."))
    for name, words in (("audit", "The audit log"), ("receipts", "The list of receipts")):
        if not inside["chains"][name]["holds"]:
            made.append(Notice("chain_broken", name, f"{words} does not hold."))
    signature = inside["chains"]["signature"]
    if signature and not signature["holds"]:
        made.append(
            Notice("chain_broken", "signature", "The current release is not signed with this home's key.")
        )
    return made


def _disk(found: status.Status, settings: Settings) -> list[Notice]:
    disk = found.files["disk"]
    share = disk["free_bytes"] / max(disk["total_bytes"], 1)
    if share >= settings.smallest_free_share:
        return []
    return [Notice("disk_trouble", "disk", f"Free on the disk of the home: {100 * share:.1f} %.")]
