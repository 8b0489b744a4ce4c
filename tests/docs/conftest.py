"""A clone and a home as a reader of the README has them: the commands of its last part are run once, and
every later block in a copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks

HOME_OF_README = "anonymart-try"
WARM = f"""#!{sys.executable} -S
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests import warm
sys.exit(warm.as_typed(sys.argv))
"""


@dataclass(frozen=True)
class Reader:
    """A user's folder with a clone in it, in which commands are typed; `var` in the clone is the README's
    home.
    """

    root: Path
    output: str = ""

    @property
    def clone(self) -> Path:
        return self.root / "clone"

    @property
    def home(self) -> Path:
        return self.root / HOME_OF_README

    @property
    def release(self) -> Path:
        return self.home / "releases" / "current"

    def copy(self, root: Path) -> Reader:
        shutil.copytree(self.root, root, symlinks=True)
        return Reader(root)

    def type(self, text: str, language: str = "sh", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a block as it stands: bash that stops at the first failure, or Python."""
        command = (
            ["bash", "-eo", "pipefail", "-c", text] if language == "sh" else [sys.executable, "-c", text]
        )
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANONYMART_")}
        return subprocess.run(
            command,
            cwd=self.clone,
            env={**kept, "HOME": str(self.root), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
        )

    def type_at_home(self, text: str, language: str = "sh") -> subprocess.CompletedProcess[str]:
        """The same, with `anonymart` on the path and the README's home. It is the one of tests/warm.py: how
        the installed one starts, the README's own blocks show.
        """
        path = os.pathsep.join(
            (str(self.root / "bin"), str(self.clone / ".venv" / "bin"), os.environ["PATH"])
        )
        return self.type(text, language, PATH=path, ANONYMART_HOME=str(self.clone / "var"))


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """The reader after the README: a small school, and its first release. Read it; copy it to change it."""
    reader = Reader(tmp_path_factory.mktemp("docs") / "user")
    reader.clone.mkdir(parents=True)
    (reader.clone / ".venv").symlink_to(sys.prefix)
    command = reader.root / "bin" / "anonymart"
    command.parent.mkdir()
    command.write_text(WARM)
    command.chmod(0o755)
    output = ""
    for block in blocks("README.md", "sh"):
        if not block.not_run:
            done = reader.type(block.text)
            assert done.returncode == 0, f"{block.name}\n{done.stderr[-3000:]}"
            output += done.stdout
    (reader.clone / "var").symlink_to(Path("..") / HOME_OF_README)
    return Reader(reader.root, output)


@pytest.fixture(scope="session")
def typed(reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Block], tuple[Reader, str]]:
    """Gives, for a block, a reader of its own on which it was typed, and what it printed; each block is typed
    once.
    """
    done: dict[str, tuple[Reader, str]] = {}

    def type_once(block: Block) -> tuple[Reader, str]:
        if block.name not in done:
            own = reader.copy(tmp_path_factory.mktemp("block") / "user")
            result = own.type_at_home(block.text, block.language)
            assert result.returncode == 0, f"{block.name}\n{result.stderr[-3000:]}"
            done[block.name] = own, result.stdout
        return done[block.name]

    return type_once
