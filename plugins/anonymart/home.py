"""Where the state lives: one folder, 0700, and in it one file per zone (S-SAFE)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from anonymart.errors import AnonymartError, UsageError, is_disk_full

_PACKAGE = Path(__file__).resolve().parent
# A wheel holds dbt project, expectations and DAGs in the package; in a clone they lie beside plugins/.
IS_INSTALLED = (_PACKAGE / "project").is_dir()
PROJECT = _PACKAGE / "project" if IS_INSTALLED else _PACKAGE.parents[1]

# The variable that names the home.
HOME = "ANONYMART_HOME"


@dataclass(frozen=True)
class Home:
    """The folder named by ANONYMART_HOME (default ./var) and the places in it."""

    root: Path

    @classmethod
    def from_env(cls, root: Path | str | None = None) -> Home:
        """The given folder, else ANONYMART_HOME, else var of the clone, or of the present folder where there
        is no clone.
        """
        chosen = root or os.environ.get(HOME) or (Path("var") if IS_INSTALLED else PROJECT / "var")
        return cls(Path(chosen).expanduser().resolve())

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def vault(self) -> Path:
        return self.root / "vault.duckdb"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def tombstones(self) -> Path:
        return self.root / "tombstones.duckdb"

    @property
    def receipts(self) -> Path:
        return self.root / "receipts.ndjson"

    @property
    def audit(self) -> Path:
        return self.root / "audit.ndjson"

    @property
    def backups(self) -> Path:
        return self.root / "backups.json"

    @property
    def definitions(self) -> Path:
        return self.root / "definitions"

    @property
    def attacked(self) -> Path:
        return self.root / "attacked.json"

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def current(self) -> Path:
        return self.releases / "current"

    @property
    def tables(self) -> Path:
        """The tables that were ordered and approved, as marts: written anew from the vault by each build."""
        return self.root / "tables"

    @property
    def rotation(self) -> Path:
        """Which rotation of a key is under way; it holds no key."""
        return self.root / "rotation.json"

    @property
    def key_handovers(self) -> Path:
        """How each key `signing` handed over to the next one, for recipients."""
        return self.root / "key_handovers.json"

    @property
    def register_mapping(self) -> Path:
        return self.root / "sources" / "register.yml"

    @property
    def register_lock(self) -> Path:
        return self.root / "register.lock"

    @property
    def keys_file(self) -> Path:
        return Path(os.environ.get("ANONYMART_KEYS_FILE") or self.root / "keys.json")

    @property
    def dbt_target(self) -> Path:
        return self.root / "dbt" / "target"

    @property
    def dbt_logs(self) -> Path:
        return self.root / "dbt" / "logs"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def airflow(self) -> Path:
        return self.root / "airflow"

    @property
    def lock_file(self) -> Path:
        return self.root / "run.lock"

    def prepare(self) -> Home:
        """Make the folders, 0700, and let files made from now on be 0600.

        Raises UsageError when the folder cannot be written, and AnonymartError when the disk is full.
        """
        os.umask(0o077)
        try:
            for folder in (self.root, self.landing, self.dbt_target, self.dbt_logs, self.tmp):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o700)
            self.releases.mkdir(exist_ok=True)
            self.releases.chmod(0o755)
            probe = self.tmp / f".writable-{os.getpid()}"
            try:
                probe.write_bytes(b"x")
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            if is_disk_full(error):
                raise AnonymartError(
                    f"The disk of {self.root} is full: free some space, then run again; nothing was lost."
                ) from None
            raise UsageError(
                f"The home {self.root} cannot be written ({error.strerror}): "
                "give the folder to this user or set ANONYMART_HOME."
            ) from None
        return self
