"""The reviewed lists of `dbt_project/seeds/`, with the school's own rows over the shipped ones.

Where the school has none and no table was ordered, the shipped files themselves are read. Else all lists are
written, once for each content, into a dbt project in the home, of which all else is the shipped one with the
models of ordered tables beside, and everybody reads them there: nothing is written into the checkout.
"""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from io import StringIO
from pathlib import Path

from anonymart import config
from anonymart.errors import UsageError
from anonymart.home import PROJECT, Home

_DBT = PROJECT / "dbt_project"
SHIPPED = _DBT / "seeds"
# Lists that a school may add to: the columns by which a row replaces a shipped one, and the columns whose
# values are among those that the models know.
OWN = {
    "contract_words": (("word",), ("contract_class",)),
    "country_names": (("name",), ("country_code", "is_whole")),
    "exchange_rates": (("currency", "year"), ()),
    "job_family_words": (("word",), ("job_family",)),
    "object_kinds": (("type_segment",), ("object_kind",)),
    "theme_words": (("theme", "word", "language"), ("theme", "language")),
    "verbs": (("verb_id",), ("verb",)),
}
_FOLDED = ("name", "word")
_NUMBERS = {"priority": int, "year": int, "per_eur": float}
MODELS = "models"
_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "tests")
Row = tuple[str, ...]


def folder() -> Path:
    """The folder in which all lists lie as they hold. Raises UsageError for a list of the school that cannot
    be read or holds what no model knows.
    """
    return project() / "seeds"


def project() -> Path:
    """The dbt project with the lists as they hold. Raises UsageError as `folder`."""
    return _project(config.stamp(), Home.from_env())


def path(name: str) -> Path:
    """The CSV of one list as it holds. Raises UsageError as `folder`."""
    return folder() / f"{name}.csv"


def texts() -> dict[str, str]:
    """The lists that the school adds to, by name, as CSV with the shipped rows. Raises UsageError as
    `folder`.
    """
    return {
        Path(name).stem: _text(Path(name).stem, own)
        for name, own in config.files().items()
        if name.startswith(f"{config.LISTS}/")
    }


@lru_cache(maxsize=4)
def _project(_: object, home: Home) -> Path:
    changed, ordered = texts(), _ordered(home)
    if not changed and not ordered:
        return _DBT
    digest = hashlib.sha256(repr((str(_DBT), sorted(changed.items()))).encode())
    for name, each in sorted(ordered.items()):
        digest.update(f"{name} {hashlib.sha256(each.read_bytes()).hexdigest()}".encode())
    if ordered:
        digest.update(repr(sorted(str(path) for path in (_DBT / MODELS).rglob("*"))).encode())
    for each in sorted(SHIPPED.iterdir()):
        digest.update(each.read_bytes())
    made = home.root / "dbt" / "project" / digest.hexdigest()[:16]
    if not made.is_dir():
        _write(made, changed, ordered)
    return made


def _ordered(home: Home) -> dict[str, Path]:
    """The models of ordered tables by their path below `models`."""
    root = home.tables / MODELS
    return {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}


def drop_old(home: Home) -> None:
    """Remove what was written for an earlier content; the caller holds the writer's lock of the home."""
    now = project()
    for each in (home.root / "dbt" / "project").glob("*"):
        if each != now:
            shutil.rmtree(each, ignore_errors=True)


def _write(made: Path, changed: dict[str, str], ordered: dict[str, Path]) -> None:
    """The project, put in place at once: another process may be about to do the same."""
    made.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".new-", dir=made.parent))
    for each in _DBT.iterdir():
        if each.name == MODELS and ordered:
            shutil.copytree(each, beside / MODELS, copy_function=os.symlink)
        elif each != SHIPPED and each.name in _PARTS:
            (beside / each.name).symlink_to(each)
    for name, path in ordered.items():
        (beside / MODELS / name).unlink(missing_ok=True)
        shutil.copyfile(path, beside / MODELS / name)
    (beside / "seeds").mkdir()
    for each in SHIPPED.iterdir():
        if each.suffix in (".csv", ".yml"):
            shutil.copyfile(each, beside / "seeds" / each.name)
    for name, text in changed.items():
        (beside / "seeds" / f"{name}.csv").write_text(text, encoding="utf-8")
    try:
        os.replace(beside, made)
    except OSError:
        shutil.rmtree(beside)
        if not made.is_dir():
            raise


def _text(name: str, own: Path) -> str:
    if name not in OWN:
        raise UsageError(
            f"{own}: the list {name} is not for a school to change: choose among {', '.join(sorted(OWN))}."
        )
    keys, closed = OWN[name]
    header, shipped = _read(SHIPPED / f"{name}.csv")
    given, added = _read(own)
    if given != header:
        raise UsageError(f"{own}:1: the first line must be {','.join(header)}.")
    places = [header.index(key) for key in keys]
    known = {name: {row[header.index(name)] for row in shipped} for name in closed}
    rows = {tuple(row[place] for place in places): row for row in shipped}
    seen: set[Row] = set()
    for line, row in enumerate(added, 2):
        why = _wrong(row, header, known)
        key = tuple(row[place] for place in places) if not why else ()
        why = why or ("it is there twice" if key in seen else None)
        if why:
            raise UsageError(f"{own}:{line}: {why}: correct the line.")
        seen.add(key)
        rows[key] = row
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerows([header, *rows.values()])
    return written.getvalue()


def _wrong(row: Row, header: Row, known: Mapping[str, set[str]]) -> str | None:
    """What is wrong with a row, without its values; None when nothing is."""
    if len(row) != len(header):
        return f"it has {len(row)} values where {len(header)} are needed"
    for name, value in zip(header, row, strict=True):
        if not value.strip():
            return f"{name} is empty"
        if name in _NUMBERS and not _is_number(value, _NUMBERS[name]):
            return f"{name} is no number"
        if name in known and value not in known[name]:
            return f"{name} is none of the values that the shipped list has"
        if name in _FOLDED and value != _folded(value):
            return f"{name} must be in small letters without accents, as texts are compared"
    return None


def _is_number(text: str, kind: type) -> bool:
    try:
        number = kind(text)
        return 0 <= number < 1e9 and (kind is int or number > 0)
    except ValueError:
        return False


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).strip()


def _read(file: Path) -> tuple[Row, list[Row]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header, *rows = [tuple(row) for row in csv.reader(opened, strict=True) if row] or [()]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise UsageError(f"{file} cannot be read as CSV in UTF-8: mend the file.") from None
    return header, rows
