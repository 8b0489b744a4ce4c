"""More sentences of made-up comments: titles with initials, social security numbers in other spellings,
phones of other countries (D-IDENT).

They stand apart so that the figures of the earlier sentences stay comparable. `LATER_HELD_OUT` and its
spellings were written before the rules; its misses were read once, after which the rules were mended.
`LATER_DEVELOPMENT` was read meanwhile.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from anonymart.detect.corpus_values import nir_parts, random_digits

LATER_DEVELOPMENT: dict[str, list[str]] = {
    "phone": [
        "You can call me on {phone_abroad}!",
        "Mon numéro : {phone_abroad}",
        "joignable au {phone_abroad}, le soir",
        "I left my number ({phone_abroad}) twice.",
        "{phone_abroad}",
    ],
    "nir": [
        "Mon numéro de sécu {nir_spelled} a circulé.",
        "NIR : {nir_spelled}",
        "({nir_spelled})",
        "ma sécu : {nir_short}",
        "NIR {nir_short}",
        "mon numéro de sécurité sociale est {nir_short}.",
    ],
    "name": [
        "{titles} {initialed} répond toujours.",
        "J'ai eu {titles} {initialed} au téléphone.",
        "{titles} {initialed} never answered.",
        "merci à {titles} {initialed}",
    ],
    "nothing": [
        "Le module {not_phone} est trop long.",
        "Commande {not_phone} perdue.",
        "Il est professeur de Mathématiques.",
        "Mon professeur principal est parti.",
        "I use Ms Excel every day.",
        "Maître de conférences en informatique.",
        "Le code {not_phone} ne marche pas.",
        "Senior Dr. in chemistry, or so.",
        "La sécu me rembourse 20 euros.",
        "INSEE dit 35 000 emplois.",
        "Le {not_phone}, tout a planté.",
    ],
}
LATER_HELD_OUT: dict[str, list[str]] = {
    "phone": [
        "Feel free to ring {phone_abroad} after six.",
        "Mobile {phone_abroad}, thanks",
        "Mon contact au pays est le {phone_abroad}.",
        "No one rang back on {phone_abroad}; shame.",
        "Text me: {phone_abroad}",
        "Appelez mon employeur ({phone_abroad}).",
        "{phone_abroad} is my work line.",
    ],
    "nir": [
        "Le dossier porte {nir_spelled} en clair.",
        "They printed {nir_spelled} on the letter!",
        "immatriculée {nir_spelled} depuis 2019",
        "Num : {nir_spelled}.",
        "Mon n° SS ({nir_short}) est faux.",
        "numéro INSEE : {nir_short}",
        "My social security number is {nir_short}, why ask?",
        "secu {nir_short}",
        "n° de sécurité sociale : {nir_short} !",
    ],
    "name": [
        "Le cours de {titles} {initialed} est le meilleur.",
        "Bonjour, {titles} {initialed} ne m'a jamais rappelé.",
        "I asked {titles} {initialed} twice.",
        "{titles} {initialed}, toujours là.",
        "Ask {titles} {initialed} about it",
        "Avec {titles} {initialed}, tout est clair.",
        "({titles} {initialed})",
    ],
    "nothing": [
        "Le livre {not_phone_later} est épuisé.",
        "J'ai eu {not_phone_later} au quiz.",
        "Build {not_phone_later} is broken.",
        "Ticket {not_phone_later} ouvert depuis mai.",
        "Le {not_phone_later} à midi.",
        "Je suis professeur des écoles.",
        "Professeur Agrégé en poste à Lyon.",
        "Docteur en Droit, je change de voie.",
        "Professor of Physics turned developer.",
        "Assistant Professor, 12 years.",
        "J'ai un M.Sc. en chimie.",
        "Maître d'ouvrage puis chef de projet.",
        "Doctor of Philosophy, no job.",
        "Le prof Java parle trop vite.",
        "Prof. Certifié depuis 2012",
        "Sr. Developer now!",
        "Le maître mot est la patience.",
        "MS Project et Ms Access sont dépassés.",
        "La sécu a mis 6 mois.",
        "L'INSEE compte 2 800 000 demandeurs.",
        "code INSEE 75056, siret 552 100 554 00025",
        "Venir finir en 2024 10 12 18 30 serait mieux.",
        "La prof Anglais est top.",
        "Mr Bricolage m'a embauché.",
        "Dr. Martens aux pieds.",
    ],
}


def _line(rng: random.Random) -> tuple[str, str, str]:
    area, exchange = (f"{rng.randint(2, 9)}{rng.randint(0, 8)}{rng.choice('02345678')}" for _ in range(2))
    return area, exchange, random_digits(rng, 4)


def _phone_abroad(rng: random.Random, part: str) -> str:
    # Australian mobiles (0412 345 678) are spelled as some French numbers and found as those.
    (a, e, n), d, one = _line(rng), random_digits, str(rng.randint(2, 9))
    if part == "later_development":
        return rng.choice(
            (
                f"({a}) {e}-{n}",
                f"{a}-{e}-{n}",
                f"{a}.{e}.{n}",
                f"+1 {a} {e} {n}",
                f"1-800-{e}-{n}",
                f"020 7946 0{d(rng, 3)}",
                f"07700 900{d(rng, 3)}",
                f"+44 20 7946 0{d(rng, 3)}",
                f"+44 (0)20 7946 0{d(rng, 3)}",
                f"087 {one}{d(rng, 2)} {d(rng, 4)}",
                f"(02) 9{d(rng, 3)} {d(rng, 4)}",
                f"+61 4{d(rng, 2)} {d(rng, 3)} {d(rng, 3)}",
                f"021 {one}{d(rng, 2)} {d(rng, 4)}",
                f"+64 21 {one}{d(rng, 2)} {d(rng, 4)}",
            )
        )
    return rng.choice(
        (
            f"({a}){e}-{n}",
            f"({a}) {e} {n}",
            f"{a} {e} {n}",
            f"1 ({a}) {e}-{n}",
            f"1.{a}.{e}.{n}",
            f"+1({a}){e}-{n}",
            f"+1 ({a}) {e}.{n}",
            f"001 {a} {e} {n}",
            f"{a}-{e}-{n} ext. 12"[:12],
            f"0121 496 0{d(rng, 3)}",
            f"01632 960{d(rng, 3)}",
            f"(020) 7946 0{d(rng, 3)}",
            f"020-7946-0{d(rng, 3)}",
            f"07700 900 {d(rng, 3)}",
            f"07700900{d(rng, 3)}",
            f"0044 7700 900{d(rng, 3)}",
            f"+44(0)7700 900{d(rng, 3)}",
            f"028 9649 6{d(rng, 3)}",
            f"01 {one}{d(rng, 2)} {d(rng, 4)}",
            f"(01) 6{d(rng, 2)} {d(rng, 4)}",
            f"085-{one}{d(rng, 6)}",
            f"+353 87 {one}{d(rng, 2)} {d(rng, 4)}",
            f"+353 (0)1 6{d(rng, 2)} {d(rng, 4)}",
            f"03 9{d(rng, 3)} {d(rng, 4)}",
            f"+61 2 9{d(rng, 3)} {d(rng, 4)}",
            f"+61 (0)4{d(rng, 2)} {d(rng, 3)} {d(rng, 3)}",
            f"09 {one}{d(rng, 2)} {d(rng, 4)}",
            f"(03) {one}{d(rng, 2)} {d(rng, 4)}",
            f"027-{one}{d(rng, 2)}-{d(rng, 4)}",
            f"022 {one}{d(rng, 2)} {d(rng, 3)}",
        )
    )


def _nir_spelled(rng: random.Random, part: str) -> str:
    parts = nir_parts(rng)
    signs = "".join(parts)
    if part == "later_development":
        return rng.choice(
            (
                " ".join(signs),
                ".".join(signs),
                "-".join(signs),
                " / ".join(parts),
                f"{' '.join(parts[:-1])} clé {parts[-1]}",
            )
        )
    return rng.choice(
        (
            "\u00a0".join(signs),
            "_".join(signs),
            " - ".join(signs),
            "/".join(signs),
            ", ".join(parts),
            "\u2009".join(parts),
            f"{''.join(parts[:-1])} {parts[-1]}",
            f"{' '.join(parts[:-1])} / {parts[-1]}",
            f"{' '.join(parts[:-1])} (clé {parts[-1]}",
            " | ".join(parts),
            " ".join(signs[i : i + 3] for i in range(0, 15, 3)),
        )
    )


def _nir_short(rng: random.Random, part: str) -> str:
    parts = nir_parts(rng)[:-1]
    signs = "".join(parts)
    return rng.choice(
        (signs, " ".join(parts), " ".join(signs))
        if part == "later_development"
        else (signs, ".".join(parts), "-".join(signs), "\u00a0".join(parts), " ".join(signs))
    )


def initialed(rng: random.Random, part: str, given: str, family: str) -> str:
    """A family name, mostly with initials, as people write it behind a title."""
    first, second = given[0].upper(), rng.choice("ABCDEFGHJLMNPRST")
    if part == "later_development":
        return rng.choice((f"{first}. {family}", f"{first}.-{second}. {family}", family, f"{first}.{family}"))
    return rng.choice(
        (
            f"{first}. {family}",
            f"{first}.{second}. {family}",
            f"{first}. {second}. {family}",
            f"{first} {family}",
            f"{first}.-Ph. {family}",
            f"Ch. {family}",
            f"{first}. {family.upper()}",
            f"{family} {first}.",
            f"{first}{second} {family}",
            family,
        )
    )


TITLES = {
    "later_development": ("M.", "Mme", "Prof.", "professeur", "Pr", "Dr.", "Maître", "Mrs.", "Dr"),
    "later_held_out": (
        "Professor",
        "Prof",
        "Docteur",
        "docteur",
        "Doctor",
        "Me",
        "Mlle",
        "Monsieur",
        "Madame le Professeur",
        "Prof. Dr.",
        "maître",
        "Professeure",
        "Mr.",
        "Ms",
        "Mx",
        "prof.",
        "professor",
        "Mme",
        "Dr",
        "Pr.",
    ),
}
LATER_PLANTED: dict[str, tuple[str, Callable[[random.Random, str], str]]] = {
    "phone_abroad": ("phone", _phone_abroad),
    "nir_spelled": ("nir", _nir_spelled),
    "nir_short": ("nir", _nir_short),
}
LATER_NEAR_MISSES: dict[str, Callable[[random.Random], str]] = {
    "not_phone": lambda rng: rng.choice(
        (
            "course-2024-06",
            "PY101-2025",
            "path-01-23-45",
            "2024-06-01 10:30",
            "12.50",
            "1 234 567",
            f"CMD-{random_digits(rng, 9)}",
            "10.0.19041.1",
            "exercise-20240101-0001",
            f"5{random_digits(rng, 9)}",
        )
    ),
    "not_phone_later": lambda rng: rng.choice(
        (
            "978-2-07-036822-8",
            "2-07-036822-4",
            f"1 415 555 {random_digits(rng, 3)}",
            "18 20 15 12 09 17",
            "2024.06.0100",
            f"4{random_digits(rng, 9)}",
            f"INV-415-555-{random_digits(rng, 4)}",
            "3.415.555.2671",
            "02/06/2024 10:30",
            "2024-415-555",
            "001-2024-0415",
            f"A415-555-{random_digits(rng, 4)}",
            "01-02-2024",
            "MOD-021-123-4567",
            "0.4155552671",
            "415 555 267",
            "12-345-6789",
        )
    ),
}
