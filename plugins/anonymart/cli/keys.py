"""`anonymart keys`: make, check, seal and hand out the keys of a home."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

import click

from anonymart.cli.base import acting, as_json, dated, day_of, keys_of, open_session, print_result
from anonymart.errors import UsageError
from anonymart.home import Home
from anonymart.keys import KEY_NAMES, init_keys
from anonymart.lock import writing
from anonymart.session import Session


@click.group()
def keys() -> None:
    """The six keys of the home: vault, warehouse, person, pseudonym, record, signing.

    They stand in keys.json (0600) of the home, or in ANONYMART_KEYS_FILE, or each in ANONYMART_KEY_<NAME>.
    Keep a copy in a safe: without them vault and warehouse cannot be opened.
    """


@keys.command("init")
@as_json
def keys_init(is_json: bool) -> None:
    """Make the keys of a new home; leaves existing ones alone."""
    home = Home.from_env().prepare()
    made = init_keys(home)
    sentence = (
        "Keys written: keep a copy in a safe." if made else "There are keys already; nothing was changed."
    )
    print_result(
        is_json,
        {"is_made": made, "file": str(home.keys_file)},
        lambda result: [f"{result['file']}: {sentence}"],
    )


@keys.command("check")
@as_json
def keys_check(is_json: bool) -> None:
    """Check that every key is there, opens the zones that exist and is the one of receipts and audit log;
    shows no key. Ends a rotation that was cut short.
    """
    from anonymart import engine, seal

    home = Home.from_env().prepare()
    found = keys_of(home)
    zones = [zone for zone in ("vault", "warehouse") if getattr(home, zone).exists()]
    engine.connect(home, found, **dict.fromkeys(zones, "ro")).close()
    seal.need_key(Session(home, found))
    print_result(
        is_json,
        {"keys": list(KEY_NAMES), "zones_opened": zones},
        lambda result: [
            f"All {len(result['keys'])} keys are there; opened: "
            f"{', '.join(result['zones_opened']) or 'no zone yet'}."
        ],
    )


@keys.command("seal")
@click.option(
    "--reason",
    required=True,
    help="How the key was lost, in one sentence that names nobody: it stands in the audit log.",
)
@dated
@acting
@as_json
def keys_seal(reason: str, as_of: datetime | None, actor: str | None, is_json: bool) -> None:
    """Go on with a new key `signing` when the old one is lost: seal receipts and audit log as they are.

    Put a new key in the place of the lost one first (64 hexadecimal digits). Files that do not end as the
    vault knows them are not sealed. Recipients need the new public key; releases until now verify with the
    old one.
    """
    from anonymart import seal
    from anonymart.policy import load_policy
    from anonymart.release import signature

    policy = load_policy()
    home = Home.from_env().prepare()
    found = keys_of(home)
    with writing(home):
        counts = seal.seal(Session(home, found, given_day=day_of(as_of, policy)), reason, actor)
    told = {
        "entries": counts["entry"],
        "receipts": counts["receipt"],
        "fingerprint": signature.fingerprint(signature.public_key(found)),
    }
    print_result(
        is_json,
        told,
        lambda result: [
            f"Sealed: {result['entries']} entries of the audit log and {result['receipts']} receipt(s).",
            f"Fingerprint of the new public key, for recipients: {result['fingerprint']}",
        ],
    )


@keys.command("rotate")
@click.argument("name", type=click.Choice(KEY_NAMES))
@click.option("--token", help="The token of the plan; without it the plan is only shown.")
@click.option(
    "--reason",
    help="Why, in one sentence that names nobody: it stands in the audit log.",
)
@dated
@acting
@as_json
def keys_rotate(
    name: str,
    token: str | None,
    reason: str | None,
    as_of: datetime | None,
    actor: str | None,
    is_json: bool,
) -> None:
    """Write what the key NAME protects anew under a new key. Shows a plan and its token; acts only with it.

    vault, warehouse: the files are encrypted anew. pseudonym: every keyed hash of the warehouse is hashed
    once more. signing: the old key hands over to the new one, for recipients, and audit log and receipts are
    sealed. record and person stay for good, and the command says why. Figures do not change. Killed, the next
    command ends it. Copy the key file to the safe again afterwards.
    """
    from anonymart import rotate
    from anonymart.rotate.rotation import WHY_NOT

    if name in WHY_NOT:
        raise UsageError(WHY_NOT[name])
    session = open_session(as_of)
    with writing(session.home):
        if token is None:
            told = rotate.plan(session, name)
        else:
            told = rotate.rotate(session, name, token, rotate.Wish(session.as_of, actor, reason))
    print_result(is_json, asdict(told), lambda result: _rotate_lines(result, session.as_of))


def _rotate_lines(result: dict, day: date) -> list[str]:
    did = "Rotated" if result["is_done"] else "Would rotate"
    lines = [f"{did} the key {result['key']}, as of {day}:"]
    lines += [f"{file}: {size} bytes, written anew" for file, size in result["files"].items()]
    lines += [f"{table}: {n_rows} rows, hashed again" for table, n_rows in result["rows"].items()]
    lines += [f"{file}: {n} lines, sealed under the new key" for file, n in result["sealed"].items()]
    lines += [f"{file}: removed, it opens with the old key" for file in result["copies_removed"]]
    lines += [
        f"{each['backup_id']} (until {each['keep_until']}) is of the old key: keep that one in the safe "
        f"until the backup is gone, or make a new backup and remove this one."
        for each in result["backups"]
    ]
    if not result["is_done"]:
        return [
            *lines,
            f"To act: anonymart keys rotate {result['key']} --as-of {day} --token {result['token']}",
        ]
    if result["set_variable"]:
        name = result["set_variable"]
        lines.append(
            f"Now set {name} to the value of {name}_NEXT, wherever it is set, and unset {name}_NEXT."
        )
    if result["key"] == "signing":
        lines.append(
            "Recipients find the hand-over in the next release. Give them the new public key too: anonymart "
            "keys public."
        )
    return [*lines, "Copy the new key to the safe, and make a backup and a light copy now."]


@keys.command("public")
@as_json
def keys_public(is_json: bool) -> None:
    """Print the public key that recipients check releases with, as PEM; its fingerprint goes to standard
    error.

    Hand the file out once, and say the fingerprint on another way (by telephone, on your site): `anonymart
    verify` needs the file.
    """
    from anonymart.release import signature

    key = signature.public_key(keys_of(Home.from_env().prepare()))
    told = {"public_key": signature.as_pem(key), "fingerprint": signature.fingerprint(key)}
    if not is_json:
        click.echo(f"Fingerprint {told['fingerprint']}", err=True)
    print_result(is_json, told, lambda result: [result["public_key"].rstrip()])
