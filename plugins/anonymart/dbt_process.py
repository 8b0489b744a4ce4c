"""dbt in a process of its own: what it is told, and what it does, event by event."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from anonymart import config, lists
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import Policy

# In the home's tmp: what is built beside the home.
BESIDE_PREFIX = "beside-"


@dataclass(frozen=True)
class Beside:
    """Where a build leaves what it makes in place of the home, and the dbt project that is built."""

    home: Home
    project: Path


def events(
    home: Home, policy: Policy, as_of: date, words: Sequence[str], beside: Beside | None = None
) -> Iterator[dict]:
    """Run dbt with these words on the home, and give what it does as it does it; `end` with the code of its
    process comes last.

    The first word is dbt's command. Nothing that is given may quote a row. With `beside` another project is
    built, and whatever is written is written there.
    """
    project = beside.project if beside else lists.project()
    place = beside.home if beside else home
    arguments = [
        *words,
        *("--project-dir", str(project)),
        *("--profiles-dir", str(project)),
        *("--target-path", str(place.dbt_target)),
        *("--log-path", str(place.dbt_logs)),
        *("--vars", json.dumps({"as_of": str(as_of), "policy": policy.raw, **_links(home)})),
        # Unit tests try the macros on rows of their own: they are the project's tests, not a home's.
        *(("--exclude-resource-type", "unit_test") if words[0] in ("build", "test") else ()),
    ]
    environment = {
        **os.environ,
        "ANONYMART_HOME": str(place.root),
        **({"ANONYMART_KEYS_FILE": str(home.keys_file)} if home.keys_file.is_file() else {}),
        # What is parsed of a project that is soon gone is kept for nobody.
        **({"XDG_CACHE_HOME": str(place.tmp)} if beside else {}),
        # The process reads what this one reads, of which home ever it is.
        **({config.ENVIRONMENT: str(own)} if (own := config.folder()) else {}),
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "PYTHONUNBUFFERED": "1",
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "anonymart.dbt_child", json.dumps(arguments)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment,
        cwd=place.root,
    )
    try:
        yield from filter(None, map(_event, child.stdout or ()))
        yield {"kind": "end", "code": child.wait()}
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def remove_beside(home: Home) -> None:
    """Remove what a kill left of builds beside the home; the caller holds the writer's lock."""
    for place in home.tmp.glob(f"{BESIDE_PREFIX}*"):
        shutil.rmtree(place, ignore_errors=True)


def _links(home: Home) -> dict[str, int]:
    """How many keys make a pseudonym, where it is more than one: the models are compiled for it."""
    n_links = len(Keys.load(home).pseudonym_links)
    return {"pseudonym_links": n_links} if n_links > 1 else {}


def _event(line: str) -> dict | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if "kind" in event else None
