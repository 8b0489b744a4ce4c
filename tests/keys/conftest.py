"""A furnished home, made once; each test has a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.erasure.small_school import built_home
from tests.keys.small_school import SmallSchool, furnish


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("keys") / "home"
    shutil.copytree(built_home(tmp_path_factory, is_plain=False), root)
    furnish(root)
    return root


@pytest.fixture
def small_school(furnished: Path, tmp_path: Path) -> SmallSchool:
    shutil.copytree(furnished, tmp_path / "home")
    return SmallSchool(tmp_path / "home")
