"""Signed releases: whoever receives one finds each changed, missing or extra file, with the public key alone
(S-SAFE).
"""

import json
import os
import shutil
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from anonymart.cli.verify import shown
from anonymart.contracts import load_contracts
from anonymart.errors import UsageError
from anonymart.keys import Keys
from anonymart.release import recover
from anonymart.release.folder import all_files
from anonymart.release.manifest import read_manifest
from anonymart.release.signature import as_pem, fingerprint, public_key, read_public_key, sign
from anonymart.release.verify import verify
from anonymart.session import Session
from tests import warm
from tests.gate.conftest import ask_straight
from tests.gate.school import School, reseal
from tests.release.test_publish import FIRST, published
from tests.release.test_withdraw import recall

pytestmark = pytest.mark.xdist_group("verify")

OTHER = Keys(*("5" * 64 for _ in range(6)))


@pytest.fixture(scope="module")
def one(sound, tmp_path_factory):
    """A small_school with one release; read it, copy what you change."""
    root = tmp_path_factory.mktemp("one") / "home"
    shutil.copytree(sound.home.root, root, symlinks=True)
    school = School(type(sound.home)(root), sound.keys, sound.policy, sound.contracts)
    with pytest.MonkeyPatch.context() as patch:
        ask_straight(patch)
        published(school)
    return school


@pytest.fixture
def received(one, tmp_path):
    """The folder as a recipient has it, anywhere."""
    return shutil.copytree(one.home.releases / FIRST, tmp_path / "received")


@pytest.fixture
def trusted(one):
    return public_key(one.keys)


def problems(folder, key=None):
    return {(each.file, each.problem) for each in verify(folder, key).problems}


def command(*arguments, home):
    return warm.anonymart(*arguments, env=os.environ | {"ANONYMART_HOME": str(home)})


def test_a_release_as_it_was_published(received, trusted):
    found = verify(received, trusted)
    assert (found.status, found.release_id, found.is_trusted, found.fingerprint) == (
        "authentic",
        FIRST,
        True,
        fingerprint(trusted),
    )
    assert found.n_files == len(read_manifest(received)["files"]) == len(all_files(received)) - 2
    assert (verify(received).status, verify(received).is_trusted) == ("unproved", False)


