"""Check digits, in SQL and in Python: of a French social security number (NIR), an IBAN (ISO 13616, ISO 7064
MOD 97-10), a payment card (Luhn).
"""

from __future__ import annotations

# Lengths of the IBAN registry, by country: what follows an IBAN in a sentence must not be read as part of it.
_IBAN_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FO FI GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH CR HR LI LV",
    22: "BG BH DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ DZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM BF",
    28: "AL AZ BY CI CY DO GT HN HU LB MA ML PL SN SV BJ",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC NI",
    33: "RU",
}
IBAN_COUNTRIES = tuple(sorted(" ".join(_IBAN_LENGTHS.values()).split()))
_SEPARATORS = r"[^0-9A-Za-z]"


def nir_is_valid(candidate: str) -> str:
    """SQL: the 15 signs of a NIR agree with its key, 97 less the number modulo 97; Corsica's 2A and 2B count
    as 19 and 18.
    """
    digits = (
        f"replace(replace(upper(regexp_replace({candidate}, '[^0-9ABab]', '', 'g')), '2A', '19'), '2B', '18')"
    )
    return (
        f"coalesce(97 - try_cast({digits}[1:13] AS BIGINT) % 97 = try_cast({digits}[14:15] AS BIGINT), false)"
    )


def iban_is_valid(candidate: str) -> str:
    """SQL: the candidate, cut to its country's length, is 1 modulo 97 once its first four signs stand
    last.
    """
    length = f"(CASE {_cases('bare')} ELSE 0 END)"
    # 36 letters and digits become numbers of one or two digits, and the remainder is carried from sign to
    # sign
    number = "(CASE WHEN sign BETWEEN '0' AND '9' THEN ascii(sign) - 48 ELSE ascii(sign) - 55 END)"
    numbers = f"list_transform(string_split(bare[5:{length}] || bare[1:4], ''), lambda sign: {number})"
    folded = (
        f"list_reduce({numbers}, lambda rest, n: (rest * (CASE WHEN n < 10 THEN 10 ELSE 100 END) + n) % "
        f"97, 0)"
    )
    bare = f"upper(regexp_replace({candidate}, '{_SEPARATORS}', '', 'g'))"
    return (
        f"list_transform([{bare}], lambda bare: {length} > 0 AND len(bare) >= {length} AND {folded} = 1)[1]"
    )


def _cases(bare: str) -> str:
    return " ".join(
        f"WHEN {bare}[1:2] IN ({', '.join(repr(country) for country in countries.split())}) THEN {length}"
        for length, countries in _IBAN_LENGTHS.items()
    )


def card_is_valid(candidate: str) -> str:
    """SQL: the digits pass Luhn's formula (ISO/IEC 7812-1): every second one from the right counts double,
    its digits added.
    """
    digits = f"list_reverse(regexp_extract_all({candidate}, '[0-9]'))"
    weighed = (
        "CASE WHEN place % 2 = 1 THEN digit::INT ELSE digit::INT * 2 - CASE WHEN digit > '4' THEN 9 ELSE "
        "0 END END"
    )
    return f"(list_sum(list_transform({digits}, lambda digit, place: {weighed})) % 10 = 0)"


def checked_length(check: str, candidate: str) -> int:
    """The same three checks in Python: how many signs of the candidate the number takes, 0 when its key is
    wrong.

    `check` is nir, iban or card. The rest of the candidate is what follows an IBAN in the sentence.
    """
    # « clé » may stand between a NIR and its key.
    places = [
        place
        for place, sign in enumerate(candidate)
        if sign.isascii() and sign.isalnum() and (check != "nir" or sign in "0123456789ABab")
    ]
    bare = "".join(candidate[place] for place in places).upper()
    n_signs = {"nir": _nir_length, "iban": _iban_length, "card": _card_length}[check](bare)
    return places[n_signs - 1] + 1 if n_signs else 0


def _nir_length(bare: str) -> int:
    digits = bare.replace("2A", "19", 1).replace("2B", "18", 1) if not bare.isdigit() else bare
    return (
        15 if len(bare) == 15 and digits.isdigit() and 97 - int(digits[:13]) % 97 == int(digits[13:]) else 0
    )


def _iban_length(bare: str) -> int:
    length = next((n for n, countries in _IBAN_LENGTHS.items() if bare[:2] in countries.split()), 0)
    if not 0 < length <= len(bare):
        return 0
    number = "".join(str(int(sign, 36)) for sign in bare[4:length] + bare[:4])
    return length if int(number) % 97 == 1 else 0


def _card_length(bare: str) -> int:
    total = sum(sum(divmod(int(sign) * (1 + place % 2), 10)) for place, sign in enumerate(reversed(bare)))
    return len(bare) if total % 10 == 0 else 0
