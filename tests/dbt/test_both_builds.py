"""What changed definitions move is counted by two builds on the same vault, and nothing of these stays
(S-SAFE).
"""

import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from small_home import AS_OF, XAPI, SmallHome

from anonymart.dbt_process import BESIDE_PREFIX
from anonymart.definitions import definitions
from anonymart.erasure import places
from anonymart.erasure.files import remove_spill
from anonymart.home import Home
from anonymart.policy import load_policy
from anonymart.release import both_builds, exact_page, kept_definitions, what_moved
from anonymart.session import Session

pytestmark = pytest.mark.long
VERBS = "dbt_project/seeds/verbs.csv"
MACRO = "dbt_project/macros/codes.sql"


def kept_of_before(small_home: SmallHome, folder: Path, alter: dict[str, Callable[[str], str]]) -> None:
    """Keep the present definitions as those of a release, with some of its files as they were before."""
    folder.mkdir()
    manifest = {"release_id": "2026-05-31.1", "as_of": "2026-05-31", "definitions": definitions()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    kept_definitions.keep(small_home.home, folder)
    (path,) = small_home.home.definitions.iterdir()
    with tarfile.open(path) as kept:
        members = [(each, kept.extractfile(each).read().decode()) for each in kept.getmembers()]
    with tarfile.open(path, "w:gz") as kept:
        for member, text in members:
            content = alter.get(member.name, str)(text).encode()
            member.size = len(content)
            kept.addfile(member, io.BytesIO(content))


def count_moved(small_home: SmallHome) -> dict:
    session = Session(small_home.home, small_home.keys, load_policy(), AS_OF)
    before = small_home.home.warehouse.read_bytes()
    found = both_builds.count_moved(session, definitions())
    assert small_home.home.warehouse.read_bytes() == before
    assert [*small_home.home.tmp.glob("beside-*")] == []
    return found


# So many that no draw of noise hides them all.
MANY = f"""
INSERT INTO vault.register.learners (load_no, learner_id, identifier)
    SELECT 1, 'M' || n, 'learner:M' || n FROM range(60) AS many (n);
INSERT INTO vault.register.identities (identifier, kind, person_id)
    SELECT 'learner:M' || n, 'learner', sha256('M' || n) FROM range(60) AS many (n);
INSERT INTO vault.register.last_use
    SELECT 'learner:M' || n, '2025-01-01 10:00:00', '2026-05-01 10:00:00' FROM range(60) AS many (n);
INSERT INTO vault.raw.learning (load_no, admitted_no, actor, verb_id, object_id, object_type, occurred_at)
    SELECT 1, 1, 'learner:M' || n, '{XAPI}/verbs/passed', 'j1', NULL, '2025-02-04 10:00:00'
    FROM range(60) AS many (n);
"""


@pytest.fixture(scope="module")
def built_school(tmp_path_factory) -> SmallHome:
    """One warehouse for both tests, that no build of theirs may touch."""
    home = SmallHome(tmp_path_factory.mktemp("both") / "home")
    home.load_first()
    home.load_second()
    home.execute(MANY)
    home.build(select="stg_register__learners")
    return home


@pytest.fixture
def small_home(built_school) -> SmallHome:
    shutil.rmtree(built_school.home.definitions, ignore_errors=True)
    return built_school


def test_the_reviewer_reads_how_many_figures_another_list_of_verbs_moved(small_home, tmp_path):
    before = {VERBS: lambda text: "".join(x for x in text.splitlines(True) if ",passed" not in x)}
    kept_of_before(small_home, tmp_path / "release", before)
    found = count_moved(small_home)
    assert found["why_not"] is None
    moved = {each["mart"]: each for each in found["marts"]}["project_validation"]
    assert moved["cells"] >= moved["cells_moved"] > 0
    assert 0 < moved["figures_moved"] <= moved["figures"]
    notes = {
        what_moved.NAME: {"since": "2026-05-31.1", "are_files_known": True, "marts": [], "beside": found}
    }
    text = "\n".join(exact_page.lines(notes))
    assert "Figures that differ" in text and "2026-05-31.1" in text


def test_old_definitions_that_this_version_cannot_build_are_told_in_a_sentence(small_home, tmp_path):
    kept_of_before(small_home, tmp_path / "release", {MACRO: lambda text: f"{text}{{% macro %}}"})
    found = count_moved(small_home)
    assert found["marts"] == [] and "old definitions cannot be built by this version" in found["why_not"]


def test_what_a_kill_has_left_goes_with_the_next_removal(tmp_path):
    home = Home(tmp_path / "home").prepare()
    (home.tmp / f"{BESIDE_PREFIX}x" / "old").mkdir(parents=True)
    places.check_files(home)
    remove_spill(home)
    assert [*home.tmp.iterdir()] == []