def test_one_bit_of_any_file_is_found_and_named(received, trusted):
    """Every file in turn; of the manifest and its signature in many places."""
    n_files = 0
    for name in all_files(received):
        path = received / name
        whole = path.read_bytes()
        is_signed = name.startswith("manifest.")
        places = (
            range(0, len(whole), 199 if name == "manifest.json" else 7)
            if is_signed
            else (0, len(whole) // 2, len(whole) - 1)
        )
        for place in places:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            found = verify(received, trusted)
            assert found.status == "changed" and not found.is_trusted
            assert name in {each.file for each in found.problems}, (name, place)
            assert is_signed or found.problems == [type(found.problems[0])(name, "changed")]
            if is_signed:
                assert verify(received).status == "changed", (name, place)
        path.write_bytes(whole)
        n_files += 1
    # Each mart and table of names in three forms, and twelve files beside them.
    assert n_files == 3 * (len(load_contracts()) + 8) + 12
    assert verify(received, trusted).status == "authentic"


def test_a_missing_an_extra_and_a_linked_file(received, trusted, tmp_path):
    (received / "gate.json").unlink()
    (received / "parquet" / "notes.txt").write_text("x")
    moved = (received / "datapackage.json").rename(tmp_path / "datapackage.json")
    (received / "datapackage.json").symlink_to(moved)
    assert problems(received, trusted) == {
        ("gate.json", "missing"),
        ("parquet/notes.txt", "extra"),
        ("datapackage.json", "changed"),
    }
    for name in ("manifest.json", "manifest.sig"):
        kept = (received / name).read_bytes()
        (received / name).unlink()
        assert (name, "missing") in problems(received, trusted)
        assert (name, "missing") in problems(received)
        (received / name).write_bytes(kept)


def test_who_seals_a_changed_release_with_a_key_of_theirs(received, trusted):
    """Checksums and signature fit, and only the trusted key tells."""
    (received / "gate.json").write_text("{}")
    reseal(received)
    assert problems(received) == {("manifest.json", "changed"), ("manifest.sig", "changed")}
    sign(received / "manifest.json", received / "manifest.sig", OTHER)
    assert problems(received, trusted) == {("manifest.sig", "of another key")}
    assert verify(received).status == "unproved"


def test_a_manifest_may_not_lead_out_of_the_folder(received, trusted, tmp_path):
    (tmp_path / "outside").write_text("x")
    manifest = read_manifest(received)
    manifest["files"]["../outside"] = {"bytes": 1, "sha256": "0" * 64}
    (received / "manifest.json").write_text(json.dumps(manifest))
    assert ("../outside", "missing") in problems(received, trusted)
    for content in ("", "[]", "{}", '{"files": []}', "[" * 10**6):
        (received / "manifest.json").write_text(content)
        assert ("manifest.json", "changed") in problems(received, trusted)


def test_a_recall_is_told_and_signed(one, trusted, tmp_path):
    shutil.copytree(one.home.root, tmp_path / "home", symlinks=True)
    school = School(type(one.home)(tmp_path / "home"), one.keys, one.policy, one.contracts)
    assert recall(school, FIRST).is_done
    folder = school.home.releases / FIRST
    found = verify(folder, trusted)
    assert (found.status, found.problems) == ("withdrawn", [])
    assert found.withdrawn["why"] == "completions of two courses were counted twice"
    text = (folder / "WITHDRAWN.json").read_text()
    (folder / "WITHDRAWN.json").write_text(text.replace("two courses", "six courses"))
    assert problems(folder, trusted) == {("WITHDRAWN.json", "changed"), ("WITHDRAWN.sig", "changed")}
    sign(folder / "WITHDRAWN.json", folder / "WITHDRAWN.sig", OTHER)
    assert problems(folder, trusted) == problems(folder) == {("WITHDRAWN.sig", "of another key")}
    (folder / "WITHDRAWN.sig").unlink()
    assert problems(folder, trusted) == {("WITHDRAWN.sig", "missing")}
    (folder / "WITHDRAWN.json").write_text(text.replace(FIRST, "2026-06-30.9"))
    sign(folder / "WITHDRAWN.json", folder / "WITHDRAWN.sig", one.keys)
    assert problems(folder, trusted) == {("WITHDRAWN.json", "of another release")}
    # The next run of the school puts it right.
    assert recover(Session(school.home, school.keys)) == [f"marked {FIRST} as withdrawn"]
    assert verify(folder, trusted).status == "withdrawn"


def test_the_key_is_a_key_of_its_own_and_openssl_agrees(one, received, trusted, tmp_path):
    raw = bytes.fromhex(one.keys.signing)
    assert Ed25519PrivateKey.from_private_bytes(raw).public_key() != trusted
    assert one.keys.signing not in (received / "manifest.sig").read_text()
    if not shutil.which("openssl"):
        return
    pem, signature = tmp_path / "school.pem", tmp_path / "signature"
    pem.write_text(as_pem(trusted))
    signature.write_bytes(bytes.fromhex((received / "manifest.sig").read_text().splitlines()[-1]))
    arguments = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        pem,
        "-rawin",
        "-in",
        received / "manifest.json",
        "-sigfile",
        signature,
    ]
    assert subprocess.run(arguments, capture_output=True, check=False).returncode == 0
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", pem, "-outform", "DER"], capture_output=True, check=True
    ).stdout
    import hashlib

    assert fingerprint(trusted) == f"SHA256:{hashlib.sha256(der).hexdigest()}"


def test_what_is_no_release_or_no_key(received, tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        verify(tmp_path / "nothing")
    with pytest.raises(UsageError, match="neither"):
        verify(tmp_path)
    for content in (b"", b"\xff\x00", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        (tmp_path / "key.pem").write_bytes(content)
        with pytest.raises(UsageError, match="no Ed25519 public key"):
            read_public_key(tmp_path / "key.pem")
    with pytest.raises(UsageError, match="cannot be read"):
        read_public_key(tmp_path / "absent.pem")


def test_the_command_needs_no_home(one, received, tmp_path):
    printed = command("keys", "public", home=one.home.root)
    assert printed.stderr.startswith("Fingerprint SHA256:")
    (tmp_path / "school.pem").write_text(printed.stdout)
    assert isinstance(read_public_key(tmp_path / "school.pem"), Ed25519PublicKey)
    nowhere = tmp_path / "nowhere"
    whole = command("verify", received, "--public-key", tmp_path / "school.pem", "--json", home=nowhere)
    assert (whole.returncode, json.loads(whole.stdout)["status"]) == (0, "authentic")
    alone = command("verify", received, home=nowhere)
    assert alone.returncode == 0 and "accidents, not forgery" in alone.stdout
    (received / "datapackage.json").write_text("{}")
    changed = command("verify", received, home=nowhere)
    assert changed.returncode == 3 and "datapackage.json: changed" in changed.stdout
    wrong = command("verify", tmp_path / "absent", home=nowhere)
    assert wrong.returncode == 2
    assert not nowhere.exists()


def test_a_name_that_could_steer_a_terminal_is_written_out():
    assert shown("parquet/x.parquet") == "parquet/x.parquet"
    assert "\x1b" not in shown("a\x1b[2J") and "\n" not in shown("a\nb")
