"""Codes that may stand in a release, and those that hold an identifier: one rule for the gate and for the
catalogue (D-IDENT, S-ANON).
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from anonymart.detect.folding import phrase, words
from anonymart.detect.known import NAMES, SHORTEST_NAME, make_runs
from anonymart.detect.patterns import kinds_query_of_few

# Of what is found in a listed code, one plain word is no identifier: a course is called Julia, an account
# also.
IS_PLAIN_WORD = "found.n_words = 1 AND NOT regexp_matches(found.phrase, '[0-9]')"


def refused_codes(
    connection: duckdb.DuckDBPyConnection, schema: str, codes: Iterable[str], with_patterns: bool = True
) -> dict[str, str]:
    """Of the codes, those that the gate would refuse though they are listed, each with a kind.

    Without patterns, only what the vault knows is looked for: of a code that was looked at before nothing
    else can have changed.

    The schema holds what make_known makes. A code that holds one name alone passes (a course called Julia),
    one with both names of one learner does not.
    """
    connection.execute(f"CREATE OR REPLACE TABLE {schema}.codes (text VARCHAR)")
    connection.execute(f"INSERT INTO {schema}.codes SELECT unnest($1::VARCHAR[])", [sorted(set(codes))])
    make_runs(connection, schema, f"SELECT text FROM {schema}.codes", f"{schema}.phrases")
    patterns = ""
    if with_patterns:
        patterns = f"SELECT text, kind FROM ({kinds_query_of_few(connection, f'{schema}.codes')}) UNION ALL"
    found = connection.execute(f"""
        {patterns} SELECT text, 'known_both_names' FROM ({both_names(f"{schema}.phrases", f"{schema}.codes")})
        UNION ALL
        SELECT found.text, 'known_' || known.kind
        FROM {schema}.phrases AS found JOIN {schema}.known AS known ON known.phrase = found.phrase
        WHERE known.kind NOT IN {NAMES} AND NOT ({IS_PLAIN_WORD.replace("found.n_words", "known.n_words")})
        ORDER BY ALL""").fetchall()
    return {text: kind for text, kind in reversed(found)}


# Wide letters and digits, which come from East Asian keyboards.
_WIDE = "".join(
    chr(code) for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
)
_NARROW = "".join(chr(ord(sign) - 0xFEE0) for sign in _WIDE)
_MOST_WORDS = 40


def both_names(runs: str, texts: str) -> str:
    """A query for the texts that hold given and family name of one learner, apart or written as one word, in
    any order.

    `texts` is a relation (text); `runs` is what make_runs made of it. Names may be cut into words in any way,
    by separators, figures or capitals, and come percent-encoded, in wide letters or with signs that nobody
    sees.
    """
    plain = (
        f"translate(regexp_replace(coalesce(TRY(url_decode(text)), text), '\\p{{Cf}}', '', 'g'), "
        f"'{_WIDE}', '{_NARROW}')"
    )
    apart = (
        f"regexp_replace(regexp_replace({plain}, '(\\p{{Ll}})(\\p{{Lu}})', '\\1 \\2', 'g'), '\\p{{N}}+', "
        f"' ', 'g')"
    )
    return f"""
        WITH named AS (
            SELECT DISTINCT {phrase("given_name")} AS given, {phrase("family_name")} AS family
            FROM vault.register.learners
            WHERE length(given_name) >= {SHORTEST_NAME} AND length(family_name) >= {SHORTEST_NAME}
        ),
        apart AS MATERIALIZED (SELECT text, {apart} AS apart FROM (SELECT DISTINCT text
        FROM {texts} AS texts)),
        words AS (SELECT text, {words("apart")}[:{_MOST_WORDS}] AS words FROM apart),
        starts AS (SELECT text, words, unnest(generate_series(1, len(words))) AS first FROM words),
        glued_words AS (
            SELECT text, array_to_string(words[first:last], '') AS word
            FROM (SELECT text, words, first, unnest(generate_series(first, len(words))) AS last FROM starts)
        ),
        glued AS (SELECT unnest([replace(given || family, ' ', ''), replace(family || given, ' ',
            '')]) AS word FROM named)
        SELECT DISTINCT one.text FROM {runs} AS one
        JOIN {runs} AS other ON other.text = one.text
            AND (other.position >= one.position + one.n_words
                OR one.position >= other.position + other.n_words)
        JOIN named ON named.given = one.phrase AND named.family = other.phrase
        UNION SELECT glued_words.text FROM glued_words JOIN glued USING (word)"""
