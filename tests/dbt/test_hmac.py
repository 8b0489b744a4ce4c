"""HMAC-SHA256 in SQL: RFC 4231, the standard library, and no NULL where a key is missing."""

import hashlib
import hmac
import re
from pathlib import Path

import duckdb
import jinja2
import pytest

from anonymart.ingest import identities
from anonymart.keys import Keys

MACROS = Path(__file__).parents[2] / "dbt_project" / "macros" / "engine"

# RFC 4231, test cases 1 to 4, 6 and 7: key, data, HMAC-SHA-256. Case 5 is a truncated output.
VECTORS = [
    ("0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe".hex(),
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("aa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        bytes(range(1, 26)).hex(),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (
        "aa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        "aa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. "
        b"The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


def macro(name: str, *arguments: str, **variables: int) -> str:
    """The SQL of an engine macro, with DuckDB's own version of whatever it dispatches."""
    text = "".join((MACROS / file).read_text(encoding="utf-8") for file in ("hmac_sha256.sql", "keys.sql"))
    text = re.sub(r"adapter\.dispatch\('(\w+)', 'anonymart'\)", r"duckdb__\1", text)
    template = jinja2.Environment().from_string(
        text,
        globals={"return": lambda value: value, "var": lambda name, default: variables.get(name, default)},
    )
    return str(getattr(template.make_module(), name)(*arguments)).strip()


@pytest.fixture()
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize(("key", "data", "expected"), VECTORS)
def test_rfc_4231(database, key, data, expected):
    # The macro takes texts; a test vector may be bytes that are no text.
    sql = macro("hmac_sha256", f"'{key}'", "message").replace("encode(message)", "message")
    assert (
        database.execute(f"select {sql} from (select ?::blob as message)", [data]).fetchone()[0] == expected
    )


def test_texts_as_the_standard_library_does(database):
    key = "00ff" * 16
    names = ["learner:L1", "", "email:zoé@exämple.org", "x" * 1000]
    sql = macro("hmac_sha256", f"'{key}'", "name")
    found = database.execute(f"select {sql} from (select unnest(?) as name)", [names]).fetchall()
    assert [row[0] for row in found] == [
        hmac.new(bytes.fromhex(key), name.encode(), hashlib.sha256).hexdigest() for name in names
    ]


@pytest.mark.parametrize("content", ["", "insert into anonymart_keys values (null, null)"])
def test_no_key_is_an_error_and_never_null(database, content):
    database.execute(
        f"create temp table anonymart_keys (pseudonym_key varchar, record_key varchar); {content}"
    )
    for name in ("pseudonym_hash", "record_hash"):
        with pytest.raises(duckdb.Error, match="holds no key"):
            database.execute(f"select {macro(name, 'a')} from (select 'x' as a)")


def test_a_rotated_key_hashes_what_the_ones_before_gave(database):
    links = ["ab" * 32, "cd" * 32, "ef" * 32]
    keys = Keys(*["0" * 64] * 3, ".".join(links), *["0" * 64] * 2)
    names = ", ".join(f"'{key}' as pseudonym_key_{number}_of_3" for number, key in enumerate(links, 1))
    database.execute(f"create temp table anonymart_keys as select {names}")
    sql = macro("pseudonym_hash", "a", pseudonym_links=3)
    hashed = database.execute(f"select {sql} from (select 'learner:zoé' as a)").fetchone()[0]
    assert hashed == keys.pseudonym_of("learner:zoé")
    identities.install_pseudonym(database, keys)
    assert database.execute("select pseudonym_hash('learner:zoé')").fetchone()[0] == hashed
    # Compiled for another number of keys, a model fails and hashes nothing.
    for n_links in (1, 2):
        with pytest.raises(duckdb.Error, match="pseudonym_key"):
            database.execute(
                f"select {macro('pseudonym_hash', 'a', pseudonym_links=n_links)} from (select 'x' as a)"
            )


def test_no_key_table_is_an_error(database):
    with pytest.raises(duckdb.Error, match="anonymart_keys"):
        database.execute(f"select {macro('pseudonym_hash', 'a')} from (select 'x' as a)")


def test_first_bits(database):
    digest = "80000000ffffffff" + "0" * 48
    sql = f"select {macro('first_64_bits', 'h')}, {macro('first_32_bits', 'h')} from (select '{digest}' as h)"
    assert database.execute(sql).fetchone() == (
        int.from_bytes(bytes.fromhex(digest[:16]), signed=True),
        2**31,
    )
