"""How the platform calls what Anonymart calls learners: a YAML that a data engineer writes,
`sources/register.yml` of the home.

Nothing but the columns that stand there is ever read (POLICY: what may come in).
"""

from __future__ import annotations

import hashlib
import json
import zoneinfo
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from anonymart.errors import UsageError
from anonymart.ingest.contracts import TABULAR, never_enters
from anonymart.shapes import shaped

REGISTER_COLUMNS = {
    column.name: column for column in TABULAR["learners"].columns if column.name != "updated_at"
}
# A watermark in local time is an hour wrong once a year; a change that is committed late is older than it
# looks.
_SMALLEST_OVERLAP_HOURS = 2
_LONGEST_HOURS = 24 * 366
_LONGEST_NAME = 63


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table or view of the platform: `columns` gives its column for each of ours, `constants` a text
    that is the same for all.

    `updated_at` is the column by which changed rows are found, read again from `overlap_hours` before the
    last watermark; `time_zone` is that of times without one; `timeout_seconds` is the longest that a
    statement may run on the server.
    """

    schema: str
    table: str
    updated_at: str
    columns: dict[str, str]
    constants: dict[str, str] = {}
    time_zone: str = "UTC"
    overlap_hours: Annotated[float, msgspec.Meta(ge=_SMALLEST_OVERLAP_HOURS, le=_LONGEST_HOURS)] = 24
    timeout_seconds: Annotated[float, msgspec.Meta(ge=1, le=_LONGEST_HOURS)] = 600

    @property
    def digest(self) -> str:
        """What tells this mapping from one that reads other things: a watermark counts for the same one
        only.
        """
        read = {
            name: value
            for name, value in msgspec.structs.asdict(self).items()
            if name not in ("overlap_hours", "timeout_seconds")
        }
        return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns of the platform that are read, each once."""
        return tuple(dict.fromkeys((*self.columns.values(), self.updated_at)))


def load_mapping(path: Path) -> Mapping:
    """Read and check the mapping. Raises UsageError that names the entry for whatever is missing, unknown,
    twice there or not allowed.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=_Once)
    except FileNotFoundError:
        raise UsageError(
            f"There is no mapping {path}: write one as docs/sources.md shows, or name another with --mapping."
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise UsageError(f"The mapping {path} cannot be read as YAML: mend the file.") from None
    mapping = shaped(raw, Mapping, path.name)
    _check_entries(mapping, path.name)
    _check_columns(mapping.columns, mapping.constants, path.name)
    return mapping


class _Once(yaml.SafeLoader):
    """YAML takes the last of two equal keys without a word: here the second one is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key)
            if name in seen:
                raise UsageError(
                    f"The mapping names '{name}' twice (line {key.start_mark.line + 1}): keep one of them."
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


def _check_entries(mapping: Mapping, file: str) -> None:
    for name in ("schema", "table", "updated_at"):
        _check_name(getattr(mapping, name), f"'{name}'", file)
    try:
        zoneinfo.ZoneInfo(mapping.time_zone)
    except (ValueError, TypeError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise UsageError(f"{file}: 'time_zone' must be a name such as Europe/Paris.") from None


def _check_columns(columns: dict[str, str], constants: dict[str, str], file: str) -> None:
    taken: dict[str, str] = {}
    for own, platform in columns.items():
        _check_own(own, file)
        _check_name(platform, f"'columns.{own}'", file)
        if reason := never_enters(platform):
            raise UsageError(f"{file}: the column of '{own}' never enters ({reason}): remove it.")
        # The name of an account often is the learner's number or address; any other pair is a slip.
        other = taken.get(platform)
        if other and "account_name" not in (own, other):
            raise UsageError(
                f"{file}: '{other}' and '{own}' name the same column of the platform: each needs its own."
            )
        taken[platform] = own
    for own, text in constants.items():
        _check_own(own, file)
        if own != "account_home_page":
            raise UsageError(
                f"{file}: 'constants.{own}' would be the same for everybody: only account_home_page may be."
            )
        if own in columns:
            raise UsageError(f"{file}: '{own}' stands in columns and in constants: keep one of them.")
        if not text:
            raise UsageError(f"{file}: 'constants.{own}' must be a text.")
    if "learner_id" not in columns:
        raise UsageError(f"{file}: 'columns.learner_id' is missing: name the platform's key of a learner.")


def _check_own(name: str, file: str) -> None:
    if name not in REGISTER_COLUMNS:
        raise UsageError(
            f"{file}: the register has no column '{name}': it takes {', '.join(REGISTER_COLUMNS)}."
        )


def _check_name(value: str, where: str, file: str) -> None:
    if not value or "\0" in value or len(value.encode()) > _LONGEST_NAME:
        raise UsageError(
            f"{file}: {where} must be a name of at most {_LONGEST_NAME} bytes, in quotes where YAML "
            f"needs them."
        )
