"""The made-up identifiers that the leak drill plants, and which kinds the gate must find in each (D-IDENT,
D-SPECIAL).

Nobody is called so: numbers come from ranges for fiction and documentation, names are no names. What stands
for an identifier of the vault is told to the gate's tables in memory, so that no real identifier is ever
written to a disk.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

_KNOWN_EMAIL = "odrilline.zwarquist@drill.example"
# (kind, identifier), as the vault would know them.
ALSO_KNOWN = (
    ("email", _KNOWN_EMAIL),
    ("learner_id", "drill-learner-771204"),
    ("account", "drillaccount771204"),
    ("response_id", "drill-answer-771204"),
    ("request_id", "drill-request-771204"),
    ("given_name", "Odrillinette"),
    ("family_name", "Zwarquistelle"),
)


class Form(NamedTuple):
    """One leak: its name in the drill's table, a text that holds it, and every kind that the gate finds in
    the text.
    """

    leak: str
    text: str
    kinds: tuple[str, ...]


PATTERNED = (
    Form("e-mail", "wodrill.k@zwarmail.example", ("email",)),
    Form("e-mail, spelled out", "wodrill point zwark arobase zwarmail point fr", ("email",)),
    Form("e-mail, with (at)", "zwark.wodrill (at) zwarmail.fr", ("email",)),
    Form("phone, French", "06 39 98 12 34", ("phone_fr",)),
    Form("phone, international", "+33 6 39 98 12 35", ("phone",)),
    Form("IP address, version 4", "192.0.2.44", ("ipv4",)),
    Form("IP address, version 6", "2001:db8::8a2e:370:7334", ("ipv6",)),
    Form("social security number", "1 99 12 99 123 456 15", ("nir",)),
    Form("social security number, Corsica", "2 99 12 2A 123 456 88", ("nir",)),
    Form("bank account (IBAN)", "FR14 2004 1010 0505 0001 3M02 606", ("iban",)),
    Form("payment card", "4539 5787 6362 1486", ("card",)),
    Form("web address", "https://zwarmail.example/wodrill", ("url",)),
    Form("social handle", "@wodrill_zwark", ("handle",)),
    Form("postal address", "12 rue Zwarkadour, 75011 Paris", ("address",)),
    Form("date of birth", "née le 3 mars 1998", ("birth_date",)),
    Form("UUID", "0f8fad5b-d9cb-469f-a165-70867728950e", ("uuid",)),
    Form("pseudonym", hashlib.sha256(b"nobody's pseudonym").hexdigest(), ("hash",)),
    Form("name after a title", "Mme Zwarkadour", ("name",)),
    Form("name after a thank-you", "merci à Sylvie", ("name",)),
)  # fmt: skip
KNOWN = (
    Form("known e-mail", _KNOWN_EMAIL, ("email", "known_email")),
    Form("known learner id", "Drill-Learner-771204", ("known_learner_id",)),
    Form("known account", "DRILLACCOUNT771204", ("known_account",)),
    Form("known id of an answer", "drill-answer-771204", ("known_response_id",)),
    Form("known id of a request", "drill-request-771204", ("known_request_id",)),
    Form("known given name", "odrillinette", ("known_given_name",)),
    Form("known family name", "ZWARQUISTELLE", ("known_family_name",)),
    Form(
        "MD5 of a known e-mail",
        hashlib.md5(_KNOWN_EMAIL.encode(), usedforsecurity=False).hexdigest(),
        ("hash", "known_hash"),
    ),
    Form(
        "SHA-1 of a known e-mail",
        hashlib.sha1(_KNOWN_EMAIL.encode(), usedforsecurity=False).hexdigest(),
        ("hash", "known_hash"),
    ),
    Form(
        "SHA-256 of a known e-mail", hashlib.sha256(_KNOWN_EMAIL.encode()).hexdigest(), ("hash", "known_hash")
    ),
)
FORMS = (*PATTERNED, *KNOWN)


def inside(text: str) -> str:
    """The text as a part of a longer one."""
    return f"voir {text} ; fin"


def joined(forms: tuple[Form, ...]) -> str:
    """Several forms in one text, too far from each other to be read together."""
    return " ; ".join(form.text for form in forms)
