"""DuckDB connections: zones attached under their names, encrypted, with spill files that are too (S-SAFE)."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import duckdb
import duckdb_extension_httpfs

from anonymart import iri, pseudonym_mark, times, versions
from anonymart.errors import AnonymartError, OtherKey, UsageError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.rows import one_row
from anonymart.vault.schema import check_keys

# Deleted rows wait in their file for its rewrite: a checkpoint before need not move what stays together.
NO_VACUUM = "SET max_vacuum_tasks = 0"
# A path may hold the word "lock": these are DuckDB's own words.
_LOCKED = "Could not set lock"
# Extension files whose signature was verified in this process: device, inode, size, time of change.
_VERIFIED: set[tuple[int, int, int, int]] = set()
# In the home's tmp: what a connection spills.
SPILL_PREFIX = "spill-"
MEMORY_LIMIT = os.environ.get("ANONYMART_MEMORY_LIMIT", "2500MB")


def extension_path() -> Path:
    """The file of the extension whose cryptography DuckDB needs to write encrypted files."""
    root = Path(duckdb_extension_httpfs.__file__).parent
    return root / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"


def connect(
    home: Home, keys: Keys, vault: str | None = None, warehouse: str | None = None
) -> duckdb.DuckDBPyConnection:
    """An in-memory connection with the zones asked for attached ('ro' or 'rw') as `vault` and `warehouse`.

    Raises AnonymartError when a zone is missing for reading, locked, or does not open with its key;
    UsageError for a zone of a newer version.
    """
    connection = memory()
    prepare(connection, home)
    if vault:
        attach(connection, "vault", home.vault, keys.vault, vault)
        versions.refuse_newer(connection, "vault")
        check_keys(connection, keys)
    if warehouse:
        attach(connection, "warehouse", home.warehouse, keys.warehouse, warehouse)
        versions.refuse_newer(connection, "warehouse")
        pseudonym_mark.check(connection, keys)
    return connection


def memory() -> duckdb.DuckDBPyConnection:
    """An in-memory database with the extension loaded.

    DuckDB verifies the signature of its 21 MB in the first database of the process (0.15 s); later ones take
    the same file as it is.
    """
    path = extension_path()
    found = path.stat()
    identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    connection = duckdb.connect(":memory:", config={"allow_unsigned_extensions": identity in _VERIFIED})
    connection.execute(f"LOAD {literal(str(path))}")
    connection.execute("SET allow_unsigned_extensions = false")
    _VERIFIED.add(identity)
    return connection


def prepare(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Settings of every connection: no network, UTC, bounded memory, encrypted spill files, and no progress
    bar.

    DuckDB draws its bar on stdout, before the object of --json, when it was imported while `python -m` had
    not yet said which file it runs: it then believes that someone types. The time zone is set for the cursors
    of dbt and the gate too.
    """
    connection.execute(f"LOAD {literal(str(extension_path()))}")
    connection.execute(f"""
        SET autoinstall_known_extensions = false;
        SET autoload_known_extensions = false;
        SET GLOBAL TimeZone = 'UTC';
        SET memory_limit = {literal(MEMORY_LIMIT)};
        SET temp_directory = {literal(str(spill_folder(home)))};
        SET temp_file_encryption = true;
        SET preserve_insertion_order = true;
        SET enable_progress_bar = false;
    """)
    install_readers(connection)
    if is_plain():
        connection.execute("SET force_compression = 'uncompressed'")


def spill_folder(home: Home) -> Path:
    """A folder for this connection alone, made when it spills and gone when it is closed: DuckDB encrypts no
    spill file where it finds one of another connection, and refuses.
    """
    return home.tmp / f"{SPILL_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"


def remove_spill_of_the_dead(home: Home) -> None:
    """Remove what connections of killed processes have spilled."""
    import psutil

    for folder in home.tmp.glob(f"{SPILL_PREFIX}*"):
        process = folder.name.removeprefix(SPILL_PREFIX).partition("-")[0]
        if not (process.isdigit() and psutil.pid_exists(int(process))):
            shutil.rmtree(folder, ignore_errors=True)


def install_readers(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions of this connection that read addresses and times the same way everywhere."""
    iri.install(connection)
    times.install(connection)


def is_plain() -> bool:
    """Whether the zones are neither encrypted nor compressed, so that a test can search their bytes. Never
    true outside of pytest.

    Raises UsageError when ANONYMART_ENCRYPTION asks for it anywhere else.
    """
    asked = os.environ.get("ANONYMART_ENCRYPTION")
    if asked is None:
        return False
    if asked != "none" or "PYTEST_CURRENT_TEST" not in os.environ:
        raise UsageError(
            "ANONYMART_ENCRYPTION is for the tests of this project only: unset it, the zones are always "
            "encrypted."
        )
    return True


def attach(connection: duckdb.DuckDBPyConnection, name: str, path: Path, key: str, mode: str) -> None:
    """Attach one encrypted file as `name`; `mode` is 'ro' (it must exist) or 'rw' (it is made)."""
    if mode == "ro" and not path.exists():
        raise AnonymartError(
            f"The {name} {path} does not exist yet: run `anonymart ingest` and `anonymart build` first."
        )
    chosen = ([] if is_plain() else [f"ENCRYPTION_KEY {literal(key)}"]) + (
        ["READ_ONLY"] if mode == "ro" else []
    )
    options = f"({', '.join(chosen)})" if chosen else ""
    try:
        connection.execute(f"ATTACH {literal(str(path))} AS {name} {options}")
    except duckdb.Error as error:
        is_other_key = _LOCKED not in str(error) and _is_other_key(str(error))
        raise (OtherKey if is_other_key else AnonymartError)(
            _attach_failure(name, path, str(error))
        ) from None


def opens(path: Path, key: str) -> bool:
    """Whether a file opens with this key. Raises AnonymartError where something else keeps it closed."""
    with memory() as connection:
        try:
            attach(connection, "tried", path, key, "ro")
        except OtherKey:
            return False
    return True


def _is_other_key(message: str) -> bool:
    return any(word in message.lower() for word in ("key", "decrypt", "cipher"))


def _attach_failure(name: str, path: Path, message: str) -> str:
    if _LOCKED in message:
        return f"The {name} {path} is in use by another process: wait for it to end, then run again."
    if _is_other_key(message):
        return (
            f"The {name} {path} does not open with its key '{name}': restore the key file that it was "
            f"last written with."
        )
    if "No space" in message:
        return f"The disk of {path} is full: free some space, then run again; nothing was lost."
    return f"The {name} {path} cannot be opened ({message.splitlines()[0][:160]})."


def not_opened(path: Path, error: duckdb.Error, give: str) -> AnonymartError:
    """What is said of a file of a release that does not open: that another program writes in it, or that it
    is none; `give` says what to give instead.
    """
    if _LOCKED in str(error):
        return AnonymartError(
            f"{path} is held open for writing by another program, such as a BI tool: close it there, or let "
            f"it open the file read-only; then run again."
        )
    return AnonymartError(f"{path} cannot be opened as a DuckDB file: give {give}.")


def literal(text: str) -> str:
    """The text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def table_exists(
    connection: duckdb.DuckDBPyConnection, schema: str, table: str, database: str = "vault"
) -> bool:
    """Whether an attached database holds the table."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? AND table_name = ?",
        [database, schema, table],
    )
    return one_row(found)[0] > 0
