"""The identity register: every identifier to one person, the same whatever the order of delivery.

A learner_id is a person. Any other identifier belongs to the one learner who claims it; claimed by two, it belongs to
nobody. Unclaimed e-mails that differ only by dots and tags follow their one known sister. What nobody claims is a
person of its own if it used the site, and no person if it only answered a survey (design: People without names).
"""

from __future__ import annotations

import hashlib
import hmac

import duckdb

from anonymart.keys import Keys

_BLOCK = 64


def install(connection: duckdb.DuckDBPyConnection, keys: Keys) -> None:
    """Make the keyed functions of this connection: person_hash, row_hash, identifier_hash, loose_hash and identifier_mark of a text.

    Keys stand in TEMP tables, so in no statement or plan. The 64-bit hashes use keys derived from the person key, as SHA-256 of key and text cut to 64 bits; identifier_mark, which
    is made for every row, is the faster MD5 of key and text and never leaves the vault.
    """
    install_hmac(connection, "person_hash", keys.person)
    derived = [_derived(keys, purpose) for purpose in ("row hash", "identifier hash", "identifier mark")]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE anonymart_person_key (row_key VARCHAR, identifier_key VARCHAR, mark_key VARCHAR)"
    )
    connection.execute("INSERT INTO anonymart_person_key VALUES (?, ?, ?)", derived)
    connection.execute("""
        CREATE OR REPLACE TEMP MACRO row_hash(message) AS
            ('0x' || sha256((SELECT row_key FROM anonymart_person_key) || message)[:16])::UBIGINT;
        CREATE OR REPLACE TEMP MACRO identifier_hash(message) AS
            ('0x' || sha256((SELECT identifier_key FROM anonymart_person_key) || message)[:16])::UBIGINT;
        CREATE OR REPLACE TEMP MACRO loose_email(address) AS
            replace(regexp_replace(split_part(address, '@', 1), '[+].*$', ''), '.', '') || '@' || split_part(address, '@', 2);
        CREATE OR REPLACE TEMP MACRO loose_hash(identifier) AS
            CASE WHEN identifier LIKE 'email:%' THEN identifier_hash('loose:' || loose_email(substr(identifier, 7))) END;
        CREATE OR REPLACE TEMP MACRO identifier_mark(identifier) AS
            md5_number_lower((SELECT mark_key FROM anonymart_person_key) || identifier);
        CREATE OR REPLACE TEMP MACRO sha1_identifier(address) AS 'sha1:' || sha1('mailto:' || address);
    """)


def identifier_hash(keys: Keys, text: str) -> str:
    """What the macro identifier_hash makes of a text, as 16 hexadecimal digits."""
    return hashlib.sha256(f"{_derived(keys, 'identifier hash')}{text}".encode()).hexdigest()[:16]


def _derived(keys: Keys, purpose: str) -> str:
    return hmac.new(bytes.fromhex(keys.person), purpose.encode(), hashlib.sha256).hexdigest()


def install_hmac(connection: duckdb.DuckDBPyConnection, name: str, key_hex: str) -> None:
    """Make the macro `name`(text): HMAC-SHA256 after RFC 2104 as 64 hexadecimal digits, its padded key in a TEMP table."""
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


def claim_from_learners(connection: duckdb.DuckDBPyConnection, load_no: int) -> None:
    """Record what the learner rows of a load claim: account, e-mail, and the sha1 forms of the e-mail."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE new_claims AS
        WITH learners AS (SELECT * FROM vault.register.learners WHERE load_no = $1)
        SELECT DISTINCT learner, identifier FROM (
            SELECT identifier AS learner, identifier FROM learners
            UNION ALL
            SELECT identifier, 'account:' || account_home_page || '|' || account_name FROM learners
            UNION ALL
            SELECT identifier, 'email:' || email FROM learners
            UNION ALL
            SELECT identifier, sha1_identifier(email) FROM learners
        ) WHERE identifier IS NOT NULL
        """,
        [load_no],
    )
    _store_claims(connection)


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
        DELETE FROM new_claims WHERE (learner, identifier) IN (SELECT (learner, identifier) FROM vault.register.claims);
        INSERT INTO vault.register.claims SELECT learner, identifier FROM new_claims;
    """)
    _touch(connection, "SELECT identifier FROM new_claims")
    _enter(connection, is_user=False)


def register(connection: duckdb.DuckDBPyConnection, identifiers: str, is_user: bool) -> None:
    """Put the identifiers of a query into the register, and work out whose the new ones and their kin are.

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
    """Work out anew whose the identifiers of a query and their kin are, after claims or people have gone."""
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
    if connection.execute("SELECT count(*) FROM touched").fetchone()[0] == 0:
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
        connection.execute("DELETE FROM touched WHERE identifier IN (SELECT identifier FROM vault.register.claims)")
    _resolve(connection)


def _resolve(connection: duckdb.DuckDBPyConnection) -> None:
    """Anchor the touched identifiers and their kin: same loose e-mail, or the sha1 of one another."""
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
            ON emails.identifier LIKE 'email:%' AND hashed.identifier = sha1_identifier(substr(emails.identifier, 7));
        -- a hash stands with its e-mail where that is known
        DELETE FROM scope WHERE identifier = group_key AND identifier LIKE 'sha1:%' AND identifier IN (
            SELECT identifier FROM scope WHERE identifier <> group_key
        );

        CREATE OR REPLACE TEMP TABLE anchored AS
        WITH owners AS (
            SELECT scope.identifier, min(claims.learner) AS learner, count(DISTINCT claims.learner) AS n_learners
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
            person_hash(regexp_replace(anchors.anchor, '^learner:', '') || coalesce('|after|' || erased.until_at, '')) AS person_id
        FROM anchors
        LEFT JOIN tombstones.erased AS erased
            ON erased.identifier_hash = identifier_hash(anchors.anchor) AND erased.kind = 'own';

        UPDATE vault.register.identities AS identities
        SET anchor = anchored.anchor, person_id = persons.person_id
        FROM anchored LEFT JOIN persons USING (anchor)
        WHERE anchored.identifier = identities.identifier AND anchored.anchor IS DISTINCT FROM identities.anchor;
    """)
