"""Patterns of direct identifiers, in the regular expressions of DuckDB (RE2), with check digits in SQL.

A pattern stands alone or proposes candidates that a check digit or a list must confirm, so that a figure or a
course code is not taken for a social security number. The patterns serve the gate (S-ANON), comments of
surveys and tests alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import duckdb

from anonymart.detect import contexts, shapes
from anonymart.detect.check_digits import card_is_valid, iban_is_valid, nir_is_valid
from anonymart.detect.folding import folded
from anonymart.detect.word_lists import not_names

PATTERNED = (
    "nir",
    "iban",
    "card",
    "email",
    "url",
    "phone",
    "phone_fr",
    "ipv6",
    "ipv4",
    "uuid",
    "hash",
    "handle",
    "birth_date",
    "address",
)
KINDS = (*PATTERNED, "name")
_CHECKS = {"nir": nir_is_valid, "iban": iban_is_valid, "card": card_is_valid}
# A run of hexadecimal digits is a hash or pseudonym when letters and digits take turns, or when it is as long
# as a digest.
_MIXED = "(?:[0-9]+[a-f]+){2}|(?:[a-f]+[0-9]+){2}|^(?:.{32}|.{40}|.{64})$"
_NO_POSTAL_TOWN = "^[^ ]* (?:eur|la plat|le cour|le site|les cours)"


@dataclass(frozen=True)
class Rule:
    """One expression whose group 1 is a candidate, and what confirms the candidate.

    `needs` is a quick expression that every text with a match matches, `look` a still quicker one that many
    rules share; `accept` and `reject` look at the folded candidate; `check` names a check digit: nir, iban or
    card.
    """

    regex: str
    needs: str = ""
    look: str = ""
    accept: str | None = None
    reject: str | None = None
    check: str | None = None

    def sql(self, column_sql: str) -> str:
        """A boolean SQL expression, NULL or false where nothing is found."""
        found = f"regexp_matches({column_sql}, {_literal(self.regex)})"
        confirmed = " AND ".join(self._confirmations("candidate"))
        if confirmed:
            candidates = f"regexp_extract_all({column_sql}, {_literal(self.regex)}, 1)"
            found = (
                f"CASE WHEN {found} THEN len(list_filter({candidates}, lambda candidate: {confirmed})) > "
                f"0 END"
            )
        return (
            f"CASE WHEN regexp_matches({column_sql}, {_literal(self.needs)}) THEN {found} END"
            if self.needs
            else found
        )

    def query(self, texts: str) -> str:
        """A query for the texts, out of the relation `texts` (text), in which a candidate is confirmed; each
        text at least once.

        On many texts this is far quicker than `sql`, whose expressions are made anew for every few of them.
        """
        is_found = f"regexp_matches(text, {_literal(self.regex)})"
        if self.needs:
            is_found = f"regexp_matches(text, {_literal(self.needs)}) AND {is_found}"
        confirmed = self._confirmations("candidate")
        if not confirmed:
            return f"SELECT text FROM {texts} WHERE {is_found}"
        candidates = (
            f"SELECT text, unnest(regexp_extract_all(text, {_literal(self.regex)}, 1)) AS candidate FROM "
            f"{texts} WHERE {is_found}"
        )
        return f"SELECT text FROM ({candidates}) WHERE {' AND '.join(confirmed)}"

    def _confirmations(self, candidate: str) -> list[str]:
        found = []
        if self.accept:
            found.append(f"regexp_matches({folded(candidate)}, {_literal(self.accept)})")
        if self.reject:
            found.append(f"NOT regexp_matches({folded(candidate)}, {_literal(self.reject)})")
        return [*found, _CHECKS[self.check](candidate)] if self.check else found


@dataclass(frozen=True)
class Pattern:
    """One kind of identifier: what it is, the policy id that forbids it, and the rules that find it."""

    kind: str
    title: str
    policy: str
    rules: tuple[Rule, ...]

    def sql(self, column_sql: str) -> str:
        """A boolean SQL expression: the text holds an identifier of this kind. NULL holds none."""
        return (
            f"coalesce({' OR '.join(f'coalesce({rule.sql(column_sql)}, false)' for rule in self.rules)}, "
            f"false)"
        )


# Signs of a program or a page that begin like a handle, and words that follow the name of a network.
_NO_HANDLE = (
    "^@?(?:staticmethod|classmethod|property|media|override|component|input|output|injectable|import|param|params|return|returns|dataclass|pytest|app|route|angular|babel"
    "|types|vue|nestjs|everyone|here|channel|all|author|deprecated|autowired|entity|test|before|after|keyframes|font-face|include|mixin|extend|charset|supports|layer|todo"
    "|ngmodule|directive|pipe|abstractmethod|wraps|cached|task|dag|fixture|login|[0-9]+[a-z]?)(?:$|[^a-z])|^@[^a-z]*$"
)
_NO_HANDLE_OF = (
    "^[a-z]+[ \t\n]*[:=][ "
    "\t\n]*(?:aucune?|non|oui|no|yes|ok|tres|very|bien|bon|bonne|good|great|super|top|nul|pas|pour|les?|la|une?|des|du|mon|ma|mes|the|and|not|trop|peu|rien|nothing"
    "|comme|c|il|on|je|tout|jamais|never|always|toujours|utile|useful|inutile|http|https|www|voir|see|parfait|genial|cours|projet|compte|page|groupe|group|[0-9./]+)(?:$|[^a-z])"
)
_NO_WAYS = sorted(set(not_names()) - set(["d", "de", "des", "du", "l", "la", "le", "les"]))
_NO_STREET = (
    rf"^(?:chap|cour|modul|proje|exerc|lecon|lesson|part|section|num|n)[a-z]*|^[^a-z]*(?:bis|ter|quater|"
    rf"[abc])?[ ,]*(?:[a-z.]+ |(?:cours|place|passage|voie) (?:de |du |des )?)(?:{'|'.join(_NO_WAYS)})"
    rf"(?:$|[^a-z'’-])"
)


@cache
def patterns() -> dict[str, Pattern]:
    """Every pattern by its kind, in a fixed order: where two find the same place, the first one names it."""

    def rule(name: str, **confirmation: str) -> Rule:
        look = shapes.DIGITS if name.startswith(("nir", "phone_")) else ""
        return Rule(getattr(shapes, name.upper()), shapes.HINTS[name], look, **confirmation)

    found = (
        Pattern(
            "nir",
            "a French social security number",
            "D-SPECIAL",
            (rule("nir", check="nir"), rule("nir_spaced", check="nir"), rule("nir_short")),
        ),
        Pattern("iban", "a bank account number (IBAN)", "D-IDENT", (rule("iban", check="iban"),)),
        Pattern("card", "the number of a payment card", "D-IDENT", (rule("card", check="card"),)),
        Pattern(
            "email",
            "an e-mail address, spelled out or not",
            "D-IDENT",
            (rule("email"), rule("email_spelled")),
        ),
        Pattern("url", "an address of the web", "D-IDENT", (rule("url"),)),
        Pattern(
            "phone",
            "a phone number of another country",
            "D-IDENT",
            (
                rule("phone"),
                rule("phone_national", accept="^[(0-9].*[0-9]$"),
                rule("phone_said"),
            ),
        ),
        Pattern("phone_fr", "a French phone number", "D-IDENT", (rule("phone_fr"), rule("phone_fr_unusual"))),
        Pattern("ipv6", "an IP address (version 6)", "D-IDENT", (rule("ipv6", accept="[0-9]"),)),
        Pattern("ipv4", "an IP address (version 4)", "D-IDENT", (rule("ipv4", accept="^[0-9]"),)),
        Pattern("uuid", "a UUID", "D-IDENT", (rule("uuid"),)),
        Pattern(
            "hash",
            "a hash or a hexadecimal pseudonym (16 digits or more)",
            "D-IDENT",
            (rule("hash", accept=_MIXED),),
        ),
        Pattern(
            "handle",
            "a social-network handle",
            "D-IDENT",
            (rule("handle", reject=_NO_HANDLE), rule("handle_of", reject=_NO_HANDLE_OF)),
        ),
        Pattern("birth_date", "a date of birth", "D-IDENT", (rule("birth_date"),)),
        Pattern(
            "address",
            "a French postal address",
            "D-IDENT",
            (
                rule("street", accept="^(?:n°|[0-9])", reject=_NO_STREET),
                rule("postal_town", reject=_NO_POSTAL_TOWN),
            ),
        ),
        Pattern(
            "name",
            "the name of a person, by its context",
            "D-IDENT",
            tuple(Rule(regex, hint, reject=reject) for regex, hint, reject in contexts.rules()),
        ),
    )
    return {pattern.kind: pattern for pattern in found}


def matches(kind: str, column_sql: str) -> str:
    """A boolean SQL expression: the text `column_sql` holds an identifier of `kind`. Raises KeyError when
    unknown.
    """
    return patterns()[kind].sql(column_sql)


def kinds_query(texts: str, kinds: tuple[str, ...] = ()) -> str:
    """A query (text, kind) for what the texts of the relation `texts` (text) hold: each pair once, only these
    kinds (all if none).

    One quick look at each text comes first, and nearly all of them are left there. Raises KeyError when a
    kind is unknown.
    """
    return _query(texts, _rules(kinds))


def kinds_query_of_few(connection: duckdb.DuckDBPyConnection, texts: str, kinds: tuple[str, ...] = ()) -> str:
    """The same query, made for texts that the connection has: without the rules that none of them can match.

    Of few texts the answer is quick and the plan is not: that of all rules takes a third of a second.
    """
    rules = _rules(kinds)
    needs = list(dict.fromkeys(rule.needs for _, rule in rules if rule.needs))
    looks = ", ".join(f"coalesce(bool_or(regexp_matches(text, {_literal(each)})), false)" for each in needs)
    found = (connection.execute(f"SELECT {looks} FROM {texts}").fetchone() or ()) if needs else ()
    met = {need for need, is_met in zip(needs, found, strict=True) if is_met}
    left = [(kind, rule) for kind, rule in rules if not rule.needs or rule.needs in met]
    return _query(texts, left) if left else "SELECT '' AS text, '' AS kind WHERE false"


def _rules(kinds: tuple[str, ...]) -> list[tuple[str, Rule]]:
    return [(kind, rule) for kind in kinds or KINDS for rule in patterns()[kind].rules]


def _query(texts: str, rules: list[tuple[str, Rule]]) -> str:
    hints = "|".join(f"(?:{hint})" for hint in dict.fromkeys(rule.look or rule.needs for _, rule in rules))
    found = " UNION ALL ".join(
        f"SELECT text, '{kind}' AS kind FROM ({rule.query('looked_at')})" for kind, rule in rules
    )
    return (
        f"WITH looked_at AS MATERIALIZED (SELECT text FROM {texts} WHERE regexp_matches(text, "
        f"{_literal(hints)})) "
        f"SELECT DISTINCT text, kind FROM ({found})"
    )


def without_addresses(column_sql: str) -> str:
    """SQL for the text without its e-mail and web addresses and handles, whose words say nothing of what the
    text is about.
    """
    hints = "|".join(f"(?:{shapes.HINTS[name]})" for name in ("email", "email_spelled", "url", "handle"))
    rest = column_sql
    for regex in (shapes.EMAIL, shapes.EMAIL_SPELLED, shapes.URL, shapes.HANDLE):
        rest = f"regexp_replace({rest}, {_literal(regex)}, ' ', 'g')"
    return f"CASE WHEN regexp_matches({column_sql}, {_literal(hints)}) THEN {rest} ELSE {column_sql} END"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
