"""Who is to be erased, rule by rule: the TEMP table `to_erase` (identifier, until_at, scope) of a connection
with the vault attached.

Rows about a time up to `until_at` (UTC) go; a row that tells no time goes too. `scope` says from which
places.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import duckdb

from anonymart.erasure.places import Place
from anonymart.erasure.tombstones import Kind, n_unswept
from anonymart.errors import UsageError
from anonymart.ingest import waiting
from anonymart.ingest.activity_periods import closing_on, local_date
from anonymart.policy import Policy
from anonymart.rows import one_row
from anonymart.temp_tables import ASKED, RESTRICTED, TO_ERASE


class Scope(StrEnum):
    """From which places the rows of somebody go."""

    ALL = "all"
    """Every place (R-ERASE, P-STAT; a child of today, R-MINOR)."""
    ACTIVITY = "activity"
    """Every place but requests, consents and who is who (a former activity period under P-STAT; the time
    under age, R-MINOR).
    """
    ANSWERS = "answers"
    """What was answered to surveys, in vault and warehouse (R-WITHDRAW)."""
    IDENTIFIED = "identified"
    """Identified answers in the vault; what the warehouse drew from them stays (P-SURVEY)."""


def start(connection: duckdb.DuckDBPyConnection) -> None:
    """Make an empty `to_erase`, and `restricted`: the identifiers of people whose rows stay as they are
    (R-RESTRICT).
    """
    connection.execute(TO_ERASE.empty)
    connection.execute(
        RESTRICTED.made_of("""
        WITH asked AS (
            SELECT coalesce(identities.anchor, requests.identifier) AS who, requests.received_at,
                requests.is_lift, requests.identity_verified
            FROM (
                SELECT identifier, kind, received_at, coalesce(lower(trim(details)) = 'lift',
                    false) AS is_lift, identity_verified
                FROM vault.rights.requests
                WHERE request_id NOT IN (SELECT request_id FROM vault.rights.steps WHERE state = 'refused')
                UNION ALL
                SELECT identifier, kind, received_at, is_lift, true FROM vault.rights.standing
            ) AS requests
            INNER JOIN vault.register.identities AS identities USING (identifier)
            WHERE requests.kind = 'restrict'
        ),
        held AS (
            SELECT who FROM asked GROUP BY who
            HAVING max(received_at) FILTER (NOT is_lift)
                >= coalesce(max(received_at) FILTER (is_lift AND identity_verified), TIMESTAMP '0001-01-01')
        )
        SELECT identifier FROM vault.register.identities
        SEMI JOIN held ON held.who = coalesce(anchor, identifier)
        UNION
        -- nobody knows yet what the people of an unreadable row ask for
        SELECT linked.identifier FROM vault.register.identities AS linked
        SEMI JOIN (
            SELECT coalesce(anchor, identifier) AS who FROM vault.register.identities
            SEMI JOIN vault.rights.unreadable_names USING (identifier)
        ) AS named ON named.who = coalesce(linked.anchor, linked.identifier)
    """)
    )


def end_of(day: date, policy: Policy) -> datetime:
    """The last microsecond of a day in the register's time zone, as UTC without an offset."""
    zone = ZoneInfo(policy.figure("window", "time_zone"))
    midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return midnight.replace(tzinfo=None) - timedelta(microseconds=1)


