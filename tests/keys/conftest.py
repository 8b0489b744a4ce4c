"""A furnished home, made once; each test has a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.forget.house import built_home
from tests.keys.house import House, furnish


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("keys") / "home"
    shutil.copytree(built_home(tmp_path_factory, is_plain=False), root)
    furnish(root)
    return root


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> House:
    shutil.copytree(furnished, tmp_path / "home")
    return House(tmp_path / "home")
