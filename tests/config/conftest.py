"""A folder of a school's own configuration, read by this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write files of the school's own configuration, by their name in it, and let this process read them."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ANONYMART_CONFIG", str(folder))

    def write(**texts: str) -> Path:
        for name, text in texts.items():
            path = folder / name.replace("__", "/").replace("_csv", ".csv").replace("_yml", ".yml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return write