def expand_requests(connection: duckdb.DuckDBPyConnection, request_ids: tuple[str, ...]) -> None:
    """Fill the TEMP table `asked` (identifier, kind) with every identifier of the people who made these
    requests (R-ERASE).

    Raises UsageError when a request names an identifier that two people claim.
    """
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE chosen AS SELECT unnest($1::VARCHAR[]) AS request_id",
        [list(request_ids)],
    )
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE named_by_request AS
        SELECT DISTINCT identities.* FROM vault.rights.requests AS requests
        SEMI JOIN chosen USING (request_id)
        INNER JOIN vault.register.identities AS identities USING (identifier)
    """)
    n_contested = one_row(
        connection.execute("""
        SELECT count(*) FROM named_by_request
        WHERE anchor IS NULL AND identifier IN (SELECT identifier FROM vault.register.claims)
    """)
    )[0]
    if n_contested:
        raise UsageError(
            "A request names an e-mail of two people: let it name the one who asks by learner_id; "
            "nothing was removed."
        )
    connection.execute(
        ASKED.made_of(f"""
        WITH own AS (
            SELECT identifier, anchor LIKE 'learner:%' AS knows_learner FROM vault.register.identities
            WHERE anchor IN (SELECT anchor FROM named_by_request)
            UNION
            -- who only answered surveys has no anchor: all spellings of the address
            SELECT linked.identifier, false FROM vault.register.identities AS linked
            SEMI JOIN (FROM named_by_request WHERE anchor IS NULL) AS alone USING (group_key)
            WHERE linked.anchor IS NULL
                AND linked.identifier NOT IN (SELECT identifier FROM vault.register.claims)
            UNION
            SELECT identifier, coalesce(anchor, identifier) LIKE 'learner:%' FROM named_by_request
        )
        SELECT identifier, '{Kind.OWN}' AS kind, knows_learner FROM own
        UNION ALL
        SELECT DISTINCT claims.identifier, '{Kind.SHARED}', true FROM vault.register.claims AS claims
        SEMI JOIN own ON own.identifier = claims.learner
        WHERE claims.identifier NOT IN (SELECT identifier FROM own)
    """)
    )
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE asked_folds AS
        SELECT fold, bool_or(knows_learner) AS knows_learner, false AS is_of_others
        FROM (SELECT unnest(anonymart_folds(identifier)) AS fold, knows_learner FROM asked
        WHERE kind = '{Kind.OWN}') GROUP BY fold;
        CREATE OR REPLACE TEMP TABLE other_folds AS
        SELECT identifier, identifier IN (SELECT identifier
        FROM vault.register.claims) AS is_claimed, unnest(anonymart_folds(identifier)) AS fold
        FROM vault.register.identities WHERE identifier NOT IN (SELECT identifier
        FROM asked) AND EXISTS (FROM asked_folds);
        UPDATE asked_folds SET is_of_others = true WHERE fold IN (SELECT fold FROM other_folds
        WHERE is_claimed)
    """)
    connection.execute(f"""
        INSERT INTO asked
        SELECT other.identifier, '{Kind.OWN}', bool_or(other.knows_learner) FROM (
            SELECT other_folds.identifier, asked_folds.knows_learner
            FROM other_folds INNER JOIN asked_folds USING (fold)
            WHERE NOT other_folds.is_claimed AND NOT asked_folds.is_of_others
            UNION ALL
            SELECT hashed.identifier, hashed.knows_learner
            FROM ({_HASHES}) AS hashed SEMI JOIN vault.register.identities USING (identifier)
            WHERE hashed.identifier NOT IN (SELECT identifier
            FROM vault.register.claims) AND hashed.kind = '{Kind.OWN}'
        ) AS other
        WHERE other.identifier NOT IN (SELECT identifier FROM asked) GROUP BY other.identifier
    """)


# The sha1 forms under which the addresses of `asked` may come; of an address whose spellings are also
# somebody else's, only its own.
_HASHES = """
    SELECT sha1_identifier(substr(identifier, 7)) AS identifier, kind, knows_learner, true AS is_usual
    FROM asked WHERE starts_with(identifier, 'email:')
    UNION ALL
    SELECT unnest(anonymart_hashes(identifier)), kind, knows_learner, false FROM asked
    WHERE starts_with(identifier, 'email:') AND anonymart_folds(identifier)[1] NOT IN (SELECT fold
    FROM asked_folds WHERE is_of_others)
"""


