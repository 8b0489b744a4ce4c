"""The gate reads by itself who must be out of new figures, whatever the models say (R-OBJECT, R-RESTRICT,
R-ERASE, R-WITHDRAW).
"""

from __future__ import annotations

from datetime import datetime

import pytest

from anonymart.gate import gate, must_be_out
from anonymart.rights import state
from anonymart.session import Session
from tests.gate.school import AS_OF

BEFORE, AFTER, LATER = datetime(2026, 6, 1), datetime(2026, 6, 30, 22), datetime(2026, 6, 2)
WHO = "email:anne.martin@example.org"


def asks(connection, kind, details=None, at=BEFORE, proved=False, request_id="R"):
    connection.execute(
        "INSERT INTO vault.rights.requests (load_no, request_id, kind, identifier, received_at, "
        "identity_verified, details) VALUES (1, ?, ?, ?, ?, ?, ?)",
        [request_id, kind, WHO, at, proved, details],
    )


def consents(connection, status, at=BEFORE, purpose="P-SURVEY"):
    connection.execute(
        "INSERT INTO vault.rights.consents VALUES (1, 1, ?, ?, ?, ?)", [WHO, purpose, status, at]
    )


def stands(connection, kind, is_lift=False, at=BEFORE):
    connection.execute("INSERT INTO vault.rights.standing VALUES (?, ?, ?, ?)", [WHO, kind, is_lift, at])


def refused(connection):
    asks(connection, "object")
    connection.execute("INSERT INTO vault.rights.steps VALUES ('R', 'refused', DATE '2026-06-02', '')")


CASES = [
    (lambda c: asks(c, "object"), "objected"),
    (lambda c: asks(c, "restrict"), "restricted"),
    (lambda c: asks(c, "erase"), "erasure asked"),
    (lambda c: asks(c, "death", '{"directive": "Erase"}'), "erasure asked"),
    (lambda c: asks(c, "death", "keep"), None),
    (lambda c: asks(c, "access"), None),
    (lambda c: asks(c, "withdraw"), "consent withdrawn"),
    (lambda c: stands(c, "object"), "objected"),
    (lambda c: stands(c, "restrict"), "restricted"),
    (lambda c: (stands(c, "object"), stands(c, "object", True, LATER)), None),
    (lambda c: (stands(c, "object"), asks(c, "object", " LIFT ", LATER)), "objected"),
    (lambda c: (stands(c, "object"), asks(c, "object", " LIFT ", LATER, True)), None),
    (lambda c: (stands(c, "object", True), stands(c, "object", at=LATER)), "objected"),
    (lambda c: asks(c, "object", at=AFTER), None),
    (refused, None),
    (lambda c: consents(c, "withdrawn"), "consent withdrawn"),
    (lambda c: consents(c, "withdrawn", purpose="P-STAT"), "objected"),
    (lambda c: (consents(c, "withdrawn"), consents(c, "granted", LATER)), None),
    (lambda c: (consents(c, "granted"), consents(c, "withdrawn", LATER)), "consent withdrawn"),
    (lambda c: (consents(c, "granted"), consents(c, "withdrawn")), "consent withdrawn"),
    (lambda c: c.execute("INSERT INTO vault.rights.unreadable_names VALUES ('U', ?)", [WHO]), "restricted"),
]


def test_who_must_be_out(sound):
    with sound.connect(vault="rw") as connection:
        assert must_be_out.people_out(connection, sound.policy, AS_OF) == set()
        for act, reason in CASES:
            connection.execute("BEGIN")
            act(connection)
            found = must_be_out.people_out(connection, sound.policy, AS_OF)
            connection.execute("ROLLBACK")
            assert found == ({("p", reason)} if reason else set())


@pytest.mark.usefixtures("without_great_expectations", "without_attack")
def test_a_model_that_counts_somebody_who_objected_is_refused_and_so_is_one_who_withdrew(school):
    """What a fault in int_persons or int_nps_counted leaves: the person is behind a new cell of the built
    warehouse.
    """
    with school.connect(vault="rw", warehouse="rw") as connection:
        stands(connection, "object")
        consents(connection, "withdrawn")
        person = school.keys.pseudonym_of("p")
        for mart in ("nps_quarterly", "salary_outcome"):
            connection.execute(
                f"UPDATE warehouse.intermediate.int_people__{mart} SET pseudonym = ? WHERE pseudonym = 'p7'",
                [person],
            )
        state.note_built(connection, state.of_vault(connection))
    verdict = gate(Session(school.home, school.keys, school.policy), school.candidate(), AS_OF)
    assert {failure[:5] for failure in verdict.failures} == {
        ("nps_quarterly", "*", "person_who_must_be_out: objected", "R-OBJECT", 1),
        ("nps_quarterly", "*", "person_who_must_be_out: consent withdrawn", "R-WITHDRAW", 1),
        ("salary_outcome", "*", "person_who_must_be_out: objected", "R-OBJECT", 1),
    }
