"""Identifiers that are made up for the corpus, each in many spellings, and near misses that are none."""

from __future__ import annotations

import random
import string
import unicodedata
import uuid
from collections.abc import Callable

TOWNS = (
    "Nancy",
    "Valence",
    "Sainte-Maxime",
    "Bonne",
    "Lourdes",
    "Vienne",
    "Florence",
    "Lyon",
    "Paris",
    "Brest",
    "Saint-Étienne",
    "Angers",
    "Clermont-Ferrand",
    "Dax",
)
SHOPS = (
    "Leroy Merlin",
    "Yves Rocher",
    "Jules",
    "Camaïeu",
    "Marionnaud",
    "Saint Maclou",
    "Paul",
    "Nicolas",
    "Léon de Bruxelles",
    "Louis Vuitton",
)
_TOOLS = (
    "Python",
    "Ruby",
    "Julia",
    "Scala",
    "Django",
    "Jenkins",
    "Ada",
    "Pascal",
    "Jasmine",
    "Claude",
    "Alexa",
    "Rust",
)
_DOMAINS = (
    "exemple.fr",
    "gmail.com",
    "laposte.net",
    "mail.example.org",
    "univ-exemple.fr",
    "outlook.com",
    "example.co.uk",
)
_LOCALS = (
    "jean.dupont",
    "s.durand",
    "karim_b",
    "marie-claude.petit",
    "john.smith+school",
    "lea2003",
    "a.b",
    "o'neil.p",
    "zoé.martin",
)
_STREETS = (
    "Victor Hugo",
    "de la République",
    "des Lilas",
    "du Général Leclerc",
    "Jean Jaurès",
    "de l'Église",
    "Pasteur",
    "du Moulin",
    "Émile Zola",
)
_PLACES = {
    "75011": "Paris",
    "69003": "Lyon",
    "33000": "Bordeaux",
    "44200": "Nantes",
    "59800": "Lille",
    "83120": "Sainte-Maxime",
    "54000": "Nancy",
    "26000": "Valence",
    "06000": "Nice",
    "20200": "Bastia",
    "97400": "Saint-Denis",
    "78100": "Saint-Germain-en-Laye",
}
_MONTHS_FR = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_MONTHS_EN = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def fold(text: str, keep: str = "", lower: bool = True) -> str:
    """The text without accents, spaces and signs (but those to keep), in lower case if asked."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    kept = "".join(sign for sign in plain if sign.isalnum() or sign in keep)
    return kept.lower() if lower else kept


def town_or_shop(place: str, rng: random.Random) -> str:
    """A French town or a chain of shops whose name is a person's too."""
    return rng.choice(TOWNS if place == "town" else SHOPS)


def random_digits(rng: random.Random, n: int) -> str:
    """n digits."""
    return "".join(rng.choices(string.digits, k=n))


def _email(rng: random.Random, part: str) -> str:
    local, domain = rng.choice(_LOCALS), rng.choice(_DOMAINS)
    if rng.random() < 0.4:
        return f"{local}@{domain}"
    spoken, said = local.replace(".", " point "), domain.replace(".", " point ")
    dotted, dots = local.replace(".", " dot "), domain.replace(".", " dot ")
    development = (
        f"{spoken} arobase {said}",
        f"{local} (at) {domain}",
        f"{local}[at]{domain}",
        f"{local} AT {domain}",
        f"{dotted} at {dots}",
        f"{local} (at) {domain.replace('.', ' . ')}",
        f"{local} arobase {domain}",
        f"{local} @ {domain}",
        f"{local}＠{domain}",
        f"{local} [arobase] {domain.replace('.', '[point]')}",
    )
    held_out = (
        f"{spoken.upper()} AROBASE {said.upper()}",
        f"{local} [at] {domain.replace('.', ' [dot] ')}",
        f"{local}(arobase){domain}",
        f"{local} AT {domain.replace('.', ' DOT ')}",
        f"{local} @{domain}",
        f"{local}@ {domain}",
        f"{local} {{at}} {domain}",
        f"{local} arobas {said}",
        f"{local} (AT) {domain.replace('.', '(dot)')}",
        f"{spoken} arobase {domain}",
    )
    return rng.choice(development if part == "development" else held_out)


def _pairs(number: str, separator: str) -> str:
    return separator.join(number[i : i + 2] for i in range(0, len(number), 2))


def _phone_fr(rng: random.Random, part: str) -> str:
    number = f"0{rng.choice('12345679')}{random_digits(rng, 8)}"
    common = [number, *(_pairs(number, separator) for separator in (" ", ".", "-", "\u00a0"))]
    if part == "development":
        return rng.choice(
            [
                *common,
                _pairs(number, "/"),
                f"{number[:2]} {number[2:]}",
                f"{number[:4]} {number[4:7]} {number[7:]}",
            ]
        )
    return rng.choice(
        [
            *common,
            _pairs(number, "_"),
            _pairs(number, " . "),
            f"{number[:4]} {_pairs(number[4:], ' ')}",
            _pairs(number, "  "),
        ]
    )