def tombstones_of_asked(until: str) -> str:
    """Query: the tombstones of `asked`, with the forms under which its identifiers may come again.

    A fold that is also that of somebody else's identifier holds for nobody.
    """
    return f"""
        WITH all_forms AS (
            SELECT identifier_hash(identifier) AS identifier_hash, kind, knows_learner, false AS is_swept
            FROM asked
            UNION ALL
            SELECT identifier_hash(identifier), kind, knows_learner, NOT is_usual FROM ({_HASHES})
            UNION ALL
            SELECT identifier_hash(fold), if(is_of_others, '{Kind.SHARED}', '{Kind.LOOSE}'), knows_learner,
                true FROM asked_folds
        )
        SELECT identifier_hash, TIMESTAMP '{until}', kind, knows_learner, is_swept FROM all_forms
    """


def forms_of_asked(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Every identifier for which `tombstones_of_asked` makes a tombstone that is to be swept."""
    rows = connection.execute("""
        SELECT identifier FROM asked
        UNION
        SELECT sha1_identifier(substr(identifier, 7)) FROM asked WHERE identifier LIKE 'email:%'
    """).fetchall()
    return [identifier for (identifier,) in rows]


def add_erased(connection: duckdb.DuckDBPyConnection, among: list[str] | None = None) -> None:
    """Whoever has a tombstone that was not swept yet; `among`: the identifiers that these can be of, where
    that is known.
    """
    if not n_unswept(connection):
        return
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE candidates AS SELECT unnest($1::VARCHAR[]) AS identifier", [among or []]
    )
    # what is claimed is in the register; who claims it may not be
    known = "SELECT identifier FROM vault.register.identities UNION SELECT learner FROM vault.register.claims"
    one_of_them = "true" if among is None else "identifier IN (FROM candidates)"
    _add_by_tombstones(
        connection, f"SELECT identifier FROM ({known}) AS known WHERE {one_of_them}", "NOT is_swept"
    )


def add_left(connection: duckdb.DuckDBPyConnection, places: list[Place]) -> None:
    """Whoever has a tombstone and is still named in one of these places of the vault."""
    named = " UNION ".join(f"SELECT {place.column} FROM {place.name}" for place in places)
    _add_by_tombstones(connection, named, "true")


def _add_by_tombstones(connection: duckdb.DuckDBPyConnection, identifiers: str, which: str) -> None:
    connection.execute(f"""
        INSERT INTO to_erase
        WITH hashed AS (
            SELECT identifier, identifier_hash(identifier) AS identifier_hash
            FROM ({identifiers}) AS known (identifier)
        ),
        chosen AS (FROM tombstones.erased WHERE {which})
        SELECT hashed.identifier, max(chosen.until_at), '{Scope.ALL}'
        FROM hashed INNER JOIN chosen ON chosen.identifier_hash = hashed.identifier_hash
            AND chosen.kind <> '{Kind.LOOSE}'
        GROUP BY hashed.identifier
    """)


def add_expired(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> None:
    """Whoever left the window, and the former activity periods of those who came back (P-STAT).

    Who never used the site is counted from the last day that any row tells of, else from the run that brought
    the rows.
    """
    years = policy.figure("purposes", "P-STAT", "keep_years_after_last_use")
    day, end = f"DATE '{as_of}'", f"TIMESTAMP '{end_of(as_of, policy)}'"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE groups AS
        SELECT identities.identifier, coalesce(identities.anchor, identities.identifier) AS who,
            spans.last_use_at
        FROM vault.register.identities AS identities
        LEFT JOIN (
            SELECT identifier, max(last_use_at) AS last_use_at FROM vault.register.last_use
            GROUP BY identifier
        ) AS spans USING (identifier);

        CREATE OR REPLACE TEMP TABLE unused AS
        SELECT identifier, who, identifier_mark(identifier) AS identifier_mark FROM groups
        SEMI JOIN (SELECT who FROM groups GROUP BY who
        HAVING max(last_use_at) IS NULL) AS without_use USING (who);

        CREATE OR REPLACE TEMP TABLE expired AS
        WITH used AS (
            SELECT who, max(last_use_at) AS last_use_at FROM groups GROUP BY who
            HAVING max(last_use_at) IS NOT NULL
        ),
        told AS (
            SELECT unused.who, hashes.about_on AS known_on
            FROM unused INNER JOIN vault.ledger.row_hashes AS hashes USING (identifier_mark)
            UNION ALL
            SELECT unused.who, greatest(learners.registered_at, learners.left_at)::DATE
            FROM unused INNER JOIN vault.register.learners AS learners USING (identifier)
            UNION ALL
            SELECT unused.who, requests.received_at::DATE FROM unused
            INNER JOIN vault.rights.requests AS requests USING (identifier)
            UNION ALL
            SELECT unused.who, consents."at"::DATE FROM unused
            INNER JOIN vault.rights.consents AS consents USING (identifier)
        ),
        brought AS (
            SELECT unused.who, loads.as_of AS known_on
            FROM unused INNER JOIN vault.register.learners AS learners USING (identifier)
            INNER JOIN vault.ledger.loads AS loads USING (load_no)
        ),
        known AS (
            SELECT who, coalesce(max(told.known_on), max(brought.known_on)) AS known_on
            FROM (SELECT DISTINCT who FROM unused) LEFT JOIN told USING (who) LEFT JOIN brought USING (who)
            GROUP BY who
        )
        SELECT who FROM used WHERE {closing_on("last_use_at", policy)} < {day}
        UNION ALL
        -- nothing is left that tells of anybody
        SELECT who FROM known WHERE known_on IS NULL OR (known_on + INTERVAL {years} YEAR)::DATE < {day};

        INSERT INTO to_erase
        WITH own AS (SELECT identifier FROM groups SEMI JOIN expired USING (who)),
        shared AS (
            SELECT DISTINCT claims.identifier FROM vault.register.claims AS claims
            SEMI JOIN own ON own.identifier = claims.learner
        )
        SELECT identifier, {end}, '{Scope.ALL}' FROM (FROM own UNION FROM shared)
        ANTI JOIN restricted USING (identifier);

        INSERT INTO to_erase
        WITH spans AS (
            SELECT groups.who, uses.first_use_at, uses.last_use_at,
                max(uses.last_use_at) OVER (
                    PARTITION BY groups.who ORDER BY uses.first_use_at,
                        uses.last_use_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                ) AS used_before_at
            FROM groups INNER JOIN vault.register.last_use AS uses USING (identifier)
        ),
        former AS (
            SELECT who, max(used_before_at) AS until_at FROM spans
            WHERE used_before_at IS NOT NULL
                AND {local_date("first_use_at", policy)} > {closing_on("used_before_at", policy)}
                AND {local_date("first_use_at", policy)} <= {day}
            GROUP BY who
        )
        SELECT groups.identifier, former.until_at, '{Scope.ACTIVITY}'
        FROM groups INNER JOIN former USING (who) ANTI JOIN restricted USING (identifier)
        ANTI JOIN expired USING (who)
    """)


