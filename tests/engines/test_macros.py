# ruff: noqa: E501
"""Each engine macro gives the same on DuckDB and on Sail, on rows that are awkward."""

import pytest

from tests.engines import both

# RFC 4231, test cases 1, 2, 6 and 7, whose data are texts: key, data, HMAC-SHA-256.
VECTORS = [
    ("0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe".hex(),
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
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

DAYS = (
    "(select cast(d as date) as d from (values ('2024-02-29'), ('2023-02-28'), ('2024-12-31'), ('2024-01-01'), "
    "('2024-06-30'), ('2024-07-01'), ('1999-03-31'), (null)) as given (d)) as days"
)
# Around both changes of the clock in Europe/Paris, and midnight there.
MOMENTS = (
    "(select cast(t as TIMESTAMP_TYPE) as t from (values ('2024-03-31 00:59:59'), ('2024-03-31 01:00:00'), "
    "('2024-10-27 00:59:59'), ('2024-10-27 01:00:00'), ('2024-03-30 22:59:59'), ('2024-03-30 23:00:00'), "
    "('2024-03-31 21:59:59'), ('2024-03-31 22:00:00'), ('2024-10-27 22:59:59'), ('2024-10-27 23:00:00'), "
    "('2024-12-31 23:07:30'), (null)) as given (t)) as moments"
)
GROUPS = (
    "(select g, cast(v as double) as v from (values ('one', '1'), ('tie', '2'), ('tie', '2'), ('tie', '2'), "
    "('few', '0.1'), ('few', '0.2'), ('few', '0.3'), ('gap', null), ('gap', '4.5'), ('none', null), "
    "('neg', '-1.5'), ('neg', '1.5'), ('neg', '0'), ('large', '4294967296'), ('large', '4294967295')) "
    "as given (g, v)) as numbers"
)
LISTS = f"(select g, {{{{ sorted_values('v') }}}} as l from {GROUPS} group by g) as lists"
HALVES = (
    "(select cast(x as double) as x from (values ('2.5'), ('-2.5'), ('0.125'), ('1.005'), ('2.675'), ('0.285'), "
    "('-0.5'), ('0.49999999999999994'), ('1e9'), (null)) as given (x)) as halves"
)
TEXTS = (
    "(select x from (values (''), (' '), ('Développeuse Web'), ('a;b|c'), ('C++ / C#'), ('x'), ('all'), "
    "('é'), ('A-1_b.c'), ('not a code'), (null)) as given (x)) as texts"
)
BLOCKS = (
    "(select * from (values ('coarse', 0, 0, 0, 4294967296), ('coarse', 1, -1, 0, 100), "
    "('coarse', 1, 3, 100, 4294967296), ('coarse', 2, -2, 0, 7), ('coarse', 2, 0, 7, 8), "
    "('coarse', 2, 5, 8, 4294967296), ('fine', 0, 9, 0, 1)) "
    "as given (noise_class, true_count, deviation, key_from, key_upto)) as noise_table"
)
HASHES = (
    "(select h from (values ('00000000000000000000'), ('ffffffffffffffffffff'), ('80000000ffffffff0000'), "
    "('7fffffffffffffff1234'), ('0123456789abcdef0123')) as given (h)) as hashes"
)

QUERIES = {
    "local_date": f"select t, {{{{ local_date('t') }}}} from {MOMENTS} order by t nulls last",
    "is_by_end_of": "select t, {{ is_by_end_of('t', \"date '2024-03-31'\") }} from "
    f"{MOMENTS} order by t nulls last",
    "is_by_end_of_autumn": "select t, {{ is_by_end_of('t', \"date '2024-10-27'\") }} from "
    f"{MOMENTS} order by t nulls last",
    "quarter_hour": f"select t, cast({{{{ quarter_hour('t') }}}} as string) from {MOMENTS} order by t nulls last",
    "add_months": "select d, {{ add_months('d', 60) }}, {{ add_months('d', 12) }}, {{ add_months('d', '-1') }} "
    f"from {DAYS} order by d nulls last",
    "add_days": f"select d, {{{{ add_days('d', 60) }}}}, {{{{ add_days('d', -1) }}}} from {DAYS} order by d nulls last",
    "period_start": "select d, {{ period_start('d', 'month') }}, {{ period_start('d', 'quarter') }}, "
    "{{ period_start('d', 'half_year') }}, {{ period_start('d', 'year') }} "
    f"from {DAYS} order by d nulls last",
    "between": "select d, {{ days_between('d', \"date '2025-03-01'\") }}, "
    f"{{{{ months_between('d', \"date '2025-03-01'\") }}}} from {DAYS} order by d nulls last",
    "whole_numbers": "select number from {{ whole_numbers(0, 5) }} as n order by number",
    "first_days": "select period_on from {{ first_days('2023-01-01', \"date '2024-02-29'\", 3) }} as n order by 1",
    "interpolated_quantile": "select g, {{ interpolated_quantile('v', 0.25) }}, {{ interpolated_quantile('v', 0.5) }}, "
    f"{{{{ interpolated_quantile('v', 0.75) }}}} from {GROUPS} group by g order by g",
    "sorted_values": f"select g, l, l is null from {LISTS} order by g",
    "sum_of_values": f"select g, {{{{ sum_of_values('l') }}}} from {LISTS} order by g",
    "nth_largest": f"select g, {{{{ nth_largest('l', 1) }}}}, {{{{ nth_largest('l', 2) }}}} from {LISTS} order by g",
    "value_at_rank": f"select g, {{{{ value_at_rank('l', '0.5') }}}}, {{{{ value_at_rank('l', '1') }}}} from {LISTS} order by g",
    "count_values": f"select g, {{{{ count_values('l', '<', '2') }}}}, {{{{ count_values('l', '>', '2') }}}} from {LISTS} order by g",
    "drawn_from_lists": f"with noise as ({{{{ perturbation_lists({BLOCKS!r}, 'coarse') }}}}) "
    "select c, k, {{ drawn_from_lists('(select deviations from noise)', '(select keys_upto from noise)', 'c', 'k') }} "
    "from (values (0, 5), (1, 99), (1, 100), (2, 6), (2, 7), (2, 8), (9, 4294967295)) as asked (c, k) order by c, k",
    "rounded": f"select x, {{{{ rounded('x') }}}}, {{{{ rounded('x', 2) }}}} from {HALVES} order by x nulls last",
    "first_bits": f"select h, cast({{{{ first_64_bits('h') }}}} as string), {{{{ first_32_bits('h') }}}} from {HASHES} order by h",
    "folded_words": f"select x, {{{{ folded_words('x') }}}} from {TEXTS} order by x nulls last",
    "is_code": f"select x, {{{{ is_code('x') }}}} from {TEXTS} order by x nulls last",
    "sorted_list": f"select {{{{ sorted_list('x') }}}}, {{{{ empty_list() }}}} from {TEXTS}",
    "list_holds": f"select {{{{ list_holds('l', \"'x'\") }}}} from (select {{{{ sorted_list('x') }}}} as l from {TEXTS}) as listed",
    "last_segment": "select x, {{ last_segment('x') }} from (values ('http://a.example/b/c?d=e'), ('urn:x:y'), "
    "('http://a.example/b#c/'), ('plain'), ('')) as given (x) order by x",
    "text_or_json_entry": "select x, {{ text_or_json_entry('x', 'directive') }} from (values ('{\"directive\": \"Erase\"}'), "
    "('{\"other\": 1}'), (' Erase '), ('')) as given (x) order by x",
    "listed_roles": f'select title, role_text, role_no from {{{{ listed_roles("(select x as title from {TEXTS})") }}}} as listed '
    "where title is not null order by title, role_no",
}
VECTORS_SQL = "select {{ hmac_sha256(\"'KEY'\", \"'TEXT'\") }}"


def statements(dialect: str) -> dict[str, str]:
    kind = {"duckdb": "timestamp", "spark": "timestamp_ntz"}[dialect]
    found = {
        name: both.rendered(text, dialect).replace("TIMESTAMP_TYPE", kind) for name, text in QUERIES.items()
    }
    for number, (key, data, _) in enumerate(VECTORS):
        text = VECTORS_SQL.replace("KEY", key).replace("TEXT", data.decode())
        found[f"rfc_4231_{number}"] = both.rendered(text, dialect)
    found["hmac_of_pads"] = both.rendered(
        "with pads as ({{ hmac_pads(\"'\" ~ 'ab' * 32 ~ \"'\") }}) select x, {{ hmac_of_pads('pads', 'x') }} "
        f"from {TEXTS} order by x nulls last",
        dialect,
    )
    return found


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    both.needs_engines()
    duckdb, sail = statements("duckdb"), statements("spark")
    here = dict(zip(duckdb, both.on_duckdb(list(duckdb.values())), strict=True))
    folder = tmp_path_factory.mktemp("sail")
    return here, dict(zip(sail, both.on_sail(list(sail.values()), folder), strict=True))


NAMES = [*QUERIES, *(f"rfc_4231_{number}" for number in range(len(VECTORS))), "hmac_of_pads"]


@pytest.mark.parametrize("name", NAMES)
def test_both_give_the_same(answers, name):
    here, sail = answers
    assert here[name] == sail[name]
    assert here[name]


@pytest.mark.parametrize("number", range(len(VECTORS)))
def test_rfc_4231(answers, number):
    assert answers[1][f"rfc_4231_{number}"] == [[VECTORS[number][2]]]
