"""A home that was made up for the page Privacy's tests: two releases and a candidate that waits, without any
build.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from anonymart import audit, engine
from anonymart.errors import SentenceRefused, UsageError
from anonymart.home import Home
from anonymart.keys import Keys, init_keys
from anonymart.progress import Progress
from anonymart.release import Candidate, Published, State, Waiting, for_reviewer
from anonymart.release.approval import Reviewer
from anonymart.release.manifest import write_manifest
from anonymart.session import Session
from anonymart.vault import schema

FIRST, SECOND, WAITS = "2026-05-30.1", "2026-06-30.1", "2026-07-30.1"
COURSES = "course_engagement_monthly"
# Text of a reviewer or of a policy must never become markup.
MARKUP = "<script>alert(1)</script>"


@dataclass
class Approvals:
    """Stands for anonymart.release.approval and anonymart.release.answer: its interface and its refusals,
    without publishing.
    """

    waits: Waiting | None = None
    refused: str = ""  # why a reason is not taken
    decided: list[dict[str, Any]] = field(default_factory=list)

    def waiting(self, session: Session) -> Waiting | None:
        return self.waits

    def shows_the_same(self, session: Session, release_id: str, candidate: str) -> Waiting | None:
        return (
            self.waits
            if self.waits and (self.waits.release_id, self.waits.candidate_sha256) == (release_id, candidate)
            else None
        )

    def decisions(self, session: Session) -> list[dict[str, Any]]:
        return self.decided

    def approve(
        self, session: Session, release_id: str, reviewer: Reviewer, candidate: str = ""
    ) -> Published:
        self._decide(release_id, "approved", reviewer)
        return Published(release_id)

    def approve_without(
        self,
        session: Session,
        release_id: str,
        reviewer: Reviewer,
        candidate: str,
        marts: list[str],
        _: Progress,
    ) -> Published:
        self._decide(release_id, f"approved without {', '.join(marts)}", reviewer)
        return Published(release_id)

    def refuse_waiting(
        self, session: Session, release_id: str, reviewer: Reviewer, candidate: str = ""
    ) -> Path:
        self._decide(release_id, "refused", reviewer)
        return session.home.releases / f".refused-{release_id}"

    def _decide(self, release_id: str, state: str, reviewer: Reviewer) -> None:
        if self.refused:
            raise SentenceRefused(self.refused)
        if self.waits is None or self.waits.release_id != release_id:
            raise UsageError(f"The release {release_id} does not wait for a decision.")
        self.decided.append(
            {
                "release_id": release_id,
                "state": state,
                "actor": reviewer.name,
                "reason": reviewer.reason,
                "at": "2026-07-30T12:00:00+00:00",
                "via": reviewer.via,
            }
        )
        self.waits = None


def waiting(releases: Path, candidate_sha256: str = "a" * 64) -> Waiting:
    because = [f"The mart nps_quarterly lost a column {MARKUP}."]
    return Waiting(
        candidate=Candidate(releases, WAITS, State.WAITING),
        as_of="2026-07-30",
        candidate_sha256=candidate_sha256,
        because=because,
        since="2026-07-30T10:00:00+00:00",
    )


def make_home(root: Path) -> tuple[Home, Keys]:
    """The home and its keys."""
    home = Home(root).prepare()
    init_keys(home)
    keys = Keys.load(home)
    with engine.connect(home, keys, vault="rw") as connection:
        schema.create(connection, keys)
        for release_id in (FIRST, SECOND):
            connection.execute(
                "INSERT INTO vault.ledger.releases VALUES (?, ?::DATE, 'x', 1234567, 7, NULL)",
                [release_id, release_id[:10]],
            )
        connection.execute(
            "INSERT INTO vault.ledger.withdrawals VALUES (?, '2026-06-15', 'counted twice', "
            "['nps_quarterly'], ?, ?)",
            [FIRST, FIRST, SECOND],
        )
        for release_id in (SECOND, WAITS):
            burst = {
                "mart": "nps_quarterly",
                "cell": f"{MARKUP}|2026-01-01",
                "people": 40,
                "new_people": 31,
                "usual": 2.0,
            }
            for_reviewer.note_all(
                connection, release_id, {"requests": {"open": 3, "near": 1, "late": 0}, "bursts": [burst]}
            )
    release(home.releases / FIRST, ["course_id", "n_learners"], 0.1, {"counts": {"smallest": 3}})
    release(home.releases / SECOND, ["course_id", "n_learners", "share"], 0.25, {"counts": {"smallest": 4}})
    release(
        home.releases / f".waiting-{WAITS}", ["course_id", "n_learners"], 0.3, {"counts": {"smallest": 4}}
    )
    home.current.symlink_to(SECOND)
    audit.record(Session(home, keys, given_day=date(2026, 6, 30)), "built")
    return home, keys


def release(folder: Path, columns: list[str], suppressed: float, register: dict[str, Any]) -> None:
    """A folder with every file that the page Privacy may hand out, and some that it may not."""
    release_id = folder.name.removeprefix(".waiting-")
    mart = {
        "rows": 10,
        "figures": 20,
        "new_cells": 4,
        "carried_cells": 6,
        "suppressed_share": suppressed,
        "too_few": int(20 * suppressed),
        "protected": 0,
    }
    flat = {"counts.smallest": register["counts"]["smallest"]}
    told = {
        "release_id": release_id,
        "policy_version": 1,
        "code_version": "1",
        "marts": {"nps_quarterly": mart},
        "register": flat,
    }
    changed = {"since": None, "figures_frozen": 8, "figures_carried": 12}
    resources = [
        {
            "name": "nps_quarterly",
            "path": "csv/nps_quarterly.csv",
            "schema": {"fields": [{"name": name} for name in columns]},
        }
    ]
    (folder / "data_docs").mkdir(parents=True)
    (folder / "parquet").mkdir()
    files = {
        "privacy_report.json": json.dumps({**told, "changes": changed}),
        "privacy_report.html": "<!DOCTYPE html><title>Privacy report</title>",
        "gate.json": "{}",
        "datapackage.json": json.dumps({"resources": resources}),
        "marts.duckdb": "figures",
        "parquet/nps_quarterly.parquet": "figures",
        "data_docs/index.html": "<!DOCTYPE html><title>Data Docs</title>",
        "data_docs/style.css": "body {}",
        "manifest.sig": "signature",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    marts = {"nps_quarterly": {**mart, "closed_periods": 0}}
    if folder.name.startswith("."):
        others = {"nps_theme_quarterly": 2, "rncp_promotion": 0, COURSES: 3}
        marts |= {name: {"new_cells": n_new, "closed_periods": 0} for name, n_new in others.items()}
    write_manifest(folder, {**told, "as_of": release_id[:10], "marts": marts})
