"""Rows of people whom the register does not know wait in the vault, whatever they are told by, and come in
when it names them.
"""

from datetime import timedelta

from anonymart.erasure import removal
from anonymart.keys import Keys
from anonymart.rights import machine
from anonymart.rights.submit import Asked, submit
from anonymart.session import Session
from tests.ingest.conftest import AS_OF, SmallSchool, statement

HOME = "https://campus.example"
REGISTER = "learner_id,account_home_page,account_name,email,birth_date\n"
ROW = f"L1,{HOME},account-0001,one@example.org,{{born}}\n"
WAITING = (
    "SELECT (SELECT count(*) FROM vault.raw.learning WHERE admitted_no IS NULL), (SELECT count(*) FROM "
    "vault.raw.enrolments WHERE admitted_no IS NULL), (SELECT count(*) FROM vault.register.connections "
    "WHERE admitted_no IS NULL)"
)


def deliver_all(small_school: SmallSchool) -> None:
    small_school.deliver(
        "learning",
        "a.ndjson",
        [
            statement(1),
            statement(2, actor={"mbox": "mailto:one@example.org"}, timestamp="2025-05-01T10:00:00Z"),
            statement(3, actor={"openid": "https://openid.example/someone"}),
        ],
    )
    small_school.deliver(
        "enrolments", "e.csv", "learner_id,path_id,started_on\nL1,p1,2025-01-01\nL7,p1,2025-01-01\n"
    )
    small_school.deliver(
        "connections", "c.csv", "learner_id,connected_at\nL1,2025-06-01T10:00:00Z\nL7,2025-06-01T10:00:00Z\n"
    )


def test_they_wait_are_counted_and_come_in_when_the_register_names_them(small_school):
    deliver_all(small_school)
    found = small_school.ingest()
    assert [(each.loaded, each.waiting) for each in found.values()] == [(2, 2), (3, 3), (2, 2)]
    assert small_school.ask(WAITING) == [(3, 2, 2)]
    assert small_school.ask("FROM vault.register.last_use") == []
    # Delivered again, what waits is known.
    small_school.deliver("learning", "again.ndjson", [statement(1)])
    assert small_school.ingest()["learning/again.ndjson"].duplicate == 1

    small_school.deliver("learners", "l.csv", REGISTER + ROW.format(born="1990-01-01"))
    small_school.ingest()
    assert small_school.ask(WAITING) == [(1, 1, 1)]
    newest = small_school.ask("SELECT max(load_no) FROM vault.ledger.loads")[0][0]
    assert small_school.ask(
        "SELECT count(*), min(admitted_no), max(load_no) < min(admitted_no) FROM vault.raw.learning "
        "WHERE admitted_no IS NOT NULL"
    ) == [(2, newest, True)]
    uses = small_school.ask(
        "SELECT identifier, last_use_at::DATE::VARCHAR FROM vault.register.last_use ORDER BY 2"
    )
    assert [day for _, day in uses] == ["2025-03-01", "2025-05-01", "2025-06-01"]
    assert set(
        small_school.ask(
            "SELECT disposition, reason, n_rows FROM vault.ledger.reasons WHERE disposition = 'admitted'"
        )
    ) == {
        ("admitted", "learning that waited for the register", 2),
        ("admitted", "enrolments that waited for the register", 1),
        ("admitted", "connections that waited for the register", 1),
    }


def test_a_claim_of_an_answer_admits_and_a_learner_id_alone_does_not(small_school):
    small_school.deliver("learners", "l.csv", "learner_id\nL1\n")
    small_school.deliver("learning", "a.ndjson", [statement(2, actor={"mbox": "mailto:one@example.org"})])
    small_school.deliver("learning", "b.ndjson", [statement(3, actor={"mbox": "mailto:seven@example.org"})])
    small_school.ingest()
    small_school.deliver(
        "nps",
        "n.csv",
        (
            "learner_id,email,answered_at,score\nL1,one@example.org,2025-03-01,9\nL7,seven@example.org,"
            "2025-03-01,9\n"
        ),
    )
    small_school.ingest()
    assert small_school.ask("SELECT actor, admitted_no IS NULL FROM vault.raw.learning ORDER BY 1") == [
        ("email:one@example.org", False),
        ("email:seven@example.org", True),
    ]


