"""A furnished home, made once; each test has a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.erasure.small_school import built_home
from tests.keys.small_school import SmallSchool, furnish
from tests.shared import made_once


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = built_home(tmp_path_factory, is_plain=False)

    def make(place: Path) -> None:
        shutil.copytree(built, place / "home")
        furnish(place / "home")

    return made_once(tmp_path_factory, "furnished", make) / "home"


@pytest.fixture
def small_school(furnished: Path, tmp_path: Path) -> SmallSchool:
    shutil.copytree(furnished, tmp_path / "home")
    return SmallSchool(tmp_path / "home")
