"""Two halves of one generated population: people who are in a release, and people like them who are not.

Both are schools of the same generator and size with seeds of their own, taken through the real ingest and
build in homes of their own; a candidate release is made of the first half only. The second half is held out:
it is the control group.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from anonymart import engine
from anonymart.attack.release import Release, read_release
from anonymart.attack.score import Truth
from anonymart.attack.truth import read_truth
from anonymart.contracts import MartContract
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.keys import KEY_NAMES, Keys
from anonymart.policy import Policy
from anonymart.progress import Progress
from anonymart.release.cells import key_sql
from anonymart.session import Session

SEED = 20260630
LEARNERS = 1500
AS_OF = date(2026, 6, 30)


@dataclass(frozen=True)
class Population:
    """Generated people by mart, cell and count: which persons are counted there. Persons are numbers that
    mean nothing elsewhere.
    """

    persons: Mapping[tuple[str, str, str], frozenset[int]]

    def of(self, place: tuple[str, str, str]) -> frozenset[int]:
        return self.persons.get(place, frozenset())


@dataclass(frozen=True)
class Halves:
    """The release of the members, the truth of it, and both groups of people."""

    release: Release
    truth: Truth
    members: Population
    outsiders: Population


def make_halves(
    folder: Path,
    policy: Policy,
    contracts: Mapping[str, MartContract],
    learners: int = LEARNERS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> Halves:
    """Generate and build both halves in a folder that nobody else uses. Raises AnonymartError when a build
    fails.

    The keys are derived from the seed, so that the same seed gives the same noise: they guard nobody real.
    """
    progress = progress or Progress(quiet=True)
    homes = []
    for number, name in enumerate(("members", "outsiders")):
        with progress.step(name, f"Generated half: {name}"):
            homes.append(_build_half(folder / name, learners, seed + number, policy))
    (home, keys), (other, other_keys) = homes
    from anonymart.release import make_candidate

    candidate = make_candidate(Session(home, keys, policy, AS_OF))
    release = read_release(candidate.folder, contracts)
    with engine.connect(home, keys, vault="ro", warehouse="ro") as connection:
        truth = read_truth(connection, contracts)
    return Halves(
        release,
        truth,
        population(Session(home, keys), contracts),
        population(Session(other, other_keys), contracts),
    )


def population(session: Session, contracts: Mapping[str, MartContract]) -> Population:
    """Who is counted where, from the person-level models of a home's warehouse."""
    found: dict[tuple[str, str, str], set[int]] = {}
    numbers: dict[str, int] = {}
    with session.connect(vault="ro", warehouse="ro") as connection:
        for contract in contracts.values():
            counts = [measure for measure in contract.measures if measure["kind"] == "count"]
            columns = ", ".join(
                f'"{measure["where"]}"' if measure.get("where") else "true" for measure in counts
            )
            rows = connection.execute(
                f"SELECT {key_sql(tuple(contract.dimensions), 'people')}, "
                f'"{contract.disclosure["person"]}", {columns} '
                f"FROM warehouse.intermediate.{contract.disclosure['people']} AS people"
            ).fetchall()
            for cell, person, *flags in rows:
                number = numbers.setdefault(person, len(numbers))
                for measure, flag in zip(counts, flags, strict=True):
                    if flag:
                        found.setdefault((contract.name, cell, measure["name"]), set()).add(number)
    return Population({place: frozenset(persons) for place, persons in found.items()})


def _build_half(root: Path, learners: int, seed: int, policy: Policy) -> tuple[Home, Keys]:
    from anonymart.demo.generate import generate

    home = Home(root / "home").prepare()
    keys = Keys(
        **{name: hashlib.sha256(f"generated {seed} {name}".encode()).hexdigest() for name in KEY_NAMES}
    )
    (home.root / "keys.json").write_text(
        json.dumps({name: getattr(keys, name) for name in KEY_NAMES}), encoding="ascii"
    )
    (home.root / "keys.json").chmod(0o600)
    generate(root / "school", learners, seed, AS_OF)
    # The school's own keys and home are none of this.
    own = {"ANONYMART_KEYS_FILE", *(f"ANONYMART_KEY_{name.upper()}" for name in KEY_NAMES)}
    clean = {name: value for name, value in os.environ.items() if name not in own}
    for words in (("ingest", "--landing", str(root / "school" / "landing")), ("build",)):
        done = subprocess.run(
            [sys.executable, "-m", "anonymart.cli", *words, "--as-of", AS_OF.isoformat()],
            env={**clean, "ANONYMART_HOME": str(home.root)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise AnonymartError(
                f"A generated half could not be made: `anonymart {words[0]}` ended with code "
                f"{done.returncode}."
            )
    return home, keys
