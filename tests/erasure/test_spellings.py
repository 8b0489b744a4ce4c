"""R-ERASE: whoever was erased stays out under other spellings, and under a new id of the register; others
stay in.
"""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from anonymart import engine
from anonymart.erasure import spellings
from anonymart.ingest import identities
from tests.erasure.small_school import EMAIL, HOME_PAGE, MARKER, SmallSchool
from tests.ingest.conftest import statement

pytestmark = pytest.mark.xdist_group("spellings")

UPPER = EMAIL.upper()
BEFORE, AFTER = "2026-02-01T10:00:00Z", "2026-07-04T10:00:00Z"
NEW_ID = "the e-mail or account of somebody who was erased, under another learner_id (R-ERASE)"


def sha1(text: str) -> dict:
    return {"mbox_sha1sum": hashlib.sha1(text.encode()).hexdigest()}


def account(page: str = HOME_PAGE, name: str = "acct-anna-4711") -> dict:
    return {"account": {"homePage": page, "name": name}}


def wide(text: str) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)


ADDRESSES = [
    UPPER,
    f"MAILTO:{EMAIL}",
    f"mailto:mailto:{EMAIL}",
    f" mailto:{EMAIL} ",
    f"anna.{MARKER}@EXAMPLE.org",
    f"an.na.{MARKER}@example.org",
    f"anna.{MARKER}+moodle@example.org",
    f"%61nna%2E{MARKER}@example.org",
    f"{EMAIL}?subject=hello",
    wide(f"anna.{MARKER}") + "@example.org",
    f"anna.\u200b{MARKER}@example.org",
    f"anna.{MARKER}@\u00adexample.org",
    f"{EMAIL}.",
]
ACTORS = [
    *({"mbox": address} for address in ADDRESSES),
    {"mbox_sha1sum": sha1(f"mailto:{EMAIL}")["mbox_sha1sum"].upper()},
    sha1(EMAIL),
    sha1(UPPER),
    sha1(f"mailto:{UPPER}"),
    sha1(f"MAILTO:{UPPER}"),
    sha1(f"mailto:Anna.{MARKER}@example.org"),
    sha1(f"mailto:anna.{MARKER}@Example.org"),
    sha1(f"mailto:Anna.{MARKER.capitalize()}@example.org"),
    sha1(f"mailto:anna{MARKER}@example.org"),
    account("HTTPS://Campus.Example"),
    account(f"{HOME_PAGE}/"),
    account(f"{HOME_PAGE}:443/"),
    account("http://campus.example"),
    account("http://campus.example:80/"),
    account("https://www.campus.example"),
    account(f"{HOME_PAGE}/x/.."),
    account(f" {HOME_PAGE}"),
    account("https://c%61mpus.example"),
    account("campus.example"),
    account(name="ACCT-ANNA-4711"),
    account(name=" acct-anna-4711 "),
    account(name="acct%2Danna-4711"),
    account(name=wide("acct-anna-4711")),
    account(name="acct-anna-\u00ad4711"),
    account(f"{HOME_PAGE}//", "Acct-Anna-4711\u00a0"),
    account(name=EMAIL),
    account(name=f"mailto:{UPPER}"),
]
LEARNER_IDS = (
    "l-4711",
    " L-4711 ",
    wide("L-4711"),
    "L\u20114711",
    "L_4711",
    "L 4711",
    "L4711",
    "L-\u200b4711",
    "L-4711.0",
    "L%2D4711",
    "L\u00a04711",
)
STRANGERS = [
    account(name="acct-anna-47110"),
    account("https://campus.example.org"),
    {"mbox": "mailto:hanna@example.org"},
    sha1("mailto:hanna@example.org"),
    {"openid": "https://campus.example/acct-anna-4711"},
    account("https://campus.example/other"),
    {"mbox": f"mailto:{EMAIL}.uk"},
]


