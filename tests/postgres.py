"""A real PostgreSQL of its own, started as an unprivileged user, and ended and removed after the test."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def binaries() -> Path:
    """Debian's newest PostgreSQL, whose programs are not on the path."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def unprivileged(folder: Path) -> dict[str, Any]:
    """How to start a server that refuses to run as root, with `folder` as its own; nothing for others."""
    if os.geteuid() != 0:
        return {}
    user = next(entry for entry in pwd.getpwall() if entry.pw_name in ("postgres", "nobody"))
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def postgres(port: int | None = None) -> Iterator[Path]:
    """The folder with the server's socket; its superuser `postgres` needs no password there, everybody else
    does. With `port` it listens on loopback too.
    """
    folder = Path(tempfile.mkdtemp(prefix="anonymart-pg-"))
    data = folder / "data"
    as_user = unprivileged(folder)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_user}
    made = [binaries() / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "-N", "-E", "UTF8"]
    subprocess.run([*made, "--locale=C"], check=True, **quiet)
    (data / "pg_hba.conf").write_text(
        "local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
    )
    settings = [f"unix_socket_directories={folder}", "fsync=off", "shared_buffers=16MB"]
    settings += ["listen_addresses=127.0.0.1", f"port={port}"] if port else ["listen_addresses="]
    command = [binaries() / "postgres", "-D", data, *(f"-c{setting}" for setting in settings)]
    process = subprocess.Popen(command, **quiet)
    try:
        ready = [binaries() / "pg_isready", "-h", folder, "-p", str(port or 5432), "-q", "-t", "10"]
        # A busy machine may need a while for the first answer.
        for _ in range(3000):
            if subprocess.run(ready).returncode == 0:
                break
            assert process.poll() is None, "PostgreSQL has ended by itself"
            time.sleep(0.1)
        else:
            raise AssertionError("PostgreSQL does not answer after five minutes")
        yield folder
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)
        shutil.rmtree(folder)
