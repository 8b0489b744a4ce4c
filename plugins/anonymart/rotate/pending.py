"""What is known of a rotation that is under way, and where its new key is (S-SAFE)."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
from dataclasses import dataclass

from anonymart.errors import AnonymartError, UsageError
from anonymart.home import Home
from anonymart.keys import NEXT, Keys, checked, read_file, variable
from anonymart.release.folder import sync_folder, write_durably
from anonymart.session import Session


@dataclass(frozen=True)
class Pending:
    """`key` is being rotated, as of a day, by somebody; `digest` tells the new key from any other, and gives
    nothing of it away.
    """

    key: str
    rotation_id: str
    digest: str
    as_of: str
    actor: str
    reason: str | None = None


def is_of_environment(name: str) -> bool:
    """Whether the environment gives this key, so that no command can write it."""
    return bool(os.environ.get(variable(name)))


def next_variable(name: str) -> str:
    """The environment variable that holds the key that is to come, where the environment gives the present
    one.
    """
    return f"{variable(name)}_NEXT"


def choose_next(session: Session, name: str) -> Keys:
    """The keys as they will be: the new one is drawn and noted in the key file, or taken from the
    environment.

    Raises UsageError where the environment does not give it, and where the key file cannot be written.
    """
    if is_of_environment(name):
        return dataclasses.replace(session.keys, **{name: _of_environment(session.keys, name)})
    fresh = secrets.token_hex(32)
    value = f"{session.keys.pseudonym}.{fresh}" if name == "pseudonym" else fresh
    _write(session.home, {**_without_next(session.home), NEXT: {name: value}})
    return dataclasses.replace(session.keys, **{name: value})


def find_next(session: Session, pending: Pending) -> Keys:
    """The keys as they will be, of a rotation that was cut short. Raises UsageError where the new key is not
    there any more.
    """
    noted = read_file(session.home).get(NEXT)
    values = [noted.get(pending.key) if isinstance(noted, dict) else None]
    values.append(os.environ.get(next_variable(pending.key)))
    for value in filter(None, values):
        new = dataclasses.replace(session.keys, **{pending.key: checked(pending.key, value)})
        if new.digest(pending.key) == pending.digest:
            return new
    raise UsageError(
        f"The rotation of the key '{pending.key}' was cut short and its new key is not at hand: set "
        f"{next_variable(pending.key)} to it again, or put back the key file as it was then."
    )


def write_key(home: Home, name: str, value: str) -> None:
    """Put the new key in its place in the key file."""
    _write(home, {**_without_next(home), name: value})


def note(home: Home, pending: Pending) -> None:
    """From here on the rotation is under way."""
    write_durably(home.rotation, json.dumps(dataclasses.asdict(pending)) + "\n", mode=0o600)


def read(home: Home) -> Pending | None:
    """The rotation that is under way, None where there is none. Raises AnonymartError where the note is no
    note.
    """
    try:
        return Pending(**json.loads(home.rotation.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        raise AnonymartError(
            f"{home.rotation} cannot be read: put it back from a copy, a rotation of a key is under way."
        ) from None


def end(home: Home) -> None:
    """The rotation is over."""
    home.rotation.unlink(missing_ok=True)
    sync_folder(home.root)


def _of_environment(keys: Keys, name: str) -> str:
    form = (
        "the present value, a dot, and 64 new hexadecimal digits"
        if name == "pseudonym"
        else "64 new hexadecimal digits"
    )
    value = os.environ.get(next_variable(name))
    if not value:
        raise UsageError(
            f"The key '{name}' comes from {variable(name)}, which no command can write: set "
            f"{next_variable(name)} to {form} and run this again; nothing was done."
        )
    present = getattr(keys, name)
    begins = f"{present}." if name == "pseudonym" else ""
    if checked(name, value) == present or not value.startswith(begins) or "." in value[len(begins) :]:
        raise UsageError(f"{next_variable(name)} is not {form}; nothing was done.")
    return value


def _without_next(home: Home) -> dict[str, object]:
    return {name: value for name, value in read_file(home).items() if name != NEXT}


def _write(home: Home, told: dict[str, object]) -> None:
    path = home.keys_file.resolve()
    try:
        write_durably(path, json.dumps(told, indent=1), mode=0o600)
    except OSError as error:
        raise UsageError(
            f"The key file {path} cannot be written ({error.strerror}): let this user write it and its "
            f"folder for the rotation, then run again; nothing was lost."
        ) from None
