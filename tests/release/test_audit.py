"""The audit log: every act once, whatever moment it is killed at; and a changed, missing or cut-off entry is
found (S-SAFE, S-SHARE).
"""

import json
import os
import shutil
import signal

import pytest
import yaml

from anonymart import audit
from anonymart.errors import AnonymartError, GateRefused, UsageError
from anonymart.policy import load_policy
from anonymart.release import Recipient, recover, reword, share
from anonymart.release.share import safeguard_of
from anonymart.session import Session
from tests import warm
from tests.gate.conftest import ask_straight, attack_nothing, hold_no_drill
from tests.gate.school import AS_OF, NEXT_MONTH, School, engagement
from tests.release.test_publish import FIRST, KILLED, gated, published
from tests.release.test_verify import command
from tests.release.test_withdraw import AUGUST, WHY, recall

pytestmark = [
    pytest.mark.long,
    pytest.mark.usefixtures("without_great_expectations", "without_drill", "without_attack"),
]
SECOND = "2026-07-30.1"
# What the log of the fixture holds: the reviewer's yes to the first release, and the release.
BEFORE = [("approved", FIRST), ("published", FIRST)]


@pytest.fixture(scope="module")
def two(sound, tmp_path_factory):
    """One release, and the candidate of a second one that the gate has passed."""
    root = tmp_path_factory.mktemp("two") / "home"
    shutil.copytree(sound.home.root, root, symlinks=True)
    school = School(type(sound.home)(root), sound.keys, sound.policy, sound.contracts)
    with pytest.MonkeyPatch.context() as patch:
        for left_out in (ask_straight, hold_no_drill, attack_nothing):
            left_out(patch)
        published(school)
        school.build([engagement(month=NEXT_MONTH.replace(month=5, day=1))], NEXT_MONTH)
        gated(school, NEXT_MONTH)
    return school


@pytest.fixture
def school(two, tmp_path):
    shutil.copytree(two.home.root, tmp_path / "home", symlinks=True)
    return School(type(two.home)(tmp_path / "home"), two.keys, two.policy, two.contracts)


def acts(school):
    return [(entry["act"], entry.get("release_id")) for entry in audit.entries(school.home)]


def shared(
    school,
    to="the regional education authority",
    country="FR",
    why="to plan next year's courses",
    folder=None,
):
    return share(
        Session(school.home, school.keys, school.policy, AS_OF),
        folder or school.home.current,
        Recipient(to, country, why),
        "data-team",
    )


def publish_killed(school, point):
    process = warm.python(
        KILLED, school.home.root, f".candidate-{SECOND}", env=os.environ | {"ANONYMART_CRASH_AT": point}
    )
    assert process.returncode == -signal.SIGKILL, point


def test_what_an_entry_tells(school):
    approved, entry = audit.entries(school.home)
    assert (approved["act"], approved["actor"], approved["release_id"], approved["via"]) == (
        "approved",
        "reviewer",
        FIRST,
        "command line",
    )
    assert entry["act"] == "published" and entry["release_id"] == FIRST and entry["as_of"] == "2026-06-30"
    assert entry["actor"] == entry["os_user"] == audit.os_user()
    assert len(entry["manifest_sha256"]) == 64
    assert audit.verify(Session(school.home, school.keys)) == audit.Verdict(True, len(BEFORE))


@pytest.mark.parametrize(
    ("point", "is_told"),
    [
        ("publish.before_commit", False),
        ("publish.after_commit", True),
        ("audit.before_append", True),
        ("audit.after_append", True),
    ],
)
def test_a_kill_neither_loses_nor_doubles_an_entry(school, point, is_told):
    publish_killed(school, point)
    recover(Session(school.home, school.keys))
    expected = [*BEFORE, *([("published", SECOND)] if is_told else [])]
    assert acts(school) == expected
    assert recover(Session(school.home, school.keys)) == []
    assert acts(school) == expected and audit.verify(Session(school.home, school.keys)).passed
    # And the chain goes on.
    audit.record(Session(school.home, school.keys, given_day=AS_OF), "built")
    assert (
        acts(school) == [*expected, ("built", None)]
        and audit.verify(Session(school.home, school.keys)).passed
    )


