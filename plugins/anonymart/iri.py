"""One normal form of an IRI, in SQL: for objects, account home pages and erasure alike.

Syntax-based and scheme-based normalization after RFC 3986, 6.2.2 and 6.2.3, over the mapping of an IRI to a
URI of RFC 3987, 3.1: the case of scheme, host and percent-encoding, unreserved characters that were encoded,
dot segments, the scheme's default port, an empty path, a slash at the end. What is no address (a code,
`course-v1:…`) keeps its letters; UUIDs are lowered. http and https stay two addresses.
"""

from __future__ import annotations

from functools import cache

import duckdb

from anonymart.rows import one_row

# SQL of the address inside an account's or an openid's identifier: an IRI holds no bar, the name of an
# account may.
ADDRESS = (
    "CASE WHEN starts_with({0}, 'account:') THEN substr({0}, 9, strpos({0}, '|') - 9) WHEN "
    "starts_with({0}, 'openid:') THEN substr({0}, 8) END"
)
WITH_SLASH = (
    "CASE WHEN starts_with({0}, 'account:') THEN regexp_replace({0}, '^([^|]*)[|]', '\\1/|') ELSE {0} || "
    "'/' END"
)
_ADDRESS = r"^[A-Za-z][A-Za-z0-9+.-]*://"
_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
# An address of plain lower-case letters in a host, as nearly all are: nothing to do but to cut slashes.
_PLAIN = r"^https?://[a-z0-9.-]+(/[A-Za-z0-9_~.,;=@!$&()*+:-]+)*$"


def _bound(value: str, name: str, body: str) -> str:
    """SQL of `body` in which `name` stands for `value`: a macro would write the value's whole expression in
    each of its places.
    """
    return f"list_transform([{value}], lambda {name}: {body})[1]"


_ENCODED = """CASE WHEN regexp_matches(t, '[^\\x00-\\x7F]') THEN array_to_string(
    list_transform(string_split(nfc_normalize(t), ''), lambda c: if(ord(c) > 127, url_encode(c), c)), '')
    ELSE t END"""
_DECODED = """
    CASE WHEN contains(t, '%') THEN array_to_string(list_transform(string_split(t, '%'), lambda p, i: CASE
    WHEN i = 1 THEN p
    WHEN NOT regexp_matches(p, '^[0-9a-fA-F]{2}') THEN '%' || p
    WHEN regexp_full_match(chr(('0x' || p[:2])::INTEGER),
        '[A-Za-z0-9._~-]') THEN chr(('0x' || p[:2])::INTEGER) || p[3:]
    ELSE '%' || upper(p[:2]) || p[3:] END), '') ELSE t END"""
_ROOT = "regexp_extract(t, '^[^:]+://[^/?#]*', 0)"
_PATH = "regexp_extract(t, '^[^:]+://[^/?#]*([^?#]*)', 1)"
_WITHOUT_DOTS = """CASE WHEN regexp_matches(t, '/[.]{1,2}(/|$)') THEN array_to_string(list_reduce(
    list_transform(string_split(t, '/'), lambda s: [s]),
    lambda kept, s: CASE s[1] WHEN '.' THEN kept WHEN '..' THEN kept[:greatest(len(kept) - 1,
        1)] ELSE list_concat(kept, s) END
), '/') ELSE t END"""
_WITHOUT_PORT = (
    "regexp_replace(regexp_replace(regexp_replace(t, '^(http://.*):80$', '\\1'), '^(https://.*):443$', "
    "'\\1'), ':$', '')"
)
_LOWERED = """lower(regexp_extract(t, '^[^:]+://', 0)) || regexp_extract(t, '^[^:]+://([^/?#]*@)?', 1)
    || lower(regexp_extract(t, '^[^:]+://(?:[^/?#]*@)?([^/?#]*)', 1))
    || regexp_extract(t, '^[^:]+://[^/?#]*(.*)$', 1)"""
_CUT = f"""{_bound(_ROOT, "t", _WITHOUT_PORT)}
    || regexp_replace({_bound(_PATH, "t", _WITHOUT_DOTS)}, '/+$', '')
    || regexp_extract(t, '^[^?#]*(.*)$', 1)"""
_OF_ADDRESS = _bound(_LOWERED, "t", _bound(_ENCODED, "t", _bound(_DECODED, "t", _CUT)))
_OF_TRIMMED = f"""CASE
    WHEN regexp_matches(t, '{_ADDRESS}') THEN {_OF_ADDRESS}
    WHEN regexp_full_match(lower(t), '(urn:uuid:)?{_UUID}') THEN lower(t)
    WHEN regexp_matches(t, '^[Uu][Rr][Nn]:') THEN lower(regexp_extract(t, '^[^:]*:[^:]*',
        0)) || regexp_extract(t, '^[^:]*:[^:]*(.*)$', 1)
    ELSE regexp_replace(t, '(.)/+$', '\\1') END"""
_MACRO = f"""
CREATE OR REPLACE TEMP MACRO anonymart_normal_iri(t) AS CASE
    WHEN t IS NULL THEN NULL
    WHEN regexp_matches(t, '{_PLAIN}') AND NOT regexp_matches(t, '/[.]{{1,2}}(/|$)|:(80|443)?(/|$)') THEN t
    ELSE {_bound("trim(t)", "t", _OF_TRIMMED)} END
"""


@cache
def normal(text: str) -> str:
    """The normal form of one IRI, outside of any query."""
    with duckdb.connect(":memory:") as connection:
        install(connection)
        return one_row(connection.execute("SELECT anonymart_normal_iri($1)", [text]))[0]


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macro `anonymart_normal_iri`(text) of this connection or cursor: the normal form of an IRI,
    NULL for NULL; fragments and queries stay.
    """
    connection.execute(_MACRO)
