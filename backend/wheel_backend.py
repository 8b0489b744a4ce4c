"""Builds the wheel (PEP 517, PEP 660) with nothing but Python: the two packages, and in them what they need
at run time.

A build needs no other package, so it works without a network, and two builds of one commit are the same
bytes.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# What the library reads lies in the package of a wheel, and beside plugins/ in a clone (anonymart/home.py).
SHIPPED = ("dags", "dbt_project", "expectations")
INSIDE = "anonymart/project"
COMMIT_FILE = "anonymart/project/commit"
_LEFT_OUT = {"__pycache__", "target", "logs", "dbt_packages"}
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_ENTRY_POINTS = """[console_scripts]
anonymart = anonymart.cli:main

[airflow.plugins]
anonymart_privacy = anonymart_airflow.privacy_plugin:PrivacyPlugin
"""


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Write the wheel and give its name (PEP 517)."""
    return _write(Path(wheel_directory), dict(_content()))


def build_editable(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """A wheel that points to this clone (PEP 660)."""
    return _write(Path(wheel_directory), {"anonymart.pth": f"{ROOT / 'plugins'}\n".encode()})


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Write the source archive and give its name: the project without its tests."""
    project = _project()
    name = f"{project['name']}-{project['version']}"
    with tarfile.open(Path(sdist_directory) / f"{name}.tar.gz", "w:gz") as archive:
        for top in (
            "backend",
            "dags",
            "dbt_project",
            "docs",
            "expectations",
            "plugins",
            "README.md",
            "CHANGELOG.md",
            "pyproject.toml",
            "requirements.lock",
        ):
            archive.add(
                ROOT / top,
                f"{name}/{top}",
                filter=lambda entry: None if _LEFT_OUT & set(Path(entry.name).parts) else entry,
            )
    return f"{name}.tar.gz"


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _content() -> Iterator[tuple[str, bytes]]:
    for package in ("anonymart", "anonymart_airflow"):
        for path in _files(ROOT / "plugins" / package):
            yield path.relative_to(ROOT / "plugins").as_posix(), path.read_bytes()
    for folder in SHIPPED:
        for path in _files(ROOT / folder):
            yield f"{INSIDE}/{path.relative_to(ROOT).as_posix()}", path.read_bytes()
    yield COMMIT_FILE, _commit().encode()


def _commit() -> str:
    """The commit that is built, or nothing outside of a clone."""
    import subprocess

    try:
        done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not _LEFT_OUT & set(path.relative_to(folder).parts)
    )


def _write(folder: Path, content: dict[str, bytes]) -> str:
    project = _project()
    stem = f"{project['name']}-{project['version']}"
    info = f"{stem}.dist-info"
    content = content | {
        f"{info}/METADATA": _metadata(project).encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: wheel_backend\n"
        b"Root-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": _ENTRY_POINTS.encode(),
    }
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in content.items()] + [
        f"{info}/RECORD,,"
    ]
    content[f"{info}/RECORD"] = ("\n".join(lines) + "\n").encode()
    wheel = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return os.path.basename(wheel)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _metadata(project: dict[str, Any]) -> str:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {project['name']}",
        f"Version: {project['version']}",
        f"Summary: {project['description']}",
    ]
    lines += [f"Requires-Python: {project['requires-python']}", "Description-Content-Type: text/markdown"]
    lines += [f"Requires-Dist: {needed}" for needed in project["dependencies"]]
    for extra, needs in project["optional-dependencies"].items():
        lines += [
            f"Provides-Extra: {extra}",
            *(f"Requires-Dist: {needed}; extra == '{extra}'" for needed in needs),
        ]
    return "\n".join(lines) + "\n\n" + (ROOT / project["readme"]).read_text(encoding="utf-8")