def test_a_torn_line_is_written_again(school):
    publish_killed(school, "audit.after_append")
    content = school.home.audit.read_bytes()
    school.home.audit.write_bytes(content[:-20])
    assert audit.verify(Session(school.home, school.keys)) == audit.Verdict(True, len(BEFORE) + 1)
    assert school.home.audit.read_bytes() == content


def test_a_recall_and_another_reason_are_told(school):
    recall(school, FIRST)
    reword(
        Session(school.home, school.keys, given_day=AUGUST),
        FIRST,
        "figures of two courses were counted twice",
        "reviewer",
    )
    withdrew, reworded = audit.entries(school.home)[len(BEFORE) :]
    assert (withdrew["act"], withdrew["recalled"], withdrew["why"]) == ("withdrew", [FIRST], WHY)
    assert (reworded["act"], reworded["actor"], reworded["os_user"]) == (
        "reworded",
        "reviewer",
        audit.os_user(),
    )


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda lines: [lines[0].replace(b"2026-06-30.1", b"2026-06-30.2"), *lines[1:]],
         "entry 1 was changed"),
        (lambda lines: lines[1:], "entry 1 is missing"),
        (lambda lines: [lines[0], *lines[2:]], "entry 2 is missing"),
        (lambda lines: lines[:-1], "entry 4 is missing"),
        (lambda lines: [], "entry 1 is missing"),
        (lambda lines: [*lines, b'{"entry_no": 5}'], "the last line is torn"),
        (lambda lines: [*lines, b'{"entry_no": 5}\n'], "entry 5 does not follow the one before"),
        (lambda lines: [b"[]\n", *lines[1:]], "entry 1 is missing"),
    ],
)  # fmt: skip
def test_harm_to_the_file_is_found_and_stops_what_would_follow(school, harm, problem):
    for act in ("built", "refused"):
        audit.record(Session(school.home, school.keys, given_day=AS_OF), act)
    school.home.audit.write_bytes(b"".join(harm(school.home.audit.read_bytes().splitlines(keepends=True))))
    verdict = audit.verify(Session(school.home, school.keys))
    assert (verdict.passed, verdict.problem) == (False, problem)
    listed = command("audit", home=school.home.root)
    assert listed.returncode == 1 and problem in listed.stdout
    if "torn" not in problem:
        with pytest.raises(AnonymartError, match="does not hold"):
            audit.record(Session(school.home, school.keys, given_day=AS_OF), "built")


def test_a_chain_made_anew_from_an_older_one_is_found(school):
    """Whoever has a copy of the file from before may not put it back and go on."""
    before = school.home.audit.read_bytes()
    audit.record(Session(school.home, school.keys, given_day=AS_OF), "refused")
    school.home.audit.write_bytes(before)
    assert audit.verify(Session(school.home, school.keys)).problem == "entry 3 is missing"


def test_a_restored_vault_goes_on_after_the_newer_log(school):
    vault = school.home.vault.read_bytes()
    audit.record(Session(school.home, school.keys, given_day=AS_OF), "refused")
    school.home.vault.write_bytes(vault)
    assert "older copy" in audit.verify(Session(school.home, school.keys)).problem
    audit.record(Session(school.home, school.keys, given_day=AS_OF), "built")
    assert (
        acts(school)[len(BEFORE) :] == [("refused", None), ("built", None)]
        and audit.verify(Session(school.home, school.keys)).passed
    )


@pytest.mark.parametrize(
    "name",
    [
        "Anne Martin",
        "annemartin77",
        "anne.martin@example.org",
        "06 12 34 56 78",
        "x" * 65,
        "a\nb",
        "learner-000001",
    ],
)
def test_who_acts_is_no_learner(school, monkeypatch, name):
    monkeypatch.setenv("ANONYMART_ACTOR", name)
    with pytest.raises(UsageError, match="role or a login") as raised:
        audit.record(Session(school.home, school.keys, given_day=AS_OF), "built")
    assert name not in str(raised.value)
    assert acts(school) == BEFORE


