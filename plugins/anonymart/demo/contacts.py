"""Further identifiers of a fictional person, as they turn up in comments: each is derived from who it is."""

from __future__ import annotations

from anonymart.demo.people import People, fold

# 7919 and 104729 are prime to the moduli: no two people get the same number
_PHONES = 10**8


def phone(person: int) -> str:
    """A French mobile number, unique to the person."""
    digits = f"{(person * 7919 + 23456789) % _PHONES:08d}"
    return "06 " + " ".join(digits[i : i + 2] for i in range(0, 8, 2))


def phone_abroad(person: int) -> str:
    """The same kind of number as written from abroad, with other digits."""
    return f"+337{(person * 104729 + 31415926) % _PHONES:08d}"


def social_security_number(person: int) -> str:
    """A French social security number of 15 digits whose key is right."""
    body = (
        f"{1 + person % 2}{60 + person % 38:02d}{1 + person % 12:02d}{1 + person % 95:02d}"
        f"{100 + person % 800:03d}{1 + person // 800 % 999:03d}"
    )
    return f"{body}{97 - int(body) % 97:02d}"


def iban(person: int) -> str:
    """A French IBAN whose key is right."""
    account = f"{30001:05d}{person % 90000 + 10000:05d}{person * 7919 % 10**11:011d}{person % 97:02d}"
    check = 98 - int(f"{account}152700") % 97
    return f"FR{check:02d}{account}"


def address(person: int) -> str:
    """An IPv4 address from the ranges kept for documentation."""
    block = ("203.0.113", "198.51.100", "192.0.2")[person // 155 % 3]
    return f"{block}.{100 + person % 155}"


def profile(people: People, person: int) -> str:
    """The address of a page on a social network."""
    return f"https://reseau.example/in/{fold(people.given[person])}-{people.account[person]}"


def handle(people: People, person: int) -> str:
    """A social handle."""
    return f"@{people.account[person]}_fr"


def confessions(people: People, person: int) -> list[tuple[str, str, str]]:
    """(kind, value, sentence) for each way in which a person names themself in a free text."""
    name, mail = people.full_name(person), people.email[person]
    found = [
        ("phone", phone(person), "Rappelez-moi au {}."),
        ("phone", phone_abroad(person), "You can reach me at {}."),
        ("email", mail, "Mon adresse est {}, merci de me répondre."),
        ("full_name", name, "Signé {}."),
        ("account_name", people.account[person], "Mon identifiant est {}."),
        ("url", profile(people, person), "Mon profil : {}"),
        ("social_handle", handle(people, person), "Suivez-moi, {}"),
        ("iban", iban(person), "Remboursez-moi sur {} svp."),
        ("social_security_number", social_security_number(person), "Mon numéro de sécu : {}"),
        ("ip_address", address(person), "Bug depuis {}."),
    ]
    return [(kind, value, sentence.format(value)) for kind, value, sentence in found]
