"""Check digits in SQL: the key of a French social security number (NIR) and of an IBAN (ISO 13616, ISO 7064 MOD 97-10)."""

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
_SEPARATORS = r"[^0-9A-Za-z]"


def nir_is_valid(candidate: str) -> str:
    """SQL: the 15 signs of a NIR agree with its key, 97 less the number modulo 97; Corsica's 2A and 2B count as 19 and 18."""
    digits = (
        f"replace(replace(upper(regexp_replace({candidate}, '{_SEPARATORS}', '', 'g')), '2A', '19'), '2B', '18')"
    )
    return f"coalesce(97 - try_cast({digits}[1:13] AS BIGINT) % 97 = try_cast({digits}[14:15] AS BIGINT), false)"


def iban_is_valid(candidate: str) -> str:
    """SQL: the candidate, cut to its country's length, is 1 modulo 97 once its first four signs stand last."""
    bare = f"upper(regexp_replace({candidate}, '{_SEPARATORS}', '', 'g'))"
    length = f"(CASE {_cases(bare)} ELSE 0 END)"
    turned = f"({bare}[5:{length}] || {bare}[1:4])"
    # 36 letters and digits become numbers of one or two digits, and the remainder is carried from sign to sign
    number = "(CASE WHEN sign BETWEEN '0' AND '9' THEN ascii(sign) - 48 ELSE ascii(sign) - 55 END)"
    numbers = f"list_transform(regexp_extract_all({turned}, '.'), lambda sign: {number})"
    folded = f"list_reduce({numbers}, lambda rest, n: (rest * (CASE WHEN n < 10 THEN 10 ELSE 100 END) + n) % 97, 0)"
    return f"({length} > 0 AND len({bare}) >= {length} AND {folded} = 1)"


def _cases(bare: str) -> str:
    return " ".join(
        f"WHEN {bare}[1:2] IN ({', '.join(repr(country) for country in countries.split())}) THEN {length}"
        for length, countries in _IBAN_LENGTHS.items()
    )
