"""Patterns of direct identifiers, in the regular expressions of DuckDB (RE2), with check digits in SQL.

A pattern stands alone or proposes candidates that a check digit must confirm, so that a figure or a course code is not
taken for a social security number. The patterns serve the gate (S-ANON), comments of surveys and tests alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from anonymart.detect.check_digits import iban_is_valid, nir_is_valid

_START = r"(?:^|[^A-Za-z0-9])"
_NO_DIGIT_BEFORE = r"(?:^|[^0-9])"
_NO_DIGIT_AFTER = r"(?:$|[^0-9])"
_SPACE = r"[ \x{A0}\x{2007}\x{202F}]"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_GROUP = r"[0-9A-Fa-f]{1,4}"
_NETWORKS = "twitter|linkedin|facebook|instagram|tiktok|snapchat|telegram|mastodon|youtube|github|discord"


@dataclass(frozen=True)
class Pattern:
    """One kind of identifier: what it is, the expression that finds it, and the check that confirms it."""

    kind: str
    title: str
    policy: str
    regex: str
    confirm: str | None = None

    def sql(self, column_sql: str) -> str:
        """A boolean SQL expression: the text holds an identifier of this kind. NULL holds none."""
        found = f"regexp_matches({column_sql}, {_literal(self.regex)})"
        if self.confirm is None:
            return f"coalesce({found}, false)"
        candidates = f"regexp_extract_all({column_sql}, {_literal(self.regex)}, 1)"
        confirmed = self.confirm.replace("CANDIDATE", "candidate")
        return (
            f"coalesce({found} AND len(list_filter({candidates}, lambda candidate: {confirmed})) > 0, false)"
        )


def _same_separator(head: str, pairs: int) -> str:
    """Digits in pairs, unbroken or broken by one and the same sign: a date beside an hour is no phone number."""
    repeated = "|".join(f"(?:{sign}[0-9]{{2}}){{{pairs}}}" for sign in (_SPACE, r"\.", "-", "/", "_"))
    return f"{head}(?:[0-9]{{{2 * pairs}}}|{repeated})"


_FRENCH_PHONE = f"{_NO_DIGIT_BEFORE}(?:{_same_separator('0[1-9]', 4)}){_NO_DIGIT_AFTER}"
_PREFIXED_PHONE = (
    rf"(?:\+|{_NO_DIGIT_BEFORE}00){_SPACE}?[1-9](?:[ \x{{A0}}\x{{202F}}().\-]{{0,2}}[0-9]){{7,14}}{_NO_DIGIT_AFTER}"
    rf"|{_NO_DIGIT_BEFORE}33[1-9][0-9]{{8}}{_NO_DIGIT_AFTER}"
    rf"|\([2-9][0-9]{{2}}\) ?[0-9]{{3}}[-. ][0-9]{{4}}{_NO_DIGIT_AFTER}"
)
_IPV6 = (
    rf"(?:^|[^0-9A-Za-z:])((?:{_GROUP}:){{7}}{_GROUP}|(?:{_GROUP}:){{1,6}}(?::{_GROUP}){{1,6}}"
    rf"|::(?:{_GROUP}:){{1,6}}{_GROUP}|(?:{_GROUP}:){{2,7}}:)(?:$|[^0-9A-Za-z:])"
)
_NIR = (
    rf"{_NO_DIGIT_BEFORE}([1-478]SEP[0-9]{{2}}SEP(?:0[1-9]|1[0-2]|[2-9][0-9])SEP"
    rf"(?:[0-9]{{2}}|2[ABab])SEP[0-9]{{3}}SEP[0-9]{{3}}SEP[0-9]{{2}}){_NO_DIGIT_AFTER}"
).replace("SEP", r"[ \x{A0}\x{202F}._\-]?")

_PATTERNS = (
    Pattern(
        "email",
        "an e-mail address",
        "D-IDENT",
        r"(?i)[\p{L}\p{N}._%+'\-]+(?:[@＠﹫]|%40|[ ]?[(\[](?:at|arobase)[)\]][ ]?)[\p{L}\p{N}](?:[\p{L}\p{N}\-]*\.)+\p{L}{2,}",
    ),
    Pattern("phone_fr", "a French phone number", "D-IDENT", _FRENCH_PHONE),
    Pattern("phone", "an international phone number", "D-IDENT", _PREFIXED_PHONE),
    Pattern(
        "ipv4",
        "an IP address (version 4)",
        "D-IDENT",
        rf"(?:^|[^0-9A-Za-z.])(?:{_OCTET}\.){{3}}{_OCTET}(?:$|[^0-9A-Za-z.]|\.(?:$|[^0-9]))",
    ),
    Pattern("ipv6", "an IP address (version 6)", "D-IDENT", _IPV6, "regexp_matches(CANDIDATE, '[0-9]')"),
    Pattern("nir", "a French social security number", "D-SPECIAL", _NIR, nir_is_valid("CANDIDATE")),
    Pattern(
        "iban",
        "a bank account number (IBAN)",
        "D-IDENT",
        rf"{_START}([A-Za-z]{{2}}[0-9]{{2}}(?:[ \x{{A0}}\-]?[A-Za-z0-9]){{11,30}})",
        iban_is_valid("CANDIDATE"),
    ),
    Pattern(
        "url",
        "an address of the web",
        "D-IDENT",
        r"(?i)(?:https?|ftps?|mailto|tel|sms|skype):/{0,2}[^\s/]+|(?:^|[^a-z0-9])www\.[a-z0-9\-]+\.[a-z]{2,}"
        r"|(?:^|[^a-z0-9])[a-z0-9\-]+\.(?:com|fr|org|net|io|eu|be|ch|ca|co|me|info|dev|app|uk|de|es|it)/[^\s]",
    ),
    Pattern(
        "handle",
        "a social-network handle",
        "D-IDENT",
        rf"(?i)(?:^|[\s(,;:\"'/])@[\p{{L}}\p{{N}}_][\p{{L}}\p{{N}}_.\-]+|(?:^|[^a-z])(?:{_NETWORKS})\s*[:=]\s*@?[\p{{L}}\p{{N}}_.\-]{{3,}}",
    ),
    Pattern(
        "uuid",
        "a UUID",
        "D-IDENT",
        r"(?:^|[^0-9A-Fa-f])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?:$|[^0-9A-Fa-f])",
    ),
    Pattern(
        "hash",
        "a hash (32, 40 or 64 hexadecimal digits)",
        "D-IDENT",
        r"(?:^|[^0-9A-Fa-f])(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(?:$|[^0-9A-Fa-f])",
    ),
)
KINDS = tuple(pattern.kind for pattern in _PATTERNS)


def patterns() -> dict[str, Pattern]:
    """Every pattern by its kind, in a fixed order."""
    return {pattern.kind: pattern for pattern in _PATTERNS}


def matches(kind: str, column_sql: str) -> str:
    """A boolean SQL expression: the text `column_sql` holds an identifier of `kind`. Raises KeyError when unknown."""
    return patterns()[kind].sql(column_sql)


def macros() -> str:
    """SQL that makes one macro a kind, `holds_<kind>(text)`, so that a query reads as what it forbids."""
    return "\n".join(f"CREATE OR REPLACE MACRO holds_{kind}(t) AS {matches(kind, 't')};" for kind in KINDS)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
