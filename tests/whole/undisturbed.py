"""A small school after one run that nobody disturbed, for tests that disturb it: made once, read by all."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shared import made_once
from tests.whole.conftest import School, generate
from tests.whole.small_school import SmallSchool, open_small_school

AS_OF = "2026-05-31"
LEARNERS = 300
# Files of each kind and source stay; the rest of the years only costs time.
KEPT = re.compile(
    r"(catalogue|learners-20|consents|requests|enrolments-20|statements-202[56]-0|resend|again|broken|"
    r"odd|connections|nps-202[56]|salary-202[56]|half)"
)


@dataclass(frozen=True)
class Undisturbed:
    """The school, its home before the run, and its home with the release: copy what you change."""

    school: School
    before: Path
    after: SmallSchool


def undisturbed(factory: pytest.TempPathFactory) -> Undisturbed:
    folder = made_once(factory, "undisturbed", _make)
    return Undisturbed(School(folder / "school"), folder / "before", SmallSchool(folder / "home"))


def _make(folder: Path) -> None:
    generate(folder / "school", LEARNERS, AS_OF)
    for path in (folder / "school" / "landing").rglob("*"):
        if path.is_file() and not KEPT.search(path.name):
            path.unlink()
    _leave_one_of_each_kind(folder / "school" / "landing" / "rights")
    small_school = open_small_school(folder / "home")
    shutil.copytree(folder / "school" / "landing", small_school.home.landing, dirs_exist_ok=True)
    shutil.copytree(small_school.root, folder / "before")
    small_school.succeed("run", "--as-of", AS_OF)


def _leave_one_of_each_kind(rights: Path) -> None:
    """Requests in both forms, and each kind once: every one takes a while."""
    desk, mail = rights / "requests-desk.csv", rights / "requests-mail.ndjson"
    header, *lines = desk.read_text(encoding="utf-8").splitlines(keepends=True)
    kinds = {line.split(",")[1]: line for line in lines}
    more = {json.loads(line)["kind"]: line for line in mail.read_text(encoding="utf-8").splitlines()}
    desk.write_text("".join([header, *kinds.values()]), encoding="utf-8")
    told = [line for kind, line in more.items() if kind not in kinds]
    assert kinds and told
    mail.write_text("\n".join([*told, ""]), encoding="utf-8")