EARLIER = [
    ("account:https://campus.example/|ann", account(name="ann")),
    ("account:https://campus.example/|anna", account("HTTP://campus.example:80", "ANNA")),
    ("account:https://Campus.example:443|anne", account("https://Campus.example:443", "anne")),
    ("account:http://campus.example|ANNIE", account("https://campus.example/", "annie")),
    ("openid:https://id.example/anna/", {"openid": "http://ID.example/anna"}),
    ("email:ann@example.org", {"mbox": "mailto:%61nn@example.org"}),
    ("sha1:" + sha1("mailto:anna@example.org")["mbox_sha1sum"], {"mbox": "mailto:anna@example.org"}),
    ("loose:anne@example.org", {"mbox": "mailto:a.nne+x@EXAMPLE.org"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def erased(tmp_path_factory) -> SmallSchool:
    """Anna, Ivan (B-5000) and number 7 were erased. Bert stays, and two living people whose identifiers
    differ from Ivan's by case and dots only.
    """
    small_school = SmallSchool(tmp_path_factory.mktemp("spellings") / "home")
    small_school.deliver_all()
    small_school.deliver("learners", "more.ndjson", [
        {"learner_id": "B-5000", "email": "ivan.twin@example.org", "last_login_at": BEFORE},
        {"learner_id": "b-5000", "last_login_at": BEFORE},
        {"learner_id": "L-5001", "email": "ivantwin@example.org", "last_login_at": BEFORE},
        {"learner_id": "7", "last_login_at": BEFORE},
    ])  # fmt: skip
    small_school.deliver(
        "learning", "odd.ndjson", [statement(950, actor=account(name="ACCT-ANNA-4711"), timestamp=BEFORE)]
    )
    small_school.ingest()
    small_school.erase(
        small_school.request(),
        small_school.request(number=2, learner_id="B-5000"),
        small_school.request(number=3, learner_id="7"),
    )
    return small_school


def load(
    small_school: SmallSchool, source: str, rows: list[dict] | str, name: str, as_of: date = date(2026, 7, 6)
):
    small_school.deliver(source, name, rows)
    [counts] = small_school.ingest(as_of).values()
    assert counts.delivered == counts.loaded + counts.refused + counts.quarantined + counts.duplicate
    return counts


def test_what_stood_in_the_vault_under_another_spelling_went_with_her(erased):
    assert "ACCT-ANNA" not in erased.everything()


def test_statements_under_any_spelling_are_refused(erased):
    rows = [statement(1000 + n, actor=actor, timestamp=BEFORE) for n, actor in enumerate(ACTORS)]
    counts = load(erased, "learning", rows, "spelled.ndjson")
    left = erased.ask(
        "SELECT actor FROM vault.raw.learning WHERE actor NOT LIKE '%bert%' AND load_no = (SELECT "
        "max(load_no) FROM vault.ledger.loads)"
    )
    assert not left and counts.loaded == 0 and counts.refused + counts.quarantined == len(ACTORS)
    assert counts.reasons["erased (R-ERASE)"] == counts.refused > len(ACTORS) - 5


def test_strangers_and_later_statements_are_not_refused(erased):
    rows = [statement(2000 + n, actor=actor, timestamp=BEFORE) for n, actor in enumerate(STRANGERS)]
    rows += [statement(2500 + n, actor=actor, timestamp=AFTER) for n, actor in enumerate(ACTORS)]
    counts = load(erased, "learning", rows, "strangers.ndjson")
    assert counts.refused == 0 and counts.loaded > len(rows) - 5


def test_rows_under_any_spelling_of_the_learner_id_are_refused(erased):
    rows = {
        "learners": {"given_name": "Anna", "registered_at": "2025-01-05T10:00:00Z", "last_login_at": BEFORE},
        "enrolments": {"path_id": "p1", "started_on": "2025-01-10"},
        "consents": {"purpose": "P-STAT", "status": "granted", "at": BEFORE},
        "connections": {"connected_at": BEFORE},
    }
    spelled = [*LEARNER_IDS, "007", "7.0", f"mailto:{EMAIL}", UPPER]
    for source, row in rows.items():
        counts = load(
            erased, source, [{"learner_id": learner_id, **row} for learner_id in spelled], "spelled.ndjson"
        )
        # Spaces around it leave it the same id.
        assert (counts.loaded, counts.refused) == (0, len(spelled)), source


def test_answers_under_any_spelling_of_the_address_are_refused(erased):
    rows = [
        {"response_id": f"z-{n}", "email": email, "path_id": "p1", "answered_at": BEFORE, "score": 3}
        for n, email in enumerate(ADDRESSES)
    ]
    counts = load(erased, "nps", rows, "spelled.ndjson")
    assert counts.loaded == 0 and counts.refused >= len(ADDRESSES) - 1
    counts = load(
        erased,
        "salary",
        [{"learner_id": "L-4712", "email": EMAIL, "answered_at": BEFORE, "employed": True}],
        "hers.ndjson",
    )
    assert counts.refused == 1, "her address in a row of Bert's would be his from then on"


def test_a_new_id_of_the_register_with_her_address_or_account_is_refused_with_all_its_rows(erased):
    her_account = {"account_home_page": "http://Campus.example:80/", "account_name": "acct-anna-4711"}
    old = {"registered_at": "2025-01-05T10:00:00Z", "last_login_at": BEFORE}
    rows = [
        {"learner_id": "N-1", "email": EMAIL, **old},
        {"learner_id": "N-2", "email": f"an.na.{MARKER}@example.org", **old},
        {"learner_id": "N-3", **her_account, **old},
        {"learner_id": "N-4", "email": UPPER},
        {"learner_id": "N-5", "email": f"anna.{MARKER}+x@example.org"},
        {
            "learner_id": "N-6",
            "email": EMAIL,
            "account_home_page": HOME_PAGE,
            "account_name": "acct-new",
            **old,
        },
    ]
    counts = load(erased, "learners", rows, "renumbered.ndjson")
    assert (counts.loaded, counts.reasons) == (0, {NEW_ID: len(rows)})
    enrolled = [
        {"learner_id": row["learner_id"], "path_id": "p1", "started_on": "2025-01-10"} for row in rows
    ]
    assert load(erased, "enrolments", enrolled, "renumbered.ndjson").refused == len(rows)
    assert (
        load(
            erased,
            "learning",
            [statement(3000, actor=account(name="acct-new"), timestamp=BEFORE)],
            "new.ndjson",
        ).refused
        == 1
    )
    assert not erased.ask(
        "SELECT identifier FROM vault.register.identities WHERE identifier LIKE 'learner:N-%' OR "
        "identifier LIKE '%acct-new'"
    )
    # Known people are not erased by an address; the row is refused, and what is known of them stays.
    assert (
        load(erased, "learners", [{"learner_id": "L-4712", "email": EMAIL, **old}], "bert.ndjson").refused
        == 1
    )
    assert erased.ask("SELECT email FROM vault.register.learners WHERE learner_id = 'L-4712'") == [
        ("bert.b@example.org",)
    ]
    assert load(erased, "connections", f"learner_id,connected_at\nL-4712,{BEFORE}\n", "bert.csv").loaded == 1
    # Whoever has the address later is somebody new, and nothing from before is known.
    back = {
        "learner_id": "N-9",
        "email": EMAIL,
        "registered_at": "2025-01-05T10:00:00Z",
        "last_login_at": AFTER,
    }
    assert load(erased, "learners", [back], "back.ndjson").loaded == 1
    assert erased.ask("SELECT registered_at FROM vault.register.learners WHERE learner_id = 'N-9'") == [
        (None,)
    ]


def test_living_people_whose_identifiers_look_alike_are_let_in(erased):
    rows = [
        {"learner_id": "b-5000", "given_name": "New", "last_login_at": BEFORE},
        {"learner_id": "L-5001", "email": "ivantwin@example.org", "given_name": "New"},
    ]
    assert load(erased, "learners", rows, "twins.ndjson").loaded == 2
    assert (
        load(erased, "learners", [{"learner_id": "B-5000", "last_login_at": BEFORE}], "ivan.ndjson").refused
        == 1
    )
    with engine.connect(erased.home, erased.keys, vault="rw") as connection:
        connection.execute(
            "DELETE FROM vault.register.claims WHERE learner IN ('learner:b-5000', 'learner:L-5001')"
        )
    assert (
        load(erased, "learners", [{**row, "given_name": "Newer"} for row in rows], "again.ndjson").loaded == 2
    ), "also by a vault made anew"


def test_the_tombstones_hold_no_form_of_hers(erased):
    erased.ingest()
    with engine.connect(erased.home, erased.keys, vault="ro") as connection:
        engine.attach(connection, "tombstones", erased.home.tombstones, erased.keys.vault, "ro")
        rows = connection.execute("FROM tombstones.erased").fetchall()
    words = [
        str(value).lower() for row in rows for value in row if not isinstance(value, int)
    ]  # a hash may hold any four digits by chance
    assert rows and not any(name in word for word in words for name in (MARKER, "4711", "example"))
    assert all(value > 2**31 for row in rows for value in row if type(value) is int), (
        "a whole number is a hash, no id"
    )


def test_tombstones_of_earlier_versions_hold(tmp_path):
    """Written as earlier versions did: the hash of one spelling, and of an address without dots and tags."""
    small_school = SmallSchool(tmp_path / "home")
    small_school.ingest()
    with engine.connect(small_school.home, small_school.keys) as connection:
        engine.attach(connection, "tombstones", small_school.home.tombstones, small_school.keys.vault, "rw")
        for stored, _ in EARLIER:
            hashed = int(identities.identifier_hash(small_school.keys, stored), 16)
            kind = "loose" if stored.startswith("loose") else "own"
            connection.execute(
                "INSERT INTO tombstones.erased VALUES (?, '2026-06-30', ?, true, true)", [hashed, kind]
            )
    counts = load(
        small_school,
        "learning",
        [statement(n, actor=delivered, timestamp=BEFORE) for n, (_, delivered) in enumerate(EARLIER)],
        "a.ndjson",
    )
    assert not small_school.ask("SELECT actor FROM vault.raw.learning") and counts.refused == len(EARLIER)


@pytest.mark.parametrize(
    "alike",
    [
        (
            "openid:https://id.example/anna",
            "openid:HTTP://www.ID.example:80/%61nna/",
            "openid:id.example/Anna",
        ),
        ("email:x.y@bücher.example", "email:XY+tag@xn--bcher-kva.example.", "email:mailto:xy@BÜCHER.example"),
        ("email:anna@gmail.com", "email:a.n.n.a+1@googlemail.com"),
        ("account:https://a.example|rene\u0301", "account:https://a.example/|RENÉ"),
        ("learner:0042", "learner:42", "learner:42.0", "learner: 42"),
    ],
)
def test_folds(alike):
    first, *others = (set(spellings.folds(identifier)) for identifier in alike)
    assert first and all(first & other for other in others)


def test_folds_of_others_differ():
    texts = (
        "learner:1-23",
        "learner:12-3",
        "learner:a-1",
        "learner:ab-1",
        "learner:100",
        "learner:10",
        "account:https://a.example|b",
        "account:https://b.example|b",
        "account:https://a.example/x|b",
        "openid:https://a.example",
        "email:a@b.example",
        "email:a@c.example",
        "learner:0",
        "learner:-",
    )
    found = [fold for text in texts for fold in spellings.folds(text)]
    assert len(found) == len(set(found)) >= len(texts)
