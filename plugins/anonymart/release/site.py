"""A static site over all releases: what a school puts on a web server or hands out (S-SHARE)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anonymart import audit
from anonymart.errors import GateRefused, UsageError
from anonymart.page import site_page
from anonymart.progress import Progress
from anonymart.release import key_handover
from anonymart.release.folder import (
    DATA_PACKAGE,
    MANIFEST,
    MARTS_FILE,
    PAGE,
    PRIVACY_PAGE,
    PROCESSING_REGISTER,
    WORKBOOK,
    open_to_readers,
    sha256,
    write_durably,
)
from anonymart.release.ledger import list_releases
from anonymart.release.share import Recipient, safeguard_of, share
from anonymart.release.signature import as_pem, public_key
from anonymart.release.verify import verify
from anonymart.session import Session

# For machines: the releases and their recalls, newest first. It also tells a site from another folder.
LIST = "releases.json"
PUBLIC_KEY = "public_key.pem"
_COPYING = ".copying-"
_MADE_BY = "anonymart site"
# What the first page links to, where a release has it: older ones have no page.
_FILES = {
    PAGE: "page",
    WORKBOOK: "workbook",
    MARTS_FILE: "database",
    DATA_PACKAGE: "package",
    PRIVACY_PAGE: "report",
    PROCESSING_REGISTER: "register",
}


@dataclass
class Site:
    """What a run did to the site: ids that were copied, that were there already, and that went because they
    were recalled.
    """

    folder: str
    copied: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def make_site(
    session: Session, folder: Path, recipient: Recipient, progress: Progress, actor: str | None = None
) -> Site:
    """Bring a site up to date: a folder for each standing release, and a first page over all of them.

    A release goes in whole and once, after the audit log has noted that it does; one that is there is noted
    again for another recipient or country. A recalled one is named with its reason, and its files go first.
    Killed, the next run ends it. Raises UsageError for a folder that holds something else, or lies in the
    home; GateRefused, before anything is copied, where a release in the home is not as it was published.
    """
    folder = folder.absolute()
    _check_place(session, folder)
    safeguard_of(session.policy, recipient.country)
    known = list_releases(session)
    standing = [each["release_id"] for each in known if each["withdrawn"] is None and each["is_present"]]
    withheld = {each["release_id"] for each in known if each["withdrawn"] is not None}
    wanted = [name for name in standing if not _is_there(session, folder, name)]
    site = Site(str(folder), kept=[name for name in standing if name not in wanted])
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    # Who recalled a release wants its files gone, whatever happens to the rest.
    for path in sorted(folder.iterdir()):
        if path.name in withheld or path.name.startswith(_COPYING):
            _remove(path)
            site.removed += [path.name] if path.name in withheld else []
    _write_pages(session, folder, known)
    for name in wanted:
        _check_whole(session, name)
    noted = {
        (entry["release_id"], entry["to"], entry["country"])
        for entry in audit.entries(session.home)
        if entry["act"] == "shared"
    }
    for name in standing:
        if name in wanted or (name, recipient.to, recipient.country) not in noted:
            share(session, session.home.releases / name, recipient, actor)
        if name in wanted:
            progress.say(f"  {name}")
            _copy(session.home.releases / name, folder / name)
            site.copied.append(name)
    _write_pages(session, folder, known)
    return site


def _write_pages(session: Session, folder: Path, known: list[dict[str, Any]]) -> None:
    """The public key, the first page, and the releases for machines, newest first."""
    names = ("release_id", "as_of", "new_cells", "carried_cells", "withdrawn", "replaces")
    told = [{name: each[name] for name in names} for each in reversed(known)]
    write_durably(folder / LIST, json.dumps({"made_by": _MADE_BY, "releases": told}, indent=1) + "\n")
    write_durably(folder / PUBLIC_KEY, as_pem(public_key(session.keys)))
    write_durably(folder / PAGE, site_page([_told(folder, each) for each in reversed(known)]))
    for name in (PUBLIC_KEY, PAGE, LIST):
        (folder / name).chmod(0o644)


def _check_place(session: Session, folder: Path) -> None:
    if folder.resolve().is_relative_to(session.home.root.resolve()):
        raise UsageError("A site is for others: give a folder outside the home.")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: give a folder for the site.")
    if folder.is_dir() and any(folder.iterdir()) and not _is_site(folder):
        raise UsageError(
            f"{folder} holds something else than a site: give an empty folder, or a new one. Nothing was "
            f"changed."
        )


def _is_site(folder: Path) -> bool:
    try:
        found = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("made_by") == _MADE_BY


def _is_there(session: Session, folder: Path, name: str) -> bool:
    """The copy is the release of this home, byte for byte."""
    mine, copy = session.home.releases / name / MANIFEST, folder / name
    if (
        copy.is_symlink()
        or not (copy / MANIFEST).is_file()
        or not mine.is_file()
        or sha256(copy / MANIFEST) != sha256(mine)
    ):
        return False
    return verify(copy, public_key(session.keys), _former(session)).status == "authentic"


def _check_whole(session: Session, name: str) -> None:
    found = verify(session.home.releases / name, public_key(session.keys), _former(session))
    if found.status != "authentic":
        named = ", ".join(f"{each.file} ({each.problem})" for each in found.problems[:5])
        raise GateRefused(
            f"The release {name} is not as it was published: {named or found.status}; nothing was copied."
        )


def _former(session: Session) -> list[Any]:
    return key_handover.former_keys([session.home.key_handovers], session.keys)


def _copy(source: Path, target: Path) -> None:
    """The whole folder under its name at once; what a killed run left there goes first."""
    beside = target.with_name(f"{_COPYING}{target.name}")
    for left in (beside, target):
        _remove(left)
    shutil.copytree(source, beside)
    open_to_readers(beside)
    beside.rename(target)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _told(folder: Path, release: Mapping[str, Any]) -> dict[str, Any]:
    name = release["release_id"]
    files = [(path, word) for path, word in _FILES.items() if (folder / name / path).is_file()]
    return {**release, "files": files}