def test_minors_and_the_erased_do_not_come_in_by_waiting(small_school):
    small_school.deliver(
        "learning", "a.ndjson", [statement(1), statement(2, timestamp="2025-03-02T10:00:00Z")]
    )
    small_school.ingest()
    small_school.deliver("learners", "l.csv", REGISTER + ROW.format(born="2010-03-02"))
    small_school.ingest()
    assert small_school.ask("SELECT occurred_at::DATE::VARCHAR FROM vault.raw.learning") == [("2025-03-02",)]
    assert ("refused", "younger than the minimum age (R-MINOR)", 1) in small_school.ask(
        "SELECT disposition, reason, n_rows FROM vault.ledger.reasons"
    )
    assert small_school.ask("SELECT first_use_at::DATE::VARCHAR FROM vault.register.last_use") == [
        ("2025-03-02",)
    ]


def test_who_only_waits_can_be_erased(small_school):
    small_school.deliver("learning", "a.ndjson", [statement(2, actor={"mbox": "mailto:one@example.org"})])
    small_school.ingest()
    submit(
        Session(small_school.home, small_school.keys, small_school.policy, AS_OF),
        Asked("erase", AS_OF, email="one@example.org", is_verified=True),
    )
    machine.advance_all(Session(small_school.home, small_school.keys, small_school.policy, AS_OF))
    assert small_school.ask("SELECT count(*) FROM vault.raw.learning") == [(0,)]
    assert "one@example.org" not in small_school.everything()
    small_school.deliver("learning", "again.ndjson", [statement(2, actor={"mbox": "mailto:one@example.org"})])
    assert small_school.ingest()["learning/again.ndjson"].refused == 1


def test_after_its_term_what_waits_goes_and_is_counted(small_school):
    deliver_all(small_school)
    small_school.deliver("nps", "n.csv", "email,answered_at,score\none@example.org,2026-03-01,9\n")
    small_school.ingest()
    kept = small_school.policy.figure("raw", "keep_days")
    last, over = AS_OF + timedelta(days=kept), AS_OF + timedelta(days=kept + 1)
    assert (
        removal.plan_terms(
            Session(small_school.home, small_school.keys, small_school.policy, last)
        ).never_known
        == {}
    )
    done = removal.enforce_terms(Session(small_school.home, small_school.keys, small_school.policy, over))
    assert done.never_known == {"learning": 3, "enrolments": 2, "connections": 2}
    assert small_school.ask(WAITING) == [(0, 0, 0)]
    assert small_school.ask("SELECT sum(n_rows) FROM vault.ledger.reasons WHERE disposition = 'expired'") == [
        (7,)
    ]
    # Who answered a survey is known by that answer alone.
    assert small_school.ask("SELECT identifier FROM vault.register.identities") == [
        ("email:one@example.org",)
    ]
    # Delivered once more, when the register knows them, they are new.
    small_school.deliver("learners", "l.csv", REGISTER + ROW.format(born="1990-01-01"))
    deliver_all(small_school)
    again = small_school.ingest(over)
    assert (again["learning/a.ndjson"].loaded, again["learning/a.ndjson"].waiting) == (3, 1)


