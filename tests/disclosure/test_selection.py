"""Scores that are shown are not like all scores: by how much, on evidence made by hand."""

import duckdb

from anonymart.contracts import load_contracts
from anonymart.disclosure import selection


def measured(*rows):
    with duckdb.connect() as connection:
        connection.execute("""
            CREATE TABLE evidence (mart VARCHAR, measure VARCHAR, true_value DOUBLE, published_value DOUBLE,
                published_reason VARCHAR)""")
        for row in rows:
            connection.execute("INSERT INTO evidence VALUES (?, ?, ?, ?, ?)", row)
        return selection.measure(connection, load_contracts(), "evidence")


def test_good_quarters_are_hidden():
    """Shown: 40 and 60. Protected: 95. All three have a mean of 65, those that are shown of 50. One on few
    people counts in neither.
    """
    found = measured(
        ("nps_quarterly", "nps", 40.0, 41.0, None),
        ("nps_quarterly", "nps", 60.0, 58.0, None),
        ("nps_quarterly", "nps", 95.0, None, "protected"),
        ("nps_quarterly", "nps", -100.0, None, "too_few"),
        ("nps_quarterly", "response_rate", 0.5, 0.5, None),
    )
    assert found == [{"mart": "nps_quarterly", "figure": "nps", "shown": 2, "hidden": 1, "bias": -15.0}]


def test_shares_are_told_in_points_and_nothing_where_nothing_is_shown():
    found = measured(
        ("nps_theme_quarterly", "negative_share", 0.20, 0.2, None),
        ("nps_theme_quarterly", "negative_share", 0.01, None, "protected"),
        ("salary_outcome", "employed_rate", 1.0, None, "protected"),
    )
    assert [(each["figure"], each["shown"], each["hidden"], each["bias"]) for each in found] == [
        ("negative_share", 1, 1, 9.5),
        ("employed_rate", 0, 1, None),
    ]