def add_never_known(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> None:
    """Whom the register of learners does not know, once no row of theirs waits any more: nothing says that
    the school may keep more.

    Who answered a survey, consented or asked for something is kept under the rules of that. After
    add_expired, which makes `groups`.
    """
    over = waiting.over_term(policy, as_of)
    connection.execute(f"""
        INSERT INTO to_erase
        WITH strange AS (
            SELECT identifier, who, identifier_mark(identifier) AS identifier_mark FROM groups
            ANTI JOIN vault.register.learners AS learners ON learners.identifier = groups.who
            ANTI JOIN vault.register.claims AS claims USING (identifier)
        ),
        held AS (
            SELECT actor AS identifier FROM vault.raw.learning WHERE load_no NOT IN {over}
            UNION
            SELECT identifier FROM vault.raw.enrolments WHERE load_no NOT IN {over}
            UNION
            SELECT identifier FROM vault.register.connections WHERE load_no NOT IN {over}
            UNION
            SELECT identifier FROM (
                SELECT identifier FROM vault.answers.nps UNION ALL SELECT identifier FROM vault.raw.salary
                UNION ALL SELECT identifier FROM vault.rights.consents UNION ALL SELECT identifier
                FROM vault.rights.requests
                UNION ALL SELECT identifier FROM vault.rights.standing UNION ALL SELECT identifier
                FROM vault.rights.corrections
            )
        ),
        kept AS (
            SELECT who FROM strange SEMI JOIN held USING (identifier)
            UNION
            SELECT strange.who FROM strange INNER JOIN (FROM vault.ledger.row_hashes
            WHERE source IN ('nps', 'salary')) AS hashes USING (identifier_mark)
        )
        SELECT identifier, TIMESTAMP '{end_of(as_of, policy)}', '{Scope.ALL}'
        FROM strange ANTI JOIN kept USING (who) ANTI JOIN restricted USING (identifier)
    """)


def add_minors(connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> None:
    """Rows about a time at which somebody was younger than the minimum age, known only since; a child of
    today goes whole (R-MINOR).
    """
    age = policy.figure("minimum_age_years")
    connection.execute(f"""
        INSERT INTO to_erase
        WITH births AS (
            SELECT coalesce(owner.anchor, owner.identifier) AS who,
                max(learners.birth_date) + INTERVAL {age} YEAR AS of_age_on
            FROM vault.register.learners AS learners
            INNER JOIN vault.register.identities AS owner USING (identifier)
            GROUP BY ALL
        ),
        -- nearly everybody was of age before anything was told
        late AS (
            SELECT groups.who, groups.identifier, births.of_age_on,
                identifier_mark(groups.identifier) AS identifier_mark
            FROM groups INNER JOIN births USING (who)
            WHERE births.of_age_on > (
                SELECT least(
                    (SELECT min(about_on) FROM vault.ledger.row_hashes), (SELECT min(first_use_at)
                    FROM vault.register.last_use),
                    (SELECT min(registered_at) FROM vault.register.learners)
                )
            )
        ),
        young AS (
            SELECT late.who FROM late INNER JOIN vault.register.last_use AS uses USING (identifier)
            WHERE uses.first_use_at < late.of_age_on
            UNION
            SELECT late.who FROM late INNER JOIN vault.ledger.row_hashes AS hashes USING (identifier_mark)
            WHERE hashes.about_on < late.of_age_on
            UNION
            SELECT late.who FROM late INNER JOIN vault.register.learners AS learners USING (identifier)
            WHERE learners.registered_at < late.of_age_on
        ),
        by_birth AS (SELECT late.identifier, late.of_age_on FROM late SEMI JOIN young USING (who)),
        by_hash AS (
            SELECT groups.identifier, minors.of_age_on
            FROM groups INNER JOIN vault.register.minors AS minors
                ON minors.identifier_hash = identifier_hash(groups.identifier)
            WHERE EXISTS (FROM vault.register.minors)
        )
        SELECT identifier, max(of_age_on) - INTERVAL 1 MICROSECOND,
            if(max(of_age_on) > DATE '{as_of}', '{Scope.ALL}', '{Scope.ACTIVITY}')
        FROM (FROM by_birth UNION ALL FROM by_hash) ANTI JOIN restricted USING (identifier)
        GROUP BY identifier
    """)


def add_withdrawn(connection: duckdb.DuckDBPyConnection) -> None:
    """Answers from before the last withdrawal of consent to surveys (R-WITHDRAW)."""
    connection.execute(f"""
        INSERT INTO to_erase
        WITH declarations AS (
            SELECT identifier, "at" AS withdrawn_at FROM vault.rights.consents
            WHERE purpose = 'P-SURVEY' AND status = 'withdrawn'
            UNION ALL
            SELECT identifier, received_at FROM vault.rights.requests
            WHERE kind = 'withdraw' AND request_id NOT IN (SELECT request_id FROM vault.rights.steps
            WHERE state = 'refused')
                AND identity_verified
        ),
        people AS (
            SELECT coalesce(identities.anchor, identities.identifier) AS who,
                max(withdrawn_at) AS withdrawn_at
            FROM declarations INNER JOIN vault.register.identities AS identities USING (identifier)
            GROUP BY who
        )
        SELECT identities.identifier, people.withdrawn_at, '{Scope.ANSWERS}'
        FROM vault.register.identities AS identities
        INNER JOIN people ON people.who = coalesce(identities.anchor, identities.identifier)
        ANTI JOIN restricted USING (identifier)
    """)


def add_without_contact(
    connection: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, n_built: int
) -> None:
    """Identified answers of those with whom there was no contact for the term of P-SURVEY: no use, no answer,
    no request.

    Answers of loads after `n_built` wait until a build has taken score and themes.
    """
    years = policy.figure("purposes", "P-SURVEY", "keep_years_after_last_contact")
    connection.execute(f"""
        INSERT INTO to_erase
        WITH people AS (
            SELECT identifier, coalesce(anchor, identifier) AS who FROM vault.register.identities
        ),
        answering AS (SELECT DISTINCT people.who FROM vault.answers.nps INNER JOIN people USING (identifier)),
        contacts AS (
            SELECT people.who, coalesce(nps.answered_at, nps.asked_at) AS contact_at
            FROM vault.answers.nps AS nps INNER JOIN people USING (identifier)
            UNION ALL
            SELECT people.who, uses.last_use_at FROM vault.register.last_use AS uses
            INNER JOIN people USING (identifier) SEMI JOIN answering USING (who)
            UNION ALL
            SELECT people.who, requests.received_at FROM vault.rights.requests AS requests
            INNER JOIN people USING (identifier)
            UNION ALL
            -- a closed request tells who asked by a keyed hash only
            SELECT people.who, requests.received_at
            FROM (SELECT who, identifier_hash(identifier) AS identifier_hash FROM people
            SEMI JOIN answering USING (who)) AS people
            INNER JOIN vault.rights.requests AS requests ON requests.who = people.identifier_hash
            UNION ALL
            SELECT people.who, hashes.about_on::TIMESTAMP
            FROM (SELECT who, identifier_mark(identifier) AS identifier_mark FROM people
            SEMI JOIN answering USING (who)) AS people
            INNER JOIN (FROM vault.ledger.row_hashes WHERE source IN ('nps',
                'salary')) AS hashes USING (identifier_mark)
        ),
        silent AS (
            SELECT who FROM contacts GROUP BY who
            HAVING ({local_date("max(contact_at)", policy)} + INTERVAL {years} YEAR)::DATE < DATE '{as_of}'
        )
        SELECT DISTINCT nps.identifier, TIMESTAMP '{end_of(as_of, policy)}', '{Scope.IDENTIFIED}'
        FROM vault.answers.nps AS nps INNER JOIN people USING (identifier) SEMI JOIN silent USING (who)
        ANTI JOIN restricted USING (identifier)
        WHERE nps.load_no <= {n_built}
    """)


def text_terms(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """What those who go from everywhere may be called in a text, lower case: for files that no table
    holds.
    """
    rows = connection.execute(f"""
        WITH leaving AS (SELECT identifier FROM to_erase WHERE scope = '{Scope.ALL}')
        SELECT DISTINCT lower(term) FROM (
            SELECT regexp_replace(regexp_extract(identifier, '[^|]*$'),
                '^(learner|email|sha1|openid|account):', '') AS term FROM leaving
            UNION ALL
            SELECT unnest([learners.email, learners.family_name, learners.account_name])
            FROM vault.register.learners AS learners SEMI JOIN leaving USING (identifier)
        ) WHERE term <> ''
    """).fetchall()
    return [term for (term,) in rows]