def test_counts_are_told_by_home_pages_that_the_school_named_and_by_nothing_else(small_school):
    small_school.deliver(
        "learners", "l.csv", REGISTER + "L1,http://lms.example:8443/moodle/,u0,,2020-01-01\n"
    )
    actors = [
        *({"account": {"homePage": "https://LMS.example:8443/moodle", "name": f"u{n}"}} for n in range(3)),
        {"account": {"homePage": "https://jeanne.secret.example", "name": "x"}},
        {"mbox": "mailto:secret@example.org"},
        {"openid": "https://lms.example/secret"},
    ]
    small_school.deliver(
        "learning",
        "a.ndjson",
        [statement(n, actor=actor) for n, actor in enumerate(actors)] + [statement(99, actor=actors[0])],
    )
    from anonymart.ingest import ingest

    told = ingest(Session(small_school.home, small_school.keys, small_school.policy, AS_OF)).waiting.as_dict()
    assert told == {
        "statements": 7,
        "actors": 6,
        "enrolments": 0,
        "connections": 0,
        "home_pages": [
            {"home_page": "https://lms.example:8443", "statements": 4, "actors": 3},
            {"home_page": "other", "statements": 3, "actors": 3},
        ],
    }


SPELLINGS = (
    "https://campus.example/",
    "HTTPS://Campus.Example",
    "https://campus.example:443/",
    "https://campus.example/%2e/",
    "https://campus.example//",
    "https://campus.example/./x/..",
    " https://campus.example ",
)


def test_a_home_page_is_one_in_any_spelling(small_school):
    pages = [*((HOME, page) for page in SPELLINGS), *((page, HOME) for page in SPELLINGS)]
    small_school.deliver(
        "learners",
        "l.ndjson",
        [
            {"learner_id": f"L{n}", "account_home_page": page, "account_name": f"a{n}"}
            for n, (page, _) in enumerate(pages)
        ],
    )
    small_school.deliver(
        "learning",
        "a.ndjson",
        [
            statement(n, actor={"account": {"homePage": page, "name": f"a{n}"}})
            for n, (_, page) in enumerate(pages)
        ],
    )
    small_school.ingest()
    assert set(small_school.ask("SELECT actor, admitted_no IS NULL FROM vault.raw.learning")) == {
        (f"account:{HOME}|a{n}", False) for n in range(len(pages))
    }
    assert small_school.ask("SELECT DISTINCT account_home_page FROM vault.register.learners") == [(HOME,)]


def test_both_accounts_of_a_learner_stay_until_another_learner_has_one(small_school):
    rows = "learner_id,account_home_page,account_name\n"
    small_school.deliver("learners", "a.csv", rows + "L1,https://moodle.example,1\n")
    small_school.deliver(
        "learners", "b.csv", rows + "L1,https://edx.example,one\nL1,https://other.example,two\n"
    )
    small_school.ingest()
    owners = "SELECT identifier, anchor FROM vault.register.identities WHERE kind = 'account' ORDER BY 1"
    assert small_school.ask(owners) == [
        (f"account:https://{page}", "learner:L1")
        for page in ("edx.example|one", "moodle.example|1", "other.example|two")
    ]
    small_school.deliver("learners", "c.csv", rows + "L2,https://moodle.example/,1\n")
    small_school.deliver("learners", "d.csv", rows + "L3,https://other.example,two\n")
    small_school.ingest()
    # What the present row of L1 names is contested and nobody's.
    assert small_school.ask(owners) == [
        ("account:https://edx.example|one", "learner:L1"),
        ("account:https://moodle.example|1", "learner:L2"),
        ("account:https://other.example|two", None),
    ]


ROLES = {
    "instructor": "staff",
    "Formateur": "staff",
    "Personnel enseignant": "staff",
    "editingteacher": "staff",
    "ADMIN": "staff",
    "course_staff": "staff",
    "test": "test",
    "Compte démo": "test",
    "bot": "test",
    "Étudiante": "learner",
    "student": "learner",
    "étudiant / tuteur": "staff",
    "Élève": "learner",
}


def test_the_words_for_roles(small_school):
    small_school.deliver(
        "learners", "l.ndjson", [{"learner_id": word, "role": word} for word in (*ROLES, "astronaut")]
    )
    found = small_school.ingest()["learners/l.ndjson"]
    assert dict(small_school.ask("SELECT learner_id, role FROM vault.register.learners")) == ROLES
    assert found.reasons == {"role is not a role of learner, staff or test": 1}


