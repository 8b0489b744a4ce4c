"""`anonymart restore`: a home again from a backup, in which nobody is who was erased since, and no release is
told twice (S-SAFE, R-ERASE, S-ANON).

All is made and checked in a folder beside the home first: tombstones apply, then the ledger is repaired from
the releases that were published since. Only a home that is whole takes the place of the old one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart import audit, config, crash, engine
from anonymart.backup import history, listed
from anonymart.backup.listed import Listed
from anonymart.backup.make import LOADS, copy_file, read_report
from anonymart.chain import SEALS, Chain
from anonymart.erasure import purged, receipts, removal
from anonymart.errors import AnonymartError, OtherKey, UsageError
from anonymart.home import HOME, Home
from anonymart.keys import Keys
from anonymart.orders import made
from anonymart.policy import Policy
from anonymart.release import approval, recover
from anonymart.release.folder import open_to_readers, write_durably
from anonymart.rotate.forward import bring_forward
from anonymart.session import Session

# A file of which all rows were known brings nothing when it comes again.
IS_NEWS = "AND status = 'loaded' AND delivered > duplicate"
# Registered nowhere, so that no build goes on in a home of which a kill left two halves.
UNFINISHED = "restore-unfinished"
_NEWEST = ("tombstones.duckdb", "receipts.ndjson", "audit.ndjson", SEALS, "key_handovers.json")
_MOVED = (*_NEWEST, "backups.json", "vault.duckdb", "warehouse.duckdb")
_HOW = (
    "give the folder that `anonymart backup --light` writes with --newest (or a folder with "
    "tombstones.duckdb, receipts.ndjson and audit.ndjson of the home as it was "
    "last); only if nobody was erased and nothing published since the backup, give the backup itself"
)


@dataclass
class Restored:
    """What a restore did, or would do: the backup, the releases entered anew, rows that left again because
    their people were erased since, and the files loaded since the backup (source, file_name, as_of), which
    have to be delivered again; None where nothing can tell them.
    """

    backup_id: str
    made_on: str
    releases_repaired: list[str] = field(default_factory=list)
    rows_erased_again: int = 0
    loaded_since: list[dict[str, Any]] | None = None
    is_done: bool = False


@dataclass(frozen=True)
class Options:
    """`newest` holds the newest tombstones and chains (by default the home itself), `releases` are folders of
    releases that are not in home, backup or `newest`; with `is_check` all is done in a temporary home only,
    with `is_replacing` a vault may be replaced; `actor` acts. `old_keys` are those that the backup was made
    with, where one of them was rotated since.
    """

    newest: Path | None = None
    releases: Sequence[Path] = ()
    is_check: bool = False
    is_replacing: bool = False
    actor: str | None = None
    old_keys: Keys | None = None


def restore(session: Session, source: Path, options: Options | None = None) -> Restored:
    """Restore the home from the backup in `source`; the caller holds the lock.

    Raises UsageError where the newest tombstones are not supplied, where the home has a vault and
    `is_replacing` is not set, or for another key; AnonymartError for changed files, and where releases since
    the backup cannot be entered again. The home is unchanged then.
    """
    options = options or Options()
    if (session.home.root / UNFINISHED).exists():
        return _go_on(session, options.is_check)
    source = source.expanduser().resolve()
    told = read_report(source, options.old_keys or session.keys)
    if (
        not options.is_check
        and not options.is_replacing
        and (session.home.vault.exists() or session.home.warehouse.exists())
    ):
        raise UsageError(
            f"{session.home.root} has a vault or a warehouse, which a restore replaces: copy them elsewhere "
            f"if you may need them, then give --replace."
        )
    newest = options.newest.expanduser().resolve() if options.newest else session.home.root
    if not (newest / "tombstones.duckdb").exists():
        raise UsageError(
            f"The newest tombstones are not in {newest}, and without them people erased since the "
            f"backup would come back: {_HOW}; nothing was restored."
        )
    _check_chains(session, source, newest)
    for left in session.home.tmp.glob("restore-*"):
        shutil.rmtree(left)
    stage = Home(session.home.tmp / f"restore-{told['backup_id']}")
    done = Restored(
        told["backup_id"],
        told["made_on"],
        loaded_since=_loaded_since(session, newest, told["last_load_no"]),
    )
    try:
        handovers = [place / "key_handovers.json" for place in (newest, session.home.root, source)]
        found = history.find(
            _folders(session.home, source, newest, options.releases), session.keys, handovers
        )
        _stage(stage, session.home, source, newest, found)
        if options.old_keys:
            bring_forward(stage, options.old_keys, session.keys)
        with _read_as_home(stage):
            done.releases_repaired, done.rows_erased_again = _make_whole(
                stage, session.keys, session.policy, session.as_of, found, told, options.actor
            )
        if not options.is_check:
            done.is_done = True
            _note_unfinished(session.home, stage, done)
            _take_place(session.home, stage)
            made.settle(session)
            recover(session)
    except OtherKey as error:
        raise UsageError(
            f"{error} If that key was rotated since, give the key file of that day with --old-keys."
        ) from None
    except (OSError, duckdb.Error) as error:
        raise AnonymartError(
            f"The restore stopped ({getattr(error, 'strerror', None) or type(error).__name__}): mend "
            f"it, then run the same command again."
        ) from None
    finally:
        if not (session.home.root / UNFINISHED).exists():
            shutil.rmtree(stage.root, ignore_errors=True)
    return done


@contextmanager
def _read_as_home(stage: Home) -> Iterator[None]:
    """Let this process read configuration and ordered tables in the staged home: a restore that fails, or
    only checks, leaves none in the home that stands.
    """
    before = os.environ.get(HOME)
    os.environ[HOME] = str(stage.root)
    try:
        yield
    finally:
        if before is None:
            del os.environ[HOME]
        else:
            os.environ[HOME] = before


def _go_on(session: Session, is_check: bool) -> Restored:
    """End a restore of which a kill left two halves: the staged home was whole, and what is left of it is
    moved.
    """
    if is_check:
        raise UsageError(
            f"A restore of {session.home.root} was cut short: run `anonymart restore` without --check first, "
            f"which ends it."
        )
    done = Restored(**json.loads((session.home.root / UNFINISHED).read_text(encoding="utf-8"))["restored"])
    stage = Home(session.home.tmp / f"restore-{done.backup_id}")
    _take_place(session.home, stage)
    made.settle(session)
    recover(session)
    shutil.rmtree(stage.root, ignore_errors=True)
    return done


def _check_chains(session: Session, source: Path, newest: Path) -> None:
    """Receipts and audit log that are supplied hold, and go on from those of the backup and of the home: what
    is shorter is not the newest.
    """
    for name, number, noun in (
        ("receipts.ndjson", "receipt_no", "receipt"),
        ("audit.ndjson", "entry_no", "entry"),
    ):
        chain = Chain(newest / name, number, noun)
        entries, _ = chain.read()
        if problem := chain.check(entries, session.keys)[1]:
            raise AnonymartError(
                f"{chain.path} does not hold ({problem}): give another copy with --newest; nothing was "
                f"restored."
            )
        for older in {source, session.home.root} - {newest}:
            known, _ = Chain(older / name, number, noun).read()
            if entries[: len(known)] != known:
                raise UsageError(
                    f"{chain.path} is not the newest: it does not go on from {older / name}; {_HOW}; "
                    f"nothing was restored."
                )


def _folders(home: Home, source: Path, newest: Path, releases: Sequence[Path]) -> list[Path]:
    """Every folder of a release that is at hand: what was given, then of the newest copy, the home and the
    backup.
    """
    found = [folder.expanduser().resolve() for folder in releases]
    for place in dict.fromkeys((newest, home.root, source)):
        below = sorted((place / "releases").iterdir()) if (place / "releases").is_dir() else []
        found += [
            path
            for path in below
            if path.is_dir() and not path.is_symlink() and not path.name.startswith(".")
        ]
    return list(dict.fromkeys(found))


def _stage(stage: Home, home: Home, source: Path, newest: Path, found: dict[str, history.Found]) -> None:
    stage.prepare()
    if home.keys_file.exists() and not stage.keys_file.exists():
        # For dbt, which is a process of its own; a file that ANONYMART_KEYS_FILE names it finds by itself.
        stage.keys_file.symlink_to(home.keys_file.resolve())
    for name in ("vault.duckdb", "warehouse.duckdb"):
        if (source / name).exists():
            copy_file(source / name, stage.root / name)
    for name in _NEWEST:
        if (newest / name).exists():
            copy_file(newest / name, stage.root / name)
    # The list of backups: the newest one knows which of them are gone.
    for place in (source, newest, home.root):
        if (place / "backups.json").exists():
            copy_file(place / "backups.json", stage.backups)
    for place in (source, home.root):
        for path in sorted((place / "sources").glob("*.yml")):
            copy_file(path, stage.root / "sources" / path.name)
    # The school's own configuration of today stands; one that is lost comes back.
    kept = next((each for place in (home.root, source) if (each := place / config.FOLDER).is_dir()), None)
    if kept:
        shutil.copytree(kept, stage.root / config.FOLDER)
    for release in found.values():
        shutil.copytree(release.folder, stage.releases / release.release_id)
        open_to_readers(stage.releases / release.release_id)


def _make_whole(
    stage: Home,
    keys: Keys,
    policy: Policy,
    as_of: date,
    found: dict[str, history.Found],
    told: dict[str, Any],
    actor: str | None,
) -> tuple[list[str], int]:
    """In the staged home: first whoever was erased since goes, then the ledger is repaired, then the chains
    go on.

    Gives the releases entered anew and the rows that left again.
    """
    # Opened with the key, and with tombstones that know every receipt, before anything else reads.
    removed = removal.finish(Session(stage, keys, policy, as_of))
    entries, _ = audit.chain(stage).read()
    acts = entries[told["audit_entries"] :]
    since = history.check_complete(Session(stage, keys), found, acts)
    history.order_again(Session(stage, keys), acts)
    history.repair(Session(stage, keys, policy), since)
    history.hold_again(Session(stage, keys), found, acts)
    repaired = [release.release_id for release in since]
    approval.supersede(Session(stage, keys, given_day=as_of), "a backup was restored", actor)
    audit.record(
        Session(stage, keys, given_day=as_of), "restored", actor, backup=told["backup_id"], releases=repaired
    )
    recover(Session(stage, keys))
    _list_backups(stage, told)
    for verdict in (audit.verify(Session(stage, keys)), receipts.verify(Session(stage, keys))):
        if not verdict.passed:
            raise AnonymartError(
                f"The restored home would not hold ({verdict.problem}): take another backup; nothing "
                f"was restored."
            )
    return repaired, sum(removed.rows.values()) if removed else 0


def _list_backups(stage: Home, told: dict[str, Any]) -> None:
    """The backup that was restored is listed, whatever list is at hand: it still holds people."""
    known = listed.read(stage)
    if told["backup_id"] not in {entry.backup_id for entry in known}:
        listed.write(stage, [*known, Listed(told["backup_id"], told["made_on"], told["keep_until"], "")])


def _note_unfinished(home: Home, stage: Home, done: Restored) -> None:
    """From here on the staged home takes the place of the old one: which of its files there are, and what
    will be said.
    """
    files = [name for name in _MOVED if (stage.root / name).exists()]
    write_durably(home.root / UNFINISHED, json.dumps({"restored": asdict(done), "files": files}), mode=0o600)


def _take_place(home: Home, stage: Home) -> None:
    """Put the staged files into the home; a kill leaves the mark, by which every build stops, and the same
    command again ends it.
    """
    mark = home.root / UNFINISHED
    files = json.loads(mark.read_text(encoding="utf-8"))["files"]
    for name in _MOVED:
        if name not in files:
            # A backup from before the first build has no warehouse: one of later loads must not stand beside
            # its vault.
            (home.root / name).unlink(missing_ok=True)
        elif (stage.root / name).exists():
            (home.root / f"{name}.wal").unlink(missing_ok=True)
            os.replace(stage.root / name, home.root / name)
            crash.point("restore.file_moved")
    for path in sorted((stage.root / "sources").glob("*.yml")):
        copy_file(path, home.root / "sources" / path.name)
    if (stage.root / config.FOLDER).is_dir() and not (home.root / config.FOLDER).exists():
        part = home.root / f".{config.FOLDER}.part"
        shutil.copytree(stage.root / config.FOLDER, part, dirs_exist_ok=True)
        part.rename(home.root / config.FOLDER)
    for folder in sorted(stage.releases.iterdir()):
        target = home.releases / folder.name
        if folder.is_symlink():
            continue
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)
    mark.unlink()


def _loaded_since(session: Session, newest: Path, last_load_no: int) -> list[dict[str, Any]] | None:
    """Files of which rows were loaded after the backup, by the vault that is still there, else by the newest
    copy's list; None: nothing tells. What was purged since is none of them: delivered again it would come
    back, for the restored vault knows nothing of its rows.
    """
    for path, table in ((session.home.vault, "ledger.loads"), (newest / LOADS, "loads")):
        if not path.exists():
            continue
        try:
            with engine.memory() as connection:
                engine.prepare(connection, session.home)
                engine.attach(connection, "old", path, session.keys.vault, "ro")
                engine.attach(
                    connection, "tombstones", newest / "tombstones.duckdb", session.keys.vault, "ro"
                )
                marks = [mark for purge in purged.all_of(connection) for mark in purge.file_marks]
                # Lists of before tell no marks.
                columns = {row[0] for row in connection.execute(f"DESCRIBE old.{table}").fetchall()}
                mark = "file_mark" if "file_mark" in columns else "NULL"
                rows = connection.execute(
                    f"SELECT source, file_name, as_of FROM old.{table} WHERE load_no > $1 {IS_NEWS} "
                    f"AND NOT coalesce(list_contains($2::VARCHAR[], {mark}), false) ORDER BY load_no",
                    [last_load_no, marks],
                ).fetchall()
        except (AnonymartError, duckdb.Error):
            continue
        return [{"source": source, "file_name": name, "as_of": str(as_of)} for source, name, as_of in rows]
    return None
