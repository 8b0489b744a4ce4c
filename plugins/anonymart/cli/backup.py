"""The commands `anonymart backup` and `anonymart restore`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from anonymart.cli.base import acting, as_json, dated, day_of, keys_of, open_session, print_result
from anonymart.errors import UnreadableRequests
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.lock import writing
from anonymart.policy import load_policy
from anonymart.session import Session


@click.command("backup")
@click.argument("folder", required=False, metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--light",
    "is_light",
    is_flag=True,
    help="Only what is newest and holds nobody's rows, over the copy of before: after each erasure and "
    "release.",
)
@click.option("--list", "is_list", is_flag=True, help="List the backups that are not known to be gone.")
@click.option(
    "--expire",
    "is_expire",
    is_flag=True,
    help="Remove the backups whose term is over (backups.keep_days of the policy).",
)
@click.option(
    "--gone", metavar="ID", help="Strike a backup from the list: every copy of it was removed by hand."
)
@dated
@as_json
def backup(
    folder: Path | None,
    is_light: bool,
    is_list: bool,
    is_expire: bool,
    gone: str | None,
    as_of: datetime | None,
    is_json: bool,
) -> None:
    """Copy the home as it is into the new folder DIR: zones, tombstones, receipts, audit log, releases; never
    the keys.

    A backup holds people, encrypted as the home is. It is listed, and receipts of erasures name it, until its
    term is over and --expire has removed it. With --light, DIR gets what a restore needs besides a backup:
    who was erased and what was published since. Ends with 5 when --expire does not find a backup whose term
    is over.
    """
    from anonymart.backup import listed, make

    if [folder is not None, is_list, is_expire, gone is not None].count(True) != 1 or (
        is_light and folder is None
    ):
        raise click.UsageError("Give the folder DIR, or one of --list, --expire and --gone ID.")
    session = open_session(as_of)
    not_found: list[listed.Listed] = []
    with writing(session.home):
        told: dict = {}
        if folder is not None and is_light:
            told["n_files"] = make.light(session, folder)
        elif folder is not None:
            told["made"] = asdict(make.backup(session, folder))
        elif is_expire:
            removed, not_found = make.expire(session.home, session.as_of)
            told |= {
                "removed": [asdict(entry) for entry in removed],
                "not_found": [asdict(entry) for entry in not_found],
            }
        elif gone is not None:
            make.strike(session.home, gone)
        told["backups"] = [
            asdict(entry) | {"is_over": entry.is_over(session.as_of)} for entry in listed.read(session.home)
        ]
    print_result(is_json, told, _backup_lines)
    if not_found:
        raise click.exceptions.Exit(UnreadableRequests.exit_code)


@click.command("restore")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--check",
    "is_check",
    is_flag=True,
    help="Restore into a temporary home only, and say what would be: the drill.",
)
@click.option(
    "--newest",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the newest tombstones.duckdb, receipts.ndjson and audit.ndjson, as `anonymart backup "
    "--light` writes it (default: the home that is still there).",
)
@click.option(
    "--release",
    "releases",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of a release that was published since and is neither in the home nor in --newest; may be "
    "given several times.",
)
@click.option(
    "--old-keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The key file of the day of the backup, where a key was rotated since: what it opens comes under "
    "the present keys.",
)
@click.option(
    "--replace", "is_replacing", is_flag=True, help="Replace the vault and warehouse that are in the home."
)
@dated
@acting
@as_json
def restore(
    folder: Path,
    is_check: bool,
    newest: Path | None,
    releases: tuple[Path, ...],
    old_keys: Path | None,
    is_replacing: bool,
    as_of: datetime | None,
    actor: str | None,
    is_json: bool,
) -> None:
    """Restore the home from the backup in DIR; the keys come from your safe, before.

    Releases published since stay what they are: the ledger gets their cells back from their files. Who was
    erased since is removed before anything is read, so without the newest tombstones nothing is restored. The
    files that were loaded since are listed: deliver them again before the next run, rights and consents
    first. Ends with 5 when there are any, or when nothing tells which.
    """
    from anonymart.backup.restore import Options
    from anonymart.backup.restore import restore as library

    policy = load_policy()
    home = Home.from_env().prepare()
    keys = keys_of(home)
    with writing(home):
        done = library(
            Session(home, keys, policy, day_of(as_of, policy)),
            folder,
            Options(
                newest,
                releases,
                is_check,
                is_replacing,
                actor,
                Keys.from_file(old_keys) if old_keys else None,
            ),
        )
    print_result(is_json, asdict(done), _restore_lines)
    if done.is_done and done.loaded_since != []:
        raise click.exceptions.Exit(UnreadableRequests.exit_code)


def _backup_lines(told: dict) -> list[str]:
    if made := told.get("made"):
        return [
            f"{made['backup_id']}: {made['n_files']} files, {made['n_bytes']} bytes in {made['folder']}.",
            f"It holds people: it has to be gone after {made['keep_until']} (`anonymart backup --expire`).",
        ]
    if "n_files" in told:
        return [f"{told['n_files']} files copied."]
    lines = [f"Removed: {entry['backup_id']} in {entry['folder']}" for entry in told.get("removed", [])]
    lines += [
        f"Not found in {entry['folder'] or 'any known folder'}: {entry['backup_id']}. Remove every copy "
        f"of it, then type anonymart backup --gone {entry['backup_id']}"
        for entry in told.get("not_found", [])
    ]
    kept = [
        f"{entry['backup_id']}: made on {entry['made_on']}, to be gone after "
        f"{entry['keep_until']}{' (its term is over)' if entry['is_over'] else ''}, "
        f"{entry['folder'] or 'folder not known'}"
        for entry in told["backups"]
    ]
    return [*lines, *(kept or ["No backup is listed."])]


def _restore_lines(told: dict) -> list[str]:
    did = "Restored" if told["is_done"] else "Would restore"
    lines = [
        f"{did} {told['backup_id']} of {told['made_on']}; {told['rows_erased_again']} rows of people "
        f"who were erased since were removed."
    ]
    lines += [
        f"Release {release_id} was published since: its cells are in the ledger again."
        for release_id in told["releases_repaired"]
    ]
    if told["loaded_since"] is None:
        return [
            *lines,
            "Nothing tells which files were loaded since: deliver again all that came after that day, "
            "rights and consents first.",
        ]
    if told["loaded_since"]:
        lines.append("Loaded since, to be delivered again before the next run, rights and consents first:")
    return [
        *lines,
        *(
            f"  {load['source']}/{load['file_name']} (run of {load['as_of']})"
            for load in told["loaded_since"]
        ),
    ]
