"""What the vault knows is found however it is written, and at the right place (D-IDENT)."""

import hashlib

import pytest

FOUND = {
    "jean pierre le goff": "known_name",
    "LE GOFF Jean-Pierre": "known_name",
    "J.-P. Le Goff": "known_name",
    "JP Le-Goff": "known_name",
    "J. Le Goff": "known_name",
    "Elodie QUEMENEUR": "known_name",
    "Quéméneur, Élodie": "known_name",
    "Le Goff J.": "known_name",
    "Élodie Que\u0301me\u0301neur": "known_name",
    "ELODIEQUEMENEUR": "known_account",
    "JP.LeGoff@mail.example": "known_email",
    "learner-900001": "known_learner_id",
    hashlib.sha256(b"jp.legoff@mail.example").hexdigest(): "known_hash",
    hashlib.md5(b"learner-900002").hexdigest().upper(): "known_hash",
    hashlib.sha1(b"mailto:eq@mail.example").hexdigest(): "known_hash",
}
PLAIN = [
    "une grande bleue",
    "grandebleue",
    "la goffre",
    "j le goff d'or n'est pas",
    "Élodie est un prénom",
    hashlib.sha256(b"nobody").hexdigest()[:15],
]


@pytest.mark.parametrize("value", FOUND)
def test_an_identifier_of_the_vault(detector, value):
    text = f"😀 Voilà : {value} ; fin."
    (span,) = detector.spans([text])[0]
    assert (text[span.start : span.end].rstrip("."), span.kind) == (value.rstrip("."), FOUND[value])


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_none(detector, text):
    assert detector.spans([text]) == [[]]


def test_a_given_name_of_the_vault_counts_after_a_thank_you(detector):
    assert [span.kind for span in detector.spans(["merci à élodie"])[0]] == ["known_name"]


def test_the_same_text_twice_and_half_a_sign(detector):
    first, again, broken = detector.spans(["06 12 34 56 78", "06 12 34 56 78", "\ud83d 06 12 34 56 78"])
    assert first == again == [(0, 14, "phone_fr")]
    assert broken == [(2, 16, "phone_fr")]
