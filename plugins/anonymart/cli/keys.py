"""`anonymart keys`: make, check, seal and hand out the keys of a home."""

from __future__ import annotations

from datetime import datetime

import click

from anonymart.cli.base import acting, as_json, dated, day_of, print_result
from anonymart.home import Home
from anonymart.keys import KEY_NAMES, Keys, init_keys
from anonymart.lock import writing


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
    shows no key.
    """
    from anonymart import engine, seal

    home = Home.from_env().prepare()
    found = Keys.load(home)
    zones = [zone for zone in ("vault", "warehouse") if getattr(home, zone).exists()]
    engine.connect(home, found, **dict.fromkeys(zones, "ro")).close()
    seal.need_key(home, found)
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
    found = Keys.load(home)
    with writing(home):
        counts = seal.seal(home, found, day_of(as_of, policy), reason, actor)
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


@keys.command("public")
@as_json
def keys_public(is_json: bool) -> None:
    """Print the public key that recipients check releases with, as PEM; its fingerprint goes to standard
    error.

    Hand the file out once, and say the fingerprint on another way (by telephone, on your site): `anonymart
    verify` needs the file.
    """
    from anonymart.release import signature

    key = signature.public_key(Keys.load(Home.from_env().prepare()))
    told = {"public_key": signature.as_pem(key), "fingerprint": signature.fingerprint(key)}
    if not is_json:
        click.echo(f"Fingerprint {told['fingerprint']}", err=True)
    print_result(is_json, told, lambda result: [result["public_key"].rstrip()])
