"""The school's own configuration: a folder of its own over what is shipped, so that nobody edits the program.

It is `config/` of the home, or the folder that ANONYMART_CONFIG names, and holds only what the school
changes: `policy.yml`, `learning.yml`, `audience.yml`, `notify.yml`, YAMLs of survey tools in `sources/`,
reviewed lists in `lists/`. Every process reads the same folder, and what comes of it is hashed as the other
definitions are (`definitions.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import yaml

from anonymart.contracts import LOADER
from anonymart.errors import UsageError
from anonymart.home import Home

ENVIRONMENT = "ANONYMART_CONFIG"
POLICY, LEARNING, AUDIENCE, NOTIFY = "policy.yml", "learning.yml", "audience.yml", "notify.yml"
_FILES = (POLICY, LEARNING, AUDIENCE, NOTIFY)
SOURCES, LISTS = "sources", "lists"
# In the home, by which a backup finds them.
FOLDER = "config"
PATTERNS = tuple(f"{FOLDER}/{name}" for name in (*_FILES, f"{SOURCES}/*.yml", f"{LISTS}/*.csv"))
_FOLDERS = {SOURCES: ".yml", LISTS: ".csv"}
Given = ParamSpec("Given")
Result = TypeVar("Result")
_IGNORED = ("README", "README.md", "README.txt")


def folder() -> Path | None:
    """The folder of the school's own configuration; None where there is none.

    Raises UsageError when ANONYMART_CONFIG names no folder: a misspelt path must not mean the shipped
    figures.
    """
    named = os.environ.get(ENVIRONMENT)
    if named:
        found = Path(named).expanduser().resolve()
        if not found.is_dir():
            raise UsageError(
                f"{ENVIRONMENT} names {found}, which is no folder: make it or unset the variable."
            )
        return found
    found = Home.from_env().root / FOLDER
    return found if found.is_dir() else None


def files() -> dict[str, Path]:
    """What the folder holds, by its name in it, such as `lists/verbs.csv`. Raises UsageError for a file that
    nobody would read: a misspelt name must not go unnoticed.
    """
    root = folder()
    if root is None:
        return {}
    found: dict[str, Path] = {}
    for path in _listed(root):
        if path.is_dir() and path.name in _FOLDERS:
            suffix = _FOLDERS[path.name]
            for inner in _listed(path):
                if inner.suffix != suffix or not inner.is_file():
                    raise _unknown(root, inner)
                found[f"{path.name}/{inner.name}"] = inner
        elif path.name in _FILES and path.is_file():
            found[path.name] = path
        else:
            raise _unknown(root, path)
    return found


def file(name: str) -> Path | None:
    """The school's own file of this name, or None."""
    return files().get(name)


def stamp() -> tuple[tuple[str, int, int], ...]:
    """What the folder and the tables that were ordered hold at this moment: path, time of change and size of
    each file. What was read from them may be kept as long as this is the same.
    """
    states = ((path, path.stat()) for path in [*files().values(), *_of_tables()])
    return tuple((str(path), state.st_mtime_ns, state.st_size) for path, state in states)


def _of_tables() -> list[Path]:
    """Every file of the tables that were ordered: models, cells and people as well as the marts."""
    return sorted(path for path in Home.from_env().tables.rglob("*") if path.is_file())


def kept(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """As functools.lru_cache, for as long as the folder holds the same."""
    cached = lru_cache(maxsize=16)(lambda _, *given, **named: function(*given, **named))

    @wraps(function)
    def asked(*given: Given.args, **named: Given.kwargs) -> Result:
        return cached(stamp(), *given, **named)  # type: ignore[arg-type]

    return asked


def read(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The entries of a YAML, and the line of each by its dotted name. An empty file has none.

    Raises UsageError for what is no YAML, and for an entry that stands there twice.
    """
    try:
        loader = LOADER(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        lines: dict[str, int] = {}
        if node is not None:
            _note_lines(node, "", lines, path)
        content = loader.construct_document(node) if node is not None else {}
    except (OSError, ValueError, yaml.YAMLError):
        raise UsageError(f"{path} cannot be read as YAML: mend the file.") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path} holds no entries by name: write them as `name: value`.")
    return content, lines


def over(shipped: Mapping[str, Any], own: Path) -> dict[str, Any]:
    """The entries of a school's YAML over the shipped ones: groups entry by entry, of lists the school's
    items follow the shipped ones, any other value is the school's.

    Raises UsageError as `read`, for an entry at the top that no shipped file has, and for a value of another
    kind than the shipped one.
    """
    given, lines = read(own)
    for name in given:
        if name not in shipped:
            raise UsageError(
                f"{own}:{lines[name]}: there is no entry '{name}': it knows {', '.join(sorted(shipped))}."
            )
    return _over(shipped, given, "", own)


def _over(shipped: Any, own: Any, where: str, path: Path) -> Any:
    for kind, noun in ((dict, "a group of entries"), (list, "a list")):
        if isinstance(shipped, kind) != isinstance(own, kind) and shipped is not None:
            raise UsageError(
                f"{path}: '{where}' must be {noun if isinstance(shipped, kind) else 'one value'}: correct it."
            )
    if isinstance(shipped, Mapping) and isinstance(own, Mapping):
        both = {
            name: _over(shipped[name], own[name], f"{where}.{name}".lstrip("."), path)
            for name in own
            if name in shipped
        }
        return {**shipped, **own, **both}
    if isinstance(shipped, list):
        return [*shipped, *(item for item in own if item not in shipped)]
    if shipped is not None and isinstance(own, str) != isinstance(shipped, str):
        raise UsageError(
            f"{path}: '{where}' must be a {'text' if isinstance(shipped, str) else 'number'}: correct it."
        )
    return own


def _listed(root: Path) -> list[Path]:
    """Sorted, without hidden files and the copies that editors leave."""
    return sorted(
        path
        for path in root.iterdir()
        if not path.name.startswith(".") and not path.name.endswith("~") and path.name not in _IGNORED
    )


def _unknown(root: Path, path: Path) -> UsageError:
    return UsageError(
        f"{path} is nothing that the program reads: {root} may hold {', '.join(_FILES)}, "
        f"{SOURCES}/*.yml and {LISTS}/*.csv; rename or remove it."
    )


def _note_lines(node: yaml.Node, where: str, lines: dict[str, int], path: Path) -> None:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        name = f"{where}.{key.value}" if where else str(key.value)
        line = key.start_mark.line + 1
        if name in lines:
            raise UsageError(f"{path}:{line}: the entry '{name}' stands there twice: keep one.")
        lines[name] = line
        _note_lines(value, name, lines, path)
