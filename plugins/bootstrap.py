"""Makes `.venv` from requirements.lock with nothing but Python, and only when it is missing or stale; with
--engines `.venv-engines` from requirements-engines.lock.

Any Python 3.6 or later must be able to read this file, or a wrong one could not be told so in a sentence.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

FITTING = ((3, 11), (3, 12), (3, 13))
CANDIDATES = ("python3", "python3.13", "python3.12", "python3.11")
LOCK = "requirements.lock"
ENGINES_LOCK = "requirements-engines.lock"
LAYOUT = b"2"  # raise it when the way of making the environment changes
ROOT = Path(__file__).resolve().parents[1]
# The shell starts it, since the first line of a script can name no path with a space. Python reads the two
# lines as a text.
SCRIPT = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from anonymart.cli import main

sys.exit(main())
"""


class SetupError(Exception):
    """One sentence: what is wrong and what to do."""


def wrong_python(version: str) -> str:
    """The sentence for a Python that does not fit; `version` is major.minor."""
    return (
        f"Anonymart needs Python 3.11, 3.12 or 3.13; this is {version}: set PYTHON=python3.12 or another "
        f"that fits."
    )


def find_python(chosen: str) -> str:
    """The command of a fitting Python: the chosen one, else the first on PATH. Raises SetupError."""
    found = []
    for name in [chosen] if chosen else CANDIDATES:
        version = _version_of(name)
        if version in FITTING:
            return name
        if version:
            found.append("{}.{}".format(*version))
    if chosen and not found:
        raise SetupError(f"PYTHON={chosen} does not run: set PYTHON to Python 3.11, 3.12 or 3.13.")
    raise SetupError(wrong_python(found[0] if found else "none"))


def _version_of(command: str) -> "tuple | None":
    ask = [command, "-c", "import sys; print('%d %d' % sys.version_info[:2])"]
    try:
        answer = subprocess.run(ask, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
        numbers = answer.stdout.decode().split() if answer.returncode == 0 else []
        return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else None
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def stamp_of(root: Path, lock: str = LOCK) -> str:
    """The hash of all that an environment depends on: the lock, the package's own part of pyproject.toml
    (not the settings of tools), the Python, the place."""
    package = (root / "pyproject.toml").read_bytes().split(b"\n[tool.")[0]
    parts = [LAYOUT, (root / lock).read_bytes(), package]
    parts += [platform.python_version().encode(), str(root).encode()]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def is_fresh(root: Path, venv: Path, lock: str = LOCK) -> bool:
    """Whether the environment is whole and was made from what stands here now."""
    stamp = venv / "anonymart.stamp"
    return (
        stamp.is_file() and stamp.read_text() == stamp_of(root, lock) and (venv / "bin" / "python").exists()
    )


def count_packages(lock: str) -> int:
    """How many packages the lock names, one for those that it pins once per Python version."""
    return len(set(re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)))


def make(root: Path, venv: Path, lock: str = LOCK) -> None:
    """Make the environment anew. Raises SetupError; a half-made one has no stamp and is made again."""
    _require_venv_module()
    _say(f"Setting up {venv.name} with Python {platform.python_version()}")
    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    shutil.rmtree(str(venv), ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(venv)], "The environment could not be made")
    log = venv / "setup.log"
    _install(root, venv, log, lock)
    site = next((venv / "lib").glob("python3.*/site-packages"))
    _say("  preparing them")
    compiling = [str(venv / "bin" / "python"), "-m", "compileall", "-q", "-j", "0", str(site)]
    subprocess.run(compiling, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # The engines' environment knows nothing of us: what runs there is started by its path.
    if lock == LOCK:
        _link(root, venv, site)
    (venv / "anonymart.stamp").write_text(stamp_of(root, lock))


def _require_venv_module() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        message = (
            "This Python has no venv module: install it (Debian: python3-venv) or set PYTHON to another "
            "Python."
        )
        raise SetupError(message) from None


def _install(root: Path, venv: Path, log: Path, lock: str) -> None:
    # The lock is complete, so nothing has to be resolved; old pips also stumble over extras in hash mode.
    # Compiling is left to compileall, which uses every core.
    command = [
        str(venv / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--no-deps",
        "--no-compile",
    ]
    command += ["--disable-pip-version-check", "--require-hashes", "-r", str(root / lock)]
    environment = dict(os.environ, PIP_USER="0", PYTHONUNBUFFERED="1")
    total = count_packages((root / lock).read_text())
    seen = 0
    with log.open("w") as copy:
        pip = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            universal_newlines=True,
        )
        for line in pip.stdout or ():
            copy.write(line)
            if line.startswith(("Collecting ", "Processing ")):
                seen += 1
                _progress(seen, total)
            elif line.startswith("Installing collected"):
                _say(f"  unpacking {seen} packages")
    if pip.wait() != 0:
        raise SetupError(
            f"The packages could not be installed ({_last_error(log)}): see {log}, then check the "
            f"network, the disk and pip's settings."
        )


def _last_error(log: Path) -> str:
    errors = [line.strip() for line in log.read_text().splitlines() if line.startswith("ERROR:")]
    return errors[-1][:200] if errors else "pip gave no reason"


def _link(root: Path, venv: Path, site: Path) -> None:
    # A path file and a script do what an editable install does, without a build and its packages.
    (site / "anonymart.pth").write_text("{}\n".format(root / "plugins"))
    script = venv / "bin" / "anonymart"
    script.write_text(SCRIPT.format(python=venv / "bin" / "python"))
    script.chmod(0o755)


def _run(command: list, failure: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines() or ["no reason given"]
        raise SetupError(f"{failure} ({lines[-1][:200]}): check the disk and this Python.")


def _progress(seen: int, total: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r  package {min(seen, total)} of {total}" + ("\n" if seen >= total else ""))
        sys.stderr.flush()
    elif seen % 25 == 0 or seen == 1:
        _say(f"  package {min(seen, total)} of {total}")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> int:
    """Exit 0 with a fresh environment, 1 with a sentence."""
    try:
        if sys.version_info[:2] not in FITTING or "--here" not in sys.argv:
            python = find_python(os.environ.get("PYTHON", ""))
            return subprocess.call([python, os.path.abspath(__file__), "--here", *sys.argv[1:]])
        is_engines = "--engines" in sys.argv
        venv, lock = (ROOT / ".venv-engines", ENGINES_LOCK) if is_engines else (ROOT / ".venv", LOCK)
        if not is_fresh(ROOT, venv, lock):
            make(ROOT, venv, lock)
            _say("  ready")
        return 0
    except SetupError as error:
        _say(str(error))
    except KeyboardInterrupt:
        _say("\nStopped: run the same command again to go on.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
