"""The identity register: every identifier to one person, the same whatever the order of delivery.

A learner_id is a person. Any other identifier belongs to the one learner who claims it; claimed by two, it
belongs to nobody. Unclaimed e-mails that differ only by dots and tags follow their one known sister. What
nobody claims is a person of its own if it used the site, and no person if it only answered a survey (design:
People without names).
"""

from __future__ import annotations

import hashlib
import hmac

import duckdb

from anonymart import iri
from anonymart.erasure import spellings
from anonymart.keys import Keys
from anonymart.rows import one_row
from anonymart.temp_tables import SPELLED

_BLOCK = 64


def install(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Make the keyed functions of this connection: person_hash, row_hash, identifier_hash, loose_hash and
    identifier_mark of a text.

    Keys stand in TEMP tables, so in no statement or plan. The 64-bit hashes use keys derived from the person
    key, as SHA-256 of key and text cut to 64 bits; identifier_mark, which is made for every row, is the
    faster MD5 of key and text and never leaves the vault.
    """
    install_hmac(connection, "person_hash", keys.person)
    spellings.install(connection)
    derived = [_derived(keys, purpose) for purpose in ("row hash", "identifier hash", "identifier mark")]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE anonymart_person_key (row_key VARCHAR, identifier_key VARCHAR, "
        "mark_key VARCHAR)"
    )
    connection.execute("INSERT INTO anonymart_person_key VALUES (?, ?, ?)", derived)
    connection.execute("""
        CREATE OR REPLACE TEMP MACRO row_hash(message) AS
            ('0x' || sha256((SELECT row_key FROM anonymart_person_key) || message)[:16])::UBIGINT;
        CREATE OR REPLACE TEMP MACRO identifier_hash(message) AS
            ('0x' || sha256((SELECT identifier_key FROM anonymart_person_key) || message)[:16])::UBIGINT;
        CREATE OR REPLACE TEMP MACRO loose_email(address) AS
            replace(regexp_replace(split_part(address, '@', 1), '[+].*$', ''), '.',
                '') || '@' || split_part(address, '@', 2);
        CREATE OR REPLACE TEMP MACRO loose_hash(identifier) AS
            CASE WHEN identifier LIKE 'email:%' THEN identifier_hash('loose:' ||
                loose_email(substr(identifier, 7))) END;
        CREATE OR REPLACE TEMP MACRO identifier_mark(identifier) AS
            md5_number_lower((SELECT mark_key FROM anonymart_person_key) || identifier);
        CREATE OR REPLACE TEMP MACRO sha1_identifier(address) AS 'sha1:' || sha1('mailto:' || address);
    """)
    connection.execute(SPELLED.empty)


def identifier_hash(keys: Keys, text: str) -> str:
    """What the macro identifier_hash makes of a text, as 16 hexadecimal digits."""
    return hashlib.sha256(f"{_derived(keys, 'identifier hash')}{text}".encode()).hexdigest()[:16]


def _derived(keys: Keys, purpose: str) -> str:
    return hmac.new(bytes.fromhex(keys.person), purpose.encode(), hashlib.sha256).hexdigest()


def install_hmac(connection: duckdb.DuckDBPyConnection, name: str, key_hex: str) -> None:
    """Make the macro `name`(text): HMAC-SHA256 after RFC 2104 as 64 hexadecimal digits, its padded key in a
    TEMP table.
    """
    padded = bytes.fromhex(key_hex).ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE anonymart_{name} (inner_pad BLOB, outer_pad BLOB)")
    connection.execute(f"INSERT INTO anonymart_{name} VALUES (?, ?)", [inner, outer])
    connection.execute(f"""
        CREATE OR REPLACE TEMP MACRO {name}(message) AS sha256(
            (SELECT outer_pad FROM anonymart_{name})
            || unhex(sha256((SELECT inner_pad FROM anonymart_{name}) || encode(message)))
        )
    """)


def first_64_bits(hashed: str) -> str:
    """SQL for the key of a hash, a BIGINT, as dbt's macro of the same name."""
    return f"CAST(CAST(unhex(substr({hashed}, 1, 16)) AS BIT) AS BIGINT)"


def install_pseudonym(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Make the macro pseudonym_hash(text) of this connection, as `Keys.pseudonym_of` and dbt's macro."""
    first, *later = keys.pseudonym_links
    install_hmac(connection, "pseudonym_hash_1", first)
    hashed = "pseudonym_hash_1(message)"
    for number, link in enumerate(later, 2):
        install_hmac(connection, f"pseudonym_hash_{number}", link)
        hashed = f"pseudonym_hash_{number}(substr({hashed}, 1, 16))"
    connection.execute(f"CREATE OR REPLACE TEMP MACRO pseudonym_hash(message) AS {hashed}")


def to_normal_form(connection: duckdb.DuckDBPyConnection, table: str, column: str, ours: str) -> None:
    """Bring accounts and openids of a table to the normal form of their address (RFC 3986, 6.2.2 and 6.2.3);
    names stay as they are.

    TEMP table `spelled` (delivered, normal) then holds those that came otherwise: tombstones may know them by
    that spelling.
    """
    connection.execute(
        SPELLED.made_of(f"""
        WITH named AS (
            SELECT DISTINCT {column} AS delivered FROM {table}
            WHERE {ours} AND (starts_with({column}, 'account:') OR starts_with({column}, 'openid:'))
        ),
        parts AS (
            SELECT delivered, {iri.ADDRESS.format("delivered")} AS address,
                CASE WHEN starts_with(delivered, 'account:') THEN substr(delivered, strpos(delivered,
                    '|')) ELSE '' END AS rest
            FROM named
        ),
        addresses AS (
            SELECT address, anonymart_normal_iri(address) AS normal FROM (SELECT DISTINCT address FROM parts)
        )
        SELECT parts.delivered, split_part(parts.delivered, ':',
            1) || ':' || addresses.normal || parts.rest AS normal
        FROM parts INNER JOIN addresses USING (address) WHERE addresses.normal <> address
    """)
    )
    if one_row(connection.execute("SELECT EXISTS (FROM spelled)"))[0]:
        connection.execute(
            f"UPDATE {table} SET {column} = spelled.normal FROM spelled WHERE {ours} AND {column} = "
            f"spelled.delivered"
        )


def forms_of(identifiers: str) -> str:
    """Query (identifier, form): the identifiers of a query with every spelling under which a keyed hash may
    know them.

    The normal form, the delivered one where `spelled` has it, and the address with the slash that earlier
    versions kept at its end.
    """
    return f"""
        WITH named AS MATERIALIZED (
            SELECT DISTINCT identifier FROM ({identifiers}) AS incoming (identifier)
            WHERE identifier IS NOT NULL
        )
        SELECT identifier, identifier AS form FROM named
        UNION ALL
        SELECT normal, delivered FROM spelled SEMI JOIN named ON named.identifier = spelled.normal
        UNION ALL
        SELECT identifier, {iri.WITH_SLASH.format("identifier")} FROM named
        WHERE starts_with(identifier, 'account:') OR starts_with(identifier, 'openid:')
    """


def find_claims(connection: duckdb.DuckDBPyConnection, rows: str = "incoming") -> None:
    """TEMP table `new_claims`: what the rows of learners in `rows` claim, older versions of a learner's row
    among them.

    Account, e-mail, and the sha1 form of the e-mail.
    """
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE new_claims AS
        SELECT DISTINCT learner, identifier FROM (
            SELECT identifier AS learner, unnest([
                identifier, 'account:' || account_home_page || '|' || account_name, 'email:' || email,
                    sha1_identifier(email)
            ]) AS identifier FROM {rows}
        ) WHERE identifier IS NOT NULL
    """)


def claim_from_learners(connection: duckdb.DuckDBPyConnection) -> None:
    """Record `new_claims`. An account stays with the learner who claimed it, until the present row of another
    one names it.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE claimed AS SELECT DISTINCT learner FROM new_claims")
    _store_claims(connection)
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE left_to_others AS
        WITH accounts AS (
            SELECT DISTINCT claims.identifier FROM vault.register.claims AS claims
            SEMI JOIN claimed USING (learner)
            WHERE starts_with(claims.identifier, 'account:')
        ),
        contested AS (
            SELECT identifier FROM vault.register.claims SEMI JOIN accounts USING (identifier)
            GROUP BY identifier HAVING count(*) > 1
        ),
        present AS (
            SELECT identifier AS learner, 'account:' || account_home_page || '|' || account_name AS identifier
            FROM vault.register.learners
        )
        SELECT claims.learner, claims.identifier
        FROM vault.register.claims AS claims SEMI JOIN contested USING (identifier)
        WHERE claims.identifier IN (SELECT identifier FROM present)
            AND (claims.learner, claims.identifier) NOT IN (SELECT (learner, identifier) FROM present
            WHERE identifier IS NOT NULL)
    """)
    if one_row(connection.execute("SELECT EXISTS (FROM left_to_others)"))[0]:
        connection.execute(
            "DELETE FROM vault.register.claims WHERE (learner, identifier) IN (SELECT (learner, "
            "identifier) FROM left_to_others)"
        )
        resolve_again(connection, "SELECT identifier FROM left_to_others")


def claim_pairs(connection: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Record claims from a query of (learner identifier, e-mail): answers that name a person twice."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE new_claims AS
        SELECT DISTINCT learner, unnest(['email:' || address, sha1_identifier(address)]) AS identifier
        FROM ({pairs}) AS pairs (learner, address) WHERE learner IS NOT NULL AND address IS NOT NULL
    """)
    _store_claims(connection)


def _store_claims(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        DELETE FROM new_claims WHERE (learner, identifier) IN (SELECT (learner, identifier)
        FROM vault.register.claims);
        INSERT INTO vault.register.claims SELECT learner, identifier FROM new_claims;
    """)
    _touch(connection, "SELECT identifier FROM new_claims")
    _enter(connection, is_user=False)


# Accounts that follow another account: what `link` has noted.
LINKED = """SELECT group_key AS identifier, identifier AS alias FROM vault.register.identities
    WHERE kind = 'account' AND group_key LIKE 'account:%' AND group_key <> identifier"""


def link(connection: duckdb.DuckDBPyConnection, pairs: str) -> None:
    """Note that two accounts are one person's, from a query of (identifier, alias): a platform's own log
    names its users by name and by number.

    The alias gets the group of the account; whoever claims one of the two owns both, as with e-mails that
    differ by dots and tags only. The note stands in the identity register itself and leaves with it
    (R-ERASE).
    """
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE linked AS
        SELECT identifier, alias FROM ({pairs}) AS pairs (identifier, alias)
        WHERE alias NOT IN (SELECT alias FROM ({LINKED}) AS known) AND identifier NOT IN (SELECT alias
        FROM ({LINKED}) AS known)
    """)
    if one_row(connection.execute("SELECT count(*) FROM linked"))[0] == 0:
        return
    connection.execute("""
        INSERT INTO vault.register.identities (identifier, kind, group_key, is_user)
        SELECT named, 'account', named, true FROM (SELECT identifier AS named FROM linked UNION SELECT alias
        FROM linked)
        WHERE named NOT IN (SELECT identifier FROM vault.register.identities);
        UPDATE vault.register.identities AS identities SET group_key = linked.identifier FROM linked
        WHERE identities.identifier = linked.alias
    """)
    resolve_again(connection, "SELECT identifier FROM linked UNION SELECT alias FROM linked")


def register(connection: duckdb.DuckDBPyConnection, identifiers: str, is_user: bool) -> None:
    """Put the identifiers of a query into the register, and work out whose the new ones and those linked to
    them are.

    `is_user` says that the rows show a use of the site or a learner; a survey answer does not.
    """
    _touch(connection, identifiers)
    connection.execute(f"""
        DELETE FROM touched WHERE identifier IN (
            SELECT identifier FROM vault.register.identities WHERE is_user OR NOT {is_user}
        )
    """)
    _enter(connection, is_user)


def resolve_again(connection: duckdb.DuckDBPyConnection, identifiers: str) -> None:
    """Work out anew whose the identifiers of a query and those linked to them are, after claims or people
    have gone.
    """
    _touch(connection, identifiers)
    connection.execute("""
        UPDATE vault.register.identities SET anchor = NULL, person_id = NULL
        WHERE identifier IN (SELECT identifier FROM touched)
    """)
    _resolve(connection)


def _touch(connection: duckdb.DuckDBPyConnection, identifiers: str) -> None:
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE touched AS
        SELECT DISTINCT identifier FROM ({identifiers}) AS incoming (identifier) WHERE identifier IS NOT NULL
    """)


def _enter(connection: duckdb.DuckDBPyConnection, is_user: bool) -> None:
    flag = str(is_user).lower()
    if one_row(connection.execute("SELECT count(*) FROM touched"))[0] == 0:
        return
    connection.execute(f"""
        UPDATE vault.register.identities SET is_user = true
        WHERE {flag} AND NOT is_user AND identifier IN (SELECT identifier FROM touched);
        INSERT INTO vault.register.identities
        SELECT identifier, split_part(identifier, ':', 1),
            CASE
                WHEN identifier LIKE 'email:%' THEN 'email:' || loose_email(substr(identifier, 7))
                ELSE identifier
            END,
            {flag} OR identifier LIKE 'learner:%', NULL, NULL
        FROM touched ANTI JOIN vault.register.identities USING (identifier);
    """)
    if is_user:
        # Whose a claimed identifier is does not depend on its use.
        connection.execute(
            "DELETE FROM touched WHERE identifier IN (SELECT identifier FROM vault.register.claims)"
        )
    _resolve(connection)


def _resolve(connection: duckdb.DuckDBPyConnection) -> None:
    """Anchor the touched identifiers and those linked to them: same loose e-mail, or the sha1 of one
    another.
    """
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE scope AS
        WITH groups AS (
            SELECT DISTINCT identities.group_key
            FROM vault.register.identities AS identities SEMI JOIN touched USING (identifier)
            UNION
            SELECT DISTINCT emails.group_key
            FROM vault.register.identities AS emails
            SEMI JOIN touched ON touched.identifier = sha1_identifier(substr(emails.identifier, 7))
            WHERE emails.kind = 'email' AND EXISTS (SELECT 1 FROM touched WHERE identifier LIKE 'sha1:%')
        ),
        emails AS (
            SELECT identities.identifier, identities.group_key
            FROM vault.register.identities AS identities SEMI JOIN groups USING (group_key)
        )
        SELECT identifier, group_key FROM emails
        UNION
        SELECT hashed.identifier, emails.group_key
        FROM emails
        INNER JOIN vault.register.identities AS hashed
            ON emails.identifier LIKE 'email:%' AND hashed.identifier =
                sha1_identifier(substr(emails.identifier, 7));
        -- a hash stands with its e-mail where that is known
        DELETE FROM scope WHERE identifier = group_key AND identifier LIKE 'sha1:%' AND identifier IN (
            SELECT identifier FROM scope WHERE identifier <> group_key
        );

        CREATE OR REPLACE TEMP TABLE anchored AS
        WITH owners AS (
            SELECT scope.identifier, min(claims.learner) AS learner,
                count(DISTINCT claims.learner) AS n_learners
            FROM scope INNER JOIN vault.register.claims AS claims USING (identifier)
            GROUP BY scope.identifier
        ),
        groups AS (
            SELECT scope.group_key,
                min(owners.learner) FILTER (owners.n_learners = 1) AS learner,
                count(DISTINCT owners.learner) FILTER (owners.n_learners = 1) AS n_learners,
                bool_or(owners.n_learners > 1) AS is_contested,
                min(scope.identifier) FILTER (owners.identifier IS NULL) AS smallest,
                bool_or(identities.is_user) FILTER (owners.identifier IS NULL) AS is_user
            FROM scope
            INNER JOIN vault.register.identities AS identities USING (identifier)
            LEFT JOIN owners USING (identifier)
            GROUP BY scope.group_key
        )
        SELECT scope.identifier,
            CASE
                WHEN scope.identifier LIKE 'learner:%' THEN scope.identifier
                WHEN owners.n_learners = 1 THEN owners.learner
                WHEN owners.n_learners > 1 THEN NULL
                WHEN groups.n_learners = 1 AND groups.is_contested IS NOT true THEN groups.learner
                WHEN groups.n_learners > 1 OR groups.is_contested THEN NULL
                WHEN groups.is_user THEN groups.smallest
            END AS anchor
        FROM scope
        LEFT JOIN owners USING (identifier)
        LEFT JOIN groups USING (group_key);

        -- keyed hashes are dear: one for each person, not for each identifier
        CREATE OR REPLACE TEMP TABLE persons AS
        WITH anchors AS (SELECT DISTINCT anchor FROM anchored WHERE anchor IS NOT NULL)
        SELECT anchors.anchor,
            -- who comes back after an erasure is a new person, with no tie to the old (R-ERASE)
            person_hash(regexp_replace(anchors.anchor, '^learner:',
                '') || coalesce('|after|' || erased.until_at, '')) AS person_id
        FROM anchors
        LEFT JOIN tombstones.erased AS erased
            ON erased.identifier_hash = identifier_hash(anchors.anchor) AND erased.kind = 'own';

        UPDATE vault.register.identities AS identities
        SET anchor = anchored.anchor, person_id = persons.person_id
        FROM anchored LEFT JOIN persons USING (anchor)
        WHERE anchored.identifier = identities.identifier AND anchored.anchor IS DISTINCT
        FROM identities.anchor;
    """)