def _phone(rng: random.Random, part: str) -> str:
    national = f"{rng.choice('1234679')}{random_digits(rng, 8)}"
    spaced = f"{national[0]} {_pairs(national[1:], ' ')}"
    abroad = rng.choice(
        (
            f"+44 20 {random_digits(rng, 4)} {random_digits(rng, 4)}",
            f"+41 79 {random_digits(rng, 3)} {random_digits(rng, 2)} {random_digits(rng, 2)}",
            f"+1-202-555-{random_digits(rng, 4)}",
            f"+32 4{random_digits(rng, 8)}",
        )
    )
    if part == "development":
        return rng.choice((f"+33{national}", f"+33 {spaced}", f"+33 (0){spaced}", f"0033{national}", abroad))
    return rng.choice(
        (
            f"+33(0){national}",
            f"0033 {spaced}",
            f"+33.{spaced.replace(' ', '.')}",
            f"(+33) {spaced}",
            f"00 33 {spaced}",
            f"33{national}",
            abroad,
        )
    )


def _ipv4(rng: random.Random, part: str) -> str:
    return ".".join(str(rng.randint(0 if place else 1, 255)) for place in range(4))


def _ipv6(rng: random.Random, part: str) -> str:
    groups = [f"{rng.randrange(1, 65536):x}" for _ in range(8)]
    return rng.choice(
        (
            ":".join(groups),
            f"2001:db8::{groups[0]}:{groups[1]}",
            f"fe80::{groups[2]}",
            f"2a01:{groups[3]}:{groups[4]}::{groups[5]}",
            ":".join(groups).upper(),
        )
    )


def nir_parts(rng: random.Random, wrong: bool = False) -> list[str]:
    """A social security number in its seven parts, the key last; a wrong key if asked."""
    department = rng.choice((f"{rng.randint(1, 95):02d}", "2A", "2B"))
    parts = [
        rng.choice("12"),
        f"{rng.randint(0, 99):02d}",
        f"{rng.randint(1, 12):02d}",
        department,
        f"{rng.randint(1, 990):03d}",
        f"{rng.randint(1, 999):03d}",
    ]
    number = int("".join(parts).replace("2A", "19").replace("2B", "18"))
    return [*parts, f"{(97 - number % 97 + (3 if wrong else 0) - 1) % 97 + 1:02d}"]


def _nir(rng: random.Random, part: str) -> str:
    return rng.choice(("", " ", " ", "." if part == "held_out" else "-")).join(nir_parts(rng))