def test_who_acts_is_said_or_known(school, monkeypatch):
    monkeypatch.setenv("ANONYMART_ACTOR", "scheduler")
    audit.record(Session(school.home, school.keys, given_day=AS_OF), "built")
    audit.record(Session(school.home, school.keys, given_day=AS_OF), "built", "data-team")
    assert [entry["actor"] for entry in audit.entries(school.home)[len(BEFORE) :]] == [
        "scheduler",
        "data-team",
    ]


def test_a_release_is_shared_within_the_law(school):
    made = shared(school)
    assert (made.release_id, made.safeguard) == (FIRST, "none needed")
    assert shared(school, country="CH").safeguard == "adequacy_decision"
    entry = audit.entries(school.home)[len(BEFORE)]
    assert {name: entry[name] for name in ("act", "to", "country", "why", "actor", "release_id")} == {
        "act": "shared",
        "to": "the regional education authority",
        "country": "FR",
        "why": "to plan next year's courses",
        "actor": "data-team",
        "release_id": FIRST,
    }
    copied = shutil.copytree(school.home.current, school.home.root.parent / "copy")
    assert shared(school, folder=copied).release_id == FIRST


def test_what_is_not_shared(school):
    for country in ("US", "fr", "XX", "FRA", ""):
        with pytest.raises(UsageError, match="S-EU"):
            shared(school, country=country)
    for to, why in (
        ("Anne Martin", "x"),
        ("the ministry", "asked by anne.martin@example.org"),
        (" ", "x"),
        ("the ministry", "x" * 301),
    ):
        with pytest.raises(UsageError, match=r"--(to|why)") as raised:
            shared(school, to=to, why=why)
        assert "Martin" not in str(raised.value)
    with pytest.raises(GateRefused, match=r"manifest\.sig .missing"):
        shared(school, folder=school.home.releases / f".candidate-{SECOND}")
    with pytest.raises(UsageError, match="no folder"):
        shared(school, folder=school.home.root / "nowhere")
    changed = shutil.copytree(school.home.current, school.home.root.parent / "changed")
    (changed / "gate.json").write_text("{}")
    with pytest.raises(GateRefused, match=r"gate\.json .changed"):
        shared(school, folder=changed)
    sound = shutil.copytree(school.home.current, school.home.root.parent / "sound")
    recall(school, FIRST)
    # The copy does not know of its recall; the ledger does.
    for folder in (sound, school.home.releases / FIRST):
        with pytest.raises(GateRefused, match="was recalled"):
            shared(school, folder=folder)
    assert acts(school)[len(BEFORE) :] == [("withdrew", FIRST)]


def test_the_commands(school):
    arguments = (
        "share",
        school.home.current,
        "--to",
        "the ministry",
        "--why",
        "yearly figures",
        "--as",
        "data-team",
        "--as-of",
        "2026-07-01",
    )
    noted = command(*arguments, "--country", "FR", "--json", home=school.home.root)
    assert (noted.returncode, json.loads(noted.stdout)["to"]) == (0, "the ministry"), noted.stderr
    assert command(*arguments, "--country", "US", home=school.home.root).returncode == 2
    told = json.loads(command("audit", "--act", "shared", "--json", home=school.home.root).stdout)
    assert (told["passed"], told["n_entries"], [entry["to"] for entry in told["entries"]]) == (
        True,
        len(BEFORE) + 1,
        ["the ministry"],
    )
    said = command("audit", home=school.home.root).stdout
    assert f"{len(BEFORE) + 1} entries hold." in said and "data-team" in said and "the ministry" in said


def test_countries_of_the_register_are_codes(tmp_path):
    for wrong in (["Norway"], [False], "FR", ["fr"]):
        raw = load_policy().raw | {
            "sharing": {"without_safeguard": wrong, "safeguards": {"adequacy_decision": []}}
        }
        (tmp_path / "policy.yml").write_text(yaml.safe_dump(raw))
        with pytest.raises(UsageError, match="two capital letters"):
            load_policy(tmp_path / "policy.yml")
    assert safeguard_of(load_policy(), "NO") == "none needed"
