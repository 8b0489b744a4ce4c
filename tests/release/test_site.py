"""The site over all releases: whole copies, recalls without their files, and a note of each that goes in
(S-SHARE).
"""

import json
import re
import shutil

import pytest

from anonymart import audit
from anonymart.errors import GateRefused, UsageError
from anonymart.home import Home
from anonymart.progress import Progress
from anonymart.release import Recipient, make_site
from anonymart.release import site as made
from anonymart.release.signature import read_public_key
from anonymart.release.verify import verify
from anonymart.session import Session
from tests.gate.school import School
from tests.release.test_withdraw import AUGUST, FIRST, SECOND, THIRD, WHY, recall, three  # noqa: F401

pytestmark = [
    pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack"),
    pytest.mark.long,
    pytest.mark.xdist_group("recall"),
]
READERS = Recipient("readers of the school's site", "FR", "to inform the public")


@pytest.fixture
def school(three, tmp_path):  # noqa: F811
    shutil.copytree(three.home.root, tmp_path / "home", symlinks=True)
    return School(Home(tmp_path / "home"), three.keys, three.policy, three.contracts)


def site(school, folder, recipient=READERS):
    session = Session(school.home, school.keys, school.policy, AUGUST)
    return make_site(session, folder, recipient, Progress(quiet=True), "data-team")


def shared(school):
    return [entry["release_id"] for entry in audit.entries(school.home) if entry["act"] == "shared"]


def sections(folder):
    text = (folder / "index.html").read_text(encoding="utf-8")
    return dict(re.findall(r'<section id="r([^"]+)"(.*?)</section>', text, re.DOTALL)), text


def test_each_release_is_there_whole_newest_first_and_a_second_run_copies_nothing(school, tmp_path):
    folder = tmp_path / "site"
    assert site(school, folder).copied == [FIRST, SECOND, THIRD]
    assert shared(school) == [FIRST, SECOND, THIRD]
    key = read_public_key(folder / "public_key.pem")
    for name in (FIRST, SECOND, THIRD):
        assert verify(folder / name, key).status == "authentic"
    found, text = sections(folder)
    assert list(found) == [THIRD, SECOND, FIRST]
    for name, section in found.items():
        links = re.findall(r'href="([^"]+)"', section)
        assert f"{name}/index.html" in links and f"{name}/privacy_report.html" in links
        assert all((folder / link).is_file() for link in links)
    assert "<script" not in text and "http" not in text
    listed = json.loads((folder / "releases.json").read_text())["releases"]
    assert [each["release_id"] for each in listed] == [THIRD, SECOND, FIRST]
    again = site(school, folder)
    assert (again.copied, again.kept) == ([], [FIRST, SECOND, THIRD])
    assert shared(school) == [FIRST, SECOND, THIRD]


def test_a_recalled_release_is_named_with_its_reason_and_its_files_go(school, tmp_path):
    folder = tmp_path / "site"
    site(school, folder)
    recall(school)
    assert site(school, folder).removed == sorted([SECOND, THIRD])
    assert not (folder / SECOND).exists() and not (folder / THIRD).exists()
    found, _ = sections(folder)
    assert WHY in found[SECOND] and "href" not in found[SECOND].replace('href="#', "")
    listed = {
        each["release_id"]: each for each in json.loads((folder / "releases.json").read_text())["releases"]
    }
    assert listed[SECOND]["withdrawn"]["why"] == WHY and listed[FIRST]["withdrawn"] is None


def test_what_was_cut_short_or_changed_in_the_site_is_copied_anew(school, tmp_path):
    folder = tmp_path / "site"
    site(school, folder)
    (folder / SECOND / "marts.duckdb").write_bytes(b"another")
    (folder / FIRST).rename(folder / f".copying-{FIRST}")
    assert site(school, folder).copied == [FIRST, SECOND]
    assert not list(folder.glob(".copying-*"))
    assert verify(folder / SECOND, read_public_key(folder / "public_key.pem")).status == "authentic"


def test_a_changed_release_of_the_home_stops_before_anything_is_copied(school, tmp_path):
    path = school.home.releases / SECOND / "marts.xlsx"
    path.chmod(0o644)
    path.write_bytes(b"another")
    with pytest.raises(GateRefused, match=rf"{SECOND} is not as it was published: marts.xlsx"):
        site(school, tmp_path / "site")
    assert sections(tmp_path / "site")[0].keys() == {FIRST, SECOND, THIRD} and shared(school) == []
    assert not (tmp_path / "site" / FIRST).exists()


def test_the_files_of_a_recalled_release_go_even_where_another_is_changed(school, tmp_path):
    folder = tmp_path / "site"
    site(school, folder)
    recall(school)
    path = school.home.releases / FIRST / "marts.xlsx"
    path.chmod(0o644)
    path.write_bytes(b"another")
    (folder / FIRST / "marts.xlsx").unlink()
    with pytest.raises(GateRefused, match="is not as it was published"):
        site(school, folder)
    assert not (folder / SECOND).exists() and WHY in sections(folder)[0][SECOND]


def test_another_recipient_is_noted_too(school, tmp_path):
    folder = tmp_path / "site"
    site(school, folder)
    assert site(school, folder, Recipient("the ministry", "FR", "to compare schools")).copied == []
    assert shared(school) == [FIRST, SECOND, THIRD] * 2


def test_the_copy_of_a_release_that_the_home_has_lost_stays(school, tmp_path):
    folder = tmp_path / "site"
    site(school, folder)
    shutil.rmtree(school.home.releases / FIRST)
    assert site(school, folder).removed == []
    assert f"{FIRST}/index.html" in sections(folder)[0][FIRST]


def test_other_folders_and_countries_are_refused(school, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.odt").touch()
    (other / "releases.json").write_text('{"releases": []}')
    with pytest.raises(UsageError, match="something else than a site"):
        site(school, other)
    with pytest.raises(UsageError, match="outside the home"):
        site(school, school.home.root / "site")
    with pytest.raises(UsageError, match="lets no release be kept"):
        site(school, tmp_path / "site", Recipient("readers", "XX", "to inform the public"))
    assert (
        sorted(path.name for path in other.iterdir()) == ["releases.json", "thesis.odt"]
        and shared(school) == []
    )


def test_a_home_without_a_release_makes_a_site_that_says_so(tmp_path):
    text = made.site_page([])
    assert "Nothing is published yet." in text and "Rien n’est encore publié." in text