def _iban_of(rng: random.Random) -> str:
    country, body = rng.choice(
        (
            ("FR", random_digits(rng, 23)),
            ("FR", f"{random_digits(rng, 10)}{random_digits(rng, 5)}M02606{random_digits(rng, 2)}"),
            ("DE", random_digits(rng, 18)),
            ("BE", random_digits(rng, 12)),
            ("GB", f"NWBK{random_digits(rng, 14)}"),
        )
    )
    number = int("".join(str(int(sign, 36)) for sign in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02d}{body}"


def _iban(rng: random.Random, part: str) -> str:
    iban = _iban_of(rng)
    grouped = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
    return rng.choice((iban, grouped, iban.lower() if part == "development" else grouped.replace(" ", "-")))


def _luhn(digits: str) -> str:
    total = sum(
        sum(divmod(int(sign) * (2 if place % 2 == 0 else 1), 10))
        for place, sign in enumerate(reversed(digits))
    )
    return digits + str(-total % 10)


def _card(rng: random.Random, part: str) -> str:
    prefix, length = rng.choice((("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("37", 15), ("4970", 16)))
    card = _luhn(prefix + random_digits(rng, length - len(prefix) - 1))
    groups = (
        (card[:4], card[4:10], card[10:]) if length == 15 else tuple(card[i : i + 4] for i in range(0, 16, 4))
    )
    return rng.choice((card, " ".join(groups), ("-" if part == "development" else "\u00a0").join(groups)))


def _url(rng: random.Random, part: str) -> str:
    development = (
        "https://www.linkedin.com/in/jean-dupont-1a2b",
        "http://jdupont.example.org/cv.pdf",
        "www.jdupont.fr",
        "github.com/jdupont/projet",
        "https://t.co/Ab12",
    )
    held_out = (
        "https://portfolio.example.net/~karim?lang=fr#top",
        "linkedin.com/in/sofia-b",
        "HTTP://EXAMPLE.ORG/ABC",
        "www.sofia-design.com",
        "https://youtu.be/xyz123",
    )
    return rng.choice(development if part == "development" else held_out)


def _handle(rng: random.Random, part: str) -> str:
    name = rng.choice(("lea_dev", "karim.b", "jeandupont75", "_sofia_", "TheRealJohn"))
    return rng.choice(
        (f"@{name}", f"@{name}", f"twitter: {name}" if part == "development" else f"insta : {name}")
    )


def _address(rng: random.Random, part: str) -> str:
    number, street, (code, town) = (
        rng.randint(1, 240),
        rng.choice(_STREETS),
        rng.choice(list(_PLACES.items())),
    )
    if part == "development":
        kind = rng.choice(("rue", "avenue", "boulevard", "impasse", "place", "allée"))
        return rng.choice(
            (
                f"{number} {kind} {street}, {code} {town}",
                f"{number} bis, {kind} {street}",
                f"{number}, {kind} {street} {code} {town.upper()}",
                f"{code} {town}",
            )
        )
    kind = rng.choice(("rue", "Rue", "av.", "bd", "chemin", "quai"))
    return rng.choice(
        (
            f"{number} {kind} {street}\n{code} {town}",
            f"{number}ter {kind} {street}",
            f"{number} {kind} {street} - {code} {town}",
            f"{code} {town.upper()}",
            f"{number} {kind} {street.lower()}",
        )
    )


def _birth_date(rng: random.Random, part: str) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1955, 2008)
    fr, en = _MONTHS_FR[month - 1], _MONTHS_EN[month - 1]
    if part == "development":
        return rng.choice(
            (
                f"né le {day:02d}/{month:02d}/{year}",
                f"née le {day} {fr} {year}",
                f"born on {en} {day}, {year}",
                f"né le {day:02d}.{month:02d}.{year}",
                f"born {year}-{month:02d}-{day:02d}",
            )
        )
    return rng.choice(
        (
            f"née le {day}/{month}/{year % 100:02d}",
            f"né un {day} {fr} {year}",
            f"born on {day} {en} {year}",
            f"né(e) le {day:02d}-{month:02d}-{year}",
            f"born on the {day}th of {en} {year}",
            f"NÉE LE {day:02d} {fr.upper()} {year}",
        )
    )


def _uuid(rng: random.Random, part: str) -> str:
    text = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    return text.upper() if rng.random() < 0.3 else text


def _hash(rng: random.Random, part: str) -> str:
    digits = f"{rng.getrandbits(256):064x}"[: rng.choice((16, 24, 32, 32, 40, 64))]
    # A hexadecimal pseudonym has letters and digits: one that drew only digits is no example of one.
    return "a1" + digits[2:] if digits.isdigit() or digits.isalpha() else digits


PLANTED: dict[str, Callable[[random.Random, str], str]] = {
    "email": _email,
    "phone_fr": _phone_fr,
    "phone": _phone,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "nir": _nir,
    "iban": _iban,
    "card": _card,
    "url": _url,
    "handle": _handle,
    "address": _address,
    "birth_date": _birth_date,
    "uuid": _uuid,
    "hash": _hash,
}


def _not_nir(rng: random.Random) -> str:
    return rng.choice(("", " ")).join(nir_parts(rng, wrong=True))


def _not_iban(rng: random.Random) -> str:
    iban = _iban_of(rng)
    return f"{iban[:2]}{(int(iban[2:4]) + 5) % 97 + 1:02d}{iban[4:]}"


def _not_order(rng: random.Random) -> str:
    card = _luhn("4" + random_digits(rng, 14))
    return rng.choice(
        (
            f"{card[:-1]}{(int(card[-1]) + 3) % 10}",
            f"CMD-{random_digits(rng, 8)}",
            random_digits(rng, 6),
            f"2024-{random_digits(rng, 5)}",
        )
    )


NEAR_MISSES: dict[str, Callable[[random.Random], str]] = {
    "not_date": lambda rng: rng.choice(
        (
            f"{rng.randint(1, 28):02d}/{rng.randint(1, 12):02d}/2024",
            f"2024-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
            f"{rng.randint(1, 28)} {rng.choice(_MONTHS_FR)} 2024",
        )
    ),
    "not_hour": lambda rng: rng.choice(
        (
            f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}",
            f"{rng.randint(0, 23)}h{rng.randint(0, 59):02d}",
            "10:30:00",
        )
    ),
    "not_version": lambda rng: rng.choice(
        (
            f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}",
            "v1.5.5",
            "10.0.19041.1",
            "2026-06-30.1",
        )
    ),
    "not_money": lambda rng: rng.choice(
        (
            f"{rng.randint(1, 90)} 000 euros",
            f"{rng.randint(10000, 95000)} EUR",
            f"{rng.randint(100, 900)},50 €",
            f"{rng.randint(1000, 9000)}€",
        )
    ),
    "not_order": _not_order,
    "not_number": lambda rng: str(rng.randint(2, 99999)),
    "not_nir": _not_nir,
    "not_iban": _not_iban,
    "not_handle": lambda rng: rng.choice(
        ("@staticmethod", "@property", "@media", "@Override", "@Component", "@import")
    ),
    "not_rncp": lambda rng: f"{rng.randint(30000, 39999)}",
    "not_tool": lambda rng: rng.choice(_TOOLS),
    "not_commit": lambda rng: f"{rng.getrandbits(32):08x}"[: rng.choice((7, 8))],
}
