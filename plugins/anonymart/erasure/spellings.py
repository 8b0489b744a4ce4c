"""Other spellings of an identifier, so that nobody who was erased comes back under one (R-ERASE).

A fold is what all spellings of one identifier have in common; tombstones hold its keyed hash, never the fold
itself. Tombstones of earlier versions know one spelling only: `guesses` are the spellings that they most
probably know.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import unicodedata
from urllib.parse import unquote

import duckdb

LOOSE = "loose:"
"""Fold of an address, as earlier versions made it: without dots, tags and case."""
FOLDED = "folded:"
_INVISIBLE = ("Cc", "Cf", "Zs", "Zl", "Zp", "Co", "Cn")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63_./\\\\-]+")
_ADDRESS = re.compile(r"^([^@]+)@([^@]+\.[^@]+)$")
_SCHEME = re.compile("^[a-z][a-z0-9+.-]*:/+", re.IGNORECASE)


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions anonymart_folds, anonymart_guesses and anonymart_hashes of an identifier, each a
    list of texts; once is enough.
    """
    for name, function in (
        ("anonymart_folds", folds),
        ("anonymart_guesses", guesses),
        ("anonymart_hashes", hashes),
    ):
        try:
            connection.create_function(name, function, ["VARCHAR"], "VARCHAR[]")
        # They are there: to ask duckdb_functions() first takes longer.
        except (duckdb.CatalogException, duckdb.NotImplementedException):
            return


def folds(identifier: str) -> list[str]:
    """What the identifier has in common with its other spellings; none for a hash. An account or id that is
    an address has the address's too.
    """
    kind, _, rest = identifier.partition(":")
    match kind:
        case "email":
            return [LOOSE + _address(rest)]
        case "openid":
            return [f"{FOLDED}openid:{_page(rest)}"]
        case "account":
            page, _, name = rest.partition("|")
            return [f"{FOLDED}account:{_page(page)}|{_plain(name)}", *_as_address(name)]
        case "learner":
            return [f"{FOLDED}learner:{_id(rest)}", *_as_address(rest)]
    return []


def is_same(one: str, other: str) -> bool:
    """Whether two identifiers differ in case, width, spaces and invisible signs alone."""
    return _plain(one) == _plain(other)


def guesses(identifier: str) -> list[str]:
    """Spellings of the identifier that a tombstone may know, each as an identifier: of an address also its
    hash.
    """
    kind, _, rest = identifier.partition(":")
    match kind:
        case "email":
            address = _clean_address(rest)
            return [f"email:{address}", _sha1(f"mailto:{address}")]
        case "openid":
            return [f"openid:{page}" for page in _pages(rest)]
        case "account":
            page, _, name = rest.partition("|")
            found = [f"account:{page}|{each}" for page in _pages(page) for each in _cases(_clean(name))]
            return [*found, *(f"email:{_clean_address(name)}" for _ in _as_address(name))]
        case "learner":
            clean = re.sub(r"[.]0+$", "", _clean(rest))
            return [f"learner:{each}" for each in _cases(clean)] + [
                f"email:{_clean_address(rest)}" for _ in _as_address(rest)
            ]
    return []


def hashes(identifier: str) -> list[str]:
    """The sha1 identifiers under which an address comes: with and without mailto:, in the usual cases,
    without dots and tags.
    """
    kind, _, address = identifier.partition(":")
    if kind != "email":
        return []
    local, _, host = address.lower().rpartition("@")
    capital = re.sub("[^.+_-]+", lambda word: word[0].capitalize(), local)
    locals_ = (
        local,
        local.capitalize(),
        capital,
        local.upper(),
        local.partition("+")[0],
        local.partition("+")[0].replace(".", ""),
    )
    spelled = {f"{name}@{each}" for name in locals_ for each in (host, host.capitalize(), host.upper())}
    texts = sorted(prefix + each for prefix in ("mailto:", "", "MAILTO:", "Mailto:") for each in spelled)
    return [_sha1(text) for text in texts]


def _sha1(text: str) -> str:
    return "sha1:" + hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _clean(text: str) -> str:
    """Decoded, in one width, and without what nobody sees."""
    if text.isascii() and "%" not in text:
        return "".join(text.split())
    text = unicodedata.normalize("NFKC", unquote(text))
    return "".join(sign for sign in text if unicodedata.category(sign) not in _INVISIBLE)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", _clean(text).casefold())


def _clean_address(text: str) -> str:
    text = re.sub("^(mailto:)+", "", _plain(text)).partition("?")[0]
    return text.strip("<>\"'").rstrip(".")


def _address(text: str) -> str:
    local, _, host = _clean_address(text).rpartition("@")
    bare = local.strip('"').partition("+")[0].replace(".", "")
    return f"{bare}@{re.sub('^googlemail[.]com$', 'gmail.com', _host(host))}"


def _as_address(text: str) -> list[str]:
    return (
        [LOOSE + _address(text)]
        if "@" in text + unquote(text) + _clean(text) and _ADDRESS.match(_clean_address(text))
        else []
    )


def _host(host: str) -> str:
    host = host.rstrip(".")
    if "xn--" in host:
        try:
            return host.encode("ascii").decode("idna")
        except UnicodeError:
            return host
    return host


def _page(page: str) -> str:
    """An address without scheme, www, port of the scheme and slash at the end."""
    bare = _SCHEME.sub("", _plain(page))
    host, slash, path = bare.partition("/")
    host = re.sub("^www[.]", "", _host(re.sub(":(80|443)?$", "", host)))
    path = posixpath.normpath(slash + path).strip("/") if path else ""
    return f"{host}/{path}" if path not in ("", ".") else host


def _pages(page: str) -> list[str]:
    clean = _clean(page)
    bare = _SCHEME.sub("", clean).rstrip("/")
    found = {
        clean,
        clean + "/",
        *(f"{scheme}://{bare}{slash}" for scheme in ("http", "https") for slash in ("", "/")),
    }
    return sorted(found)


def _cases(text: str) -> list[str]:
    return sorted({text, text.lower(), text.upper()})


def _id(text: str) -> str:
    """Letters and digits, with one dash where separators stand; none between letters and digits, no zeros
    before or after a number.
    """
    text = re.sub("^(mailto:)+", "", _plain(re.sub(r"\s+", "-", text.strip())))
    text = _DASHES.sub("-", re.sub("[.]0+$", "", text)).strip("-") or _plain(text)
    text = re.sub("(?<=[^0-9-])-(?=[0-9])", "", text)
    return (text.lstrip("0") or "0") if text.isdigit() else text
