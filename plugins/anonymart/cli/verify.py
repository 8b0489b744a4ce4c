"""The command `anonymart verify`: for whoever receives a release. It needs no home and no secret key."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from anonymart.cli.base import as_json, print_result
from anonymart.errors import GateRefused

_UNPROVED = (
    "The files are those of the manifest, and the signature fits the key {key} that came with them. "
    "Whose key that is nobody has "
    "said: this finds accidents, not forgery. Ask the school for its public key and give it with "
    "--public-key."
)
_AUTHENTIC = "Every file is as it was published, signed with the key {key} that you gave."
_HANDED_OVER = (
    "Every file is as it was published, signed with the key {key}, to which the key that you gave handed "
    "over "
    "on {day}. Compare this fingerprint with what the school says, then ask for the new public key: a stolen "
    "key could hand over too."
)


@click.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--public-key",
    type=click.Path(path_type=Path),
    help="The file that the school handed out (`anonymart keys public`).",
)
@as_json
def verify(folder: Path, public_key: Path | None, is_json: bool) -> None:
    """Check a release FOLDER that you received: names each file that is changed, missing or extra.

    Exit 0 when it is whole, 3 when it is not or when it says that it was recalled. A copy cannot know of a
    recall that came after it: ask the school. Needs no home and no key but the public one.
    """
    from anonymart.release.signature import read_public_key
    from anonymart.release.verify import verify as check

    found = check(folder, read_public_key(public_key) if public_key else None)
    told = {"status": found.status, **asdict(found)}
    print_result(is_json, told, _lines)
    if found.status in ("changed", "withdrawn"):
        raise click.exceptions.Exit(GateRefused.exit_code)


def _lines(result: dict) -> list[str]:
    head = (
        f"Release {shown(result['release_id'] or 'without an id')}, {result['n_files']} files in its "
        f"manifest."
    )
    lines = [head, *(f"{shown(each['file'])}: {each['problem']}" for each in result["problems"])]
    if result["withdrawn"] is not None:
        lines.append(f"Recalled by the school: {shown(str(result['withdrawn'].get('why')))}. Do not use it.")
    if result["status"] == "changed":
        return [*lines, "This is not what was published: use nothing of it, and ask for another copy."]
    sentence = _AUTHENTIC if result["is_trusted"] else _UNPROVED
    if result["handed_over_on"]:
        sentence = _HANDED_OVER
    return [*lines, sentence.format(key=result["fingerprint"], day=result["handed_over_on"])]


def shown(text: str) -> str:
    """A text of a folder that may come from anybody, without what could steer a terminal."""
    return text if text.isprintable() else repr(text)