def test_a_register_without_roles_leaves_them(small_school):
    small_school.deliver("learners", "a.csv", "learner_id,is_staff,is_test\nL1,yes,\nL2,,true\nL3,no,false\n")
    small_school.ingest()
    small_school.deliver("learners", "b.csv", "learner_id,given_name\nL1,x\nL2,x\nL3,x\n")
    small_school.ingest()
    assert small_school.ask("SELECT learner_id, role FROM vault.register.learners ORDER BY 1") == [
        ("L1", "staff"),
        ("L2", "test"),
        ("L3", None),
    ]


def test_the_erased_stay_out_under_the_spelling_of_before(small_school):
    """Tombstones of earlier versions hold the address as it was delivered then."""
    from anonymart import engine
    from anonymart.erasure import tombstones
    from anonymart.ingest import identities

    with engine.connect(small_school.home, small_school.keys, vault="rw") as connection:
        identities.install(connection, small_school.keys)
        tombstones.attach(connection, Session(small_school.home, small_school.keys))
        for name in ("https://Campus.example|a1", "https://campus.example/|a2", "https://campus.example|a3"):
            connection.execute(
                f"INSERT INTO tombstones.erased SELECT identifier_hash('account:{name}'), TIMESTAMP "
                f"'2026-01-01', 'own', true, true"
            )
    small_school.deliver(
        "learning",
        "a.ndjson",
        [
            statement(n, actor={"account": {"homePage": page, "name": f"a{n}"}})
            for n, page in enumerate(
                (
                    "https://Campus.example",
                    "https://campus.example",
                    "https://campus.example/",
                    "https://campus.example",
                ),
                1,
            )
        ],
    )
    found = small_school.ingest()["learning/a.ndjson"]
    assert (found.loaded, found.refused) == (1, 3)


ORDERS = ((0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1), (1, 3, 0, 2))


def test_the_vault_ends_the_same_in_any_order_of_delivery(tmp_path):
    seen, keys = [], None
    for number, order in enumerate(ORDERS):
        small_school = SmallSchool(tmp_path / str(number))
        keys = keys or small_school.home.keys_file.read_bytes()
        small_school.home.keys_file.write_bytes(keys)
        small_school.keys = Keys.load(small_school.home)
        seen.append(_delivered(small_school, order))
    assert all(found == seen[0] for found in seen)
    assert seen[0][0] and seen[0][1]


def _delivered(small_school: SmallSchool, order: tuple[int, ...]) -> tuple[list[tuple], list[tuple]]:
    parts = (
        (
            "learners",
            "l.csv",
            REGISTER + ROW.format(born="2009-03-01") + "L2,https://campus.example/,account-0002,,\n",
        ),
        (
            "learning",
            "a.ndjson",
            [
                statement(1),
                statement(2, timestamp="2020-05-01T10:00:00Z"),
                statement(4, actor={"account": {"homePage": HOME, "name": "account-0002"}}),
                statement(5, actor={"mbox": "mailto:nobody@example.org"}),
            ],
        ),
        (
            "learning",
            "b.ndjson",
            [statement(3, actor={"mbox": "mailto:one@example.org"}, timestamp="2026-05-01T10:00:00Z")],
        ),
        (
            "connections",
            "c.csv",
            (
                "learner_id,connected_at\nL1,2025-06-01T10:00:00Z\nL2,2019-01-01T10:00:00Z\nL9,"
                "2019-01-01T10:00:00Z\n"
            ),
        ),
    )
    for part in order:
        small_school.deliver(*parts[part])
        small_school.ingest()
    rows = small_school.ask(
        "SELECT statement_id::VARCHAR, actor, admitted_no IS NULL FROM vault.raw.learning ORDER BY ALL"
    )
    return rows, small_school.ask("SELECT * FROM vault.register.last_use ORDER BY ALL")
