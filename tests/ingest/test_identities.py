"""One person under many identifiers, in any order of delivery."""

import hashlib
import hmac
import itertools

from tests.ingest.conftest import SmallSchool, statement

LEARNERS = (
    "learner_id,email,account_home_page,account_name\n"
    "L0000001,Jean.Dupont@Example.org,https://campus.example,account-0001\n"
    "L0000002,shared@example.org,https://campus.example,account-0002\n"
    "L0000003,shared@example.org,https://campus.example,account-0003\n"
)
SHA1 = hashlib.sha1(b"mailto:jean.dupont@example.org").hexdigest()


def deliveries():
    return [
        ("learners", "l.csv", LEARNERS),
        ("learning", "account.ndjson", [statement(1)]),
        ("learning", "mbox.ndjson", [statement(2, actor={"mbox": "mailto:JEAN.DUPONT@example.org"})]),
        ("learning", "sha1.ndjson", [statement(3, actor={"mbox_sha1sum": SHA1.upper()})]),
        (
            "nps",
            "n.csv",
            (
                "email,answered_at,score\njeandupont@example.org,2025-01-01,9\nshared@example.org,"
                "2025-01-01,3\nnobody@example.org,2025-01-01,5\n"
            ),
        ),
    ]


def owners(small_school) -> dict:
    return dict(small_school.ask("SELECT identifier, person_id FROM vault.register.identities"))


def test_every_identifier_finds_its_person_whatever_the_order(tmp_path):
    seen = []
    keys = None
    for number, order in enumerate(itertools.permutations(deliveries(), 5)):
        if number % 23:
            continue
        small_school = SmallSchool(tmp_path / str(number))
        if keys is None:
            keys = small_school.home.keys_file.read_bytes()
        else:
            small_school.home.keys_file.write_bytes(keys)
            from anonymart.keys import Keys

            small_school.keys = Keys.load(small_school.home)
        for delivery in order:
            small_school.deliver(*delivery)
            small_school.ingest()
        seen.append(owners(small_school))
        expected = hmac.new(bytes.fromhex(small_school.keys.person), b"L0000001", hashlib.sha256).hexdigest()
        found = seen[-1]
        for identifier in (
            "learner:L0000001",
            "account:https://campus.example|account-0001",
            "email:jean.dupont@example.org",
            "email:jeandupont@example.org",
            f"sha1:{SHA1}",
        ):
            assert found[identifier] == expected, identifier
        assert found["email:shared@example.org"] is None, "an address of two learners belongs to nobody"
        assert found["email:nobody@example.org"] is None, "a survey answer makes no person"
        assert found["learner:L0000002"] != found["learner:L0000003"]
    assert all(found == seen[0] for found in seen)


def test_without_a_learner_the_smallest_identifier_is_the_person(small_school):
    small_school.deliver(
        "learning",
        "a.ndjson",
        [
            statement(2, actor={"mbox": "mailto:jean.dupont@example.org"}),
            statement(3, actor={"mbox_sha1sum": SHA1}),
            statement(4, actor={"mbox": "mailto:jeandupont@example.org"}),
        ],
    )
    small_school.ingest()
    expected = hmac.new(
        bytes.fromhex(small_school.keys.person), b"email:jean.dupont@example.org", hashlib.sha256
    ).hexdigest()
    assert set(owners(small_school).values()) == {expected}


def test_minors_are_refused_at_the_time_of_the_event(small_school):
    small_school.deliver(
        "learners",
        "l.csv",
        (
            "learner_id,account_home_page,account_name,birth_date,registered_at\n"
            "L0000001,https://campus.example,account-0001,2010-03-01,2024-01-01\n"
            "L0000009,https://campus.example,account-0009,2015-01-01,2026-01-01\n"
        ),
    )
    child = {"account": {"homePage": "https://campus.example", "name": "account-0009"}}
    small_school.deliver(
        "learning",
        "a.ndjson",
        [
            statement(1, timestamp="2025-02-28T23:59:59Z"),
            statement(2, timestamp="2025-03-01T00:00:00Z"),
            statement(3, actor=child),
        ],
    )
    found = small_school.ingest()
    assert (found["learners/l.csv"].loaded, found["learners/l.csv"].refused) == (1, 1)
    assert (found["learning/a.ndjson"].loaded, found["learning/a.ndjson"].refused) == (1, 2)
    assert "account-0009" not in small_school.everything()


def test_a_comment_is_stored_only_while_consent_stands(small_school):
    small_school.deliver(
        "learners",
        "l.csv",
        "learner_id,email\nL0000001,a@example.org\nL0000002,b@example.org\nL0000003,c@example.org\n",
    )
    small_school.deliver(
        "consents",
        "c.csv",
        (
            "learner_id,purpose,status,at\nL0000001,P-SURVEY,granted,2025-01-01\n"
            "L0000002,P-SURVEY,granted,2025-01-01\nL0000002,P-SURVEY,withdrawn,2025-02-01\n"
        ),
    )
    small_school.deliver(
        "nps",
        "n.csv",
        (
            "email,answered_at,score,comment\na@example.org,2025-03-01,9,kept\nb@example.org,2025-03-01,9,"
            "gone\nc@example.org,2025-03-01,9,never\n"
        ),
    )
    small_school.ingest()
    assert small_school.ask("SELECT comment FROM vault.answers.nps ORDER BY identifier") == [
        ("kept",),
        (None,),
        (None,),
    ]
