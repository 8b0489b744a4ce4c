"""One small home, built once: a vault written by hand and the warehouse that the whole project makes of
it.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from small_home import SmallHome


@pytest.fixture(scope="session")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallHome]:
    """A home with both loads in its vault, built in one go. Read it; do not change it."""
    home = SmallHome(tmp_path_factory.mktemp("built") / "home")
    home.load_first()
    home.load_second()
    home.build()
    yield home
