"""Two schools that differ by one person, over a thousand keys: what somebody learns who knows all the
others.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

import duckdb
import pytest
from small_school import SmallSchool

from anonymart.attack import controls, differences
from anonymart.attack.rules import PublishedRules
from anonymart.attack.score import Truth
from anonymart.contracts import load_contracts
from anonymart.disclosure.perturbation import read_seed
from anonymart.policy import load_policy

MART = "chapter_completion"
SIZES = (1, 5, 12, 40)
N_KEYS = 1000
NOISE = load_contracts()[MART].noise
TABLE = read_seed()[NOISE]
LAST = max(entry.true_count for entry in TABLE)


def exact(n: int) -> dict[int, float]:
    """The published counts of n persons with their probabilities, by the shipped table."""
    return {n + entry.deviation: entry.probability for entry in TABLE if entry.true_count == min(n, LAST)}


def distance(one: dict[int, float], other: dict[int, float]) -> float:
    """Total variation: the advantage over a coin of whoever guesses best from one published count."""
    return sum(abs(one.get(x, 0) - other.get(x, 0)) for x in one | other) / 2


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[int, list[int]]]:
    """The published counts of school `without` the person and of school `with` them, by size, one for each
    key.
    """
    small_school, dice = SmallSchool(tmp_path_factory.mktemp("schools"), only=MART), random.Random(1)
    people = []
    for n in SIZES:
        for key in range(N_KEYS):
            others = [dice.getrandbits(32) for _ in range(n)]
            for school, record_keys in (("without", others), ("with", [*others, dice.getrandbits(32)])):
                cell = {
                    "course_id": school,
                    "chapter_id": f"{n}|{key}",
                    "start_quarter": dt.date(2024, 1, 1),
                    "closing_on": dt.date(2030, 1, 1),
                }
                people += [
                    cell | {"pseudonym": f"{i:064x}", "record_key": record_key}
                    for i, record_key in enumerate(record_keys)
                ]
    small_school.add_people(MART, people)
    small_school.build("--exclude", "resource_type:test")
    found: dict[str, dict[int, list[int]]] = {
        school: {n: [0] * N_KEYS for n in SIZES} for school in ("without", "with")
    }
    for row in small_school.rows(f"marts.{MART}"):
        n, key = map(int, row["chapter_id"].split("|"))
        found[row["course_id"]][n][key] = row["n_started"]
    return found


@pytest.mark.parametrize("n", SIZES)
def test_published_counts_follow_the_table(published, n):
    for school, size in (("without", n), ("with", n + 1)):
        seen = Counter(published[school][n])
        expected = exact(size)
        assert set(seen) <= set(expected)
        # Three standard deviations of the distance between a sample of a thousand and its own distribution.
        assert distance({x: count / N_KEYS for x, count in seen.items()}, expected) < 0.08


@pytest.mark.parametrize("n", SIZES)
def test_nobody_is_sure_of_the_person(published, n):
    """Who knows all the others and the table guesses right in two of three cases at best, and is hardly ever
    certain.
    """
    without, present = exact(n), exact(n + 1)
    advantage = distance(without, present)
    guesses = sum(present.get(x, 0) > without.get(x, 0) for x in published["with"][n])
    guesses += sum(present.get(x, 0) <= without.get(x, 0) for x in published["without"][n])
    assert guesses / (2 * N_KEYS) == pytest.approx((1 + advantage) / 2, abs=0.04)
    assert advantage < 0.12
    # A count that only one of the two schools can publish tells for sure.
    certain = sum(p for x, p in without.items() if x not in present) + sum(
        p for x, p in present.items() if x not in without
    )
    assert certain / 2 < 0.005


@pytest.mark.parametrize("n", SIZES)
def test_the_difference_of_the_schools_is_noise(published, n):
    """Side by side the counts differ by one in the mean, with the noise of both: one more person draws a new
    key.
    """
    expected = sum(
        sum(entry.deviation**2 * entry.probability for entry in TABLE if entry.true_count == min(size, LAST))
        for size in (n, n + 1)
    )
    differences = [b - a for a, b in zip(published["without"][n], published["with"][n], strict=True)]
    mean = sum(differences) / N_KEYS
    variance = sum((d - mean) ** 2 for d in differences) / N_KEYS
    assert mean == pytest.approx(1, abs=4 * (expected / N_KEYS) ** 0.5)
    assert variance == pytest.approx(expected, rel=0.25)
    assert Counter(differences)[1] / N_KEYS < 0.3


@pytest.mark.long
def test_two_releases_around_an_arrival_differ_in_nothing(tmp_path):
    """The person comes late into twenty cells that are published: with the memory of the warehouse they
    change nothing, without it they show.
    """
    small_school, dice = SmallSchool(tmp_path / "small_school", only=MART), random.Random(2)
    chapters = [
        {
            "course_id": "c",
            "chapter_id": f"h{i}",
            "start_quarter": dt.date(2024, 1, 1),
            "closing_on": dt.date(2030, 1, 1),
        }
        for i in range(20)
    ]
    for chapter in chapters:
        people = [
            chapter
            | {"pseudonym": f"{i:064x}", "record_key": dice.getrandbits(32), "has_completed": i % 2 == 0}
            for i in range(30)
        ]
        small_school.add_people(MART, people)
    newcomer = {"pseudonym": "f" * 64, "record_key": dice.getrandbits(32), "has_completed": True}
    contracts = load_contracts()

    def release(name: str, as_of: str):
        small_school.build("--exclude", "resource_type:test", as_of=as_of)
        return controls.read(tmp_path / name, contracts, {MART: small_school.rows(f"marts.{MART}")})

    def compared(after, before):
        return differences.attack(after, [before], PublishedRules.of(load_policy()), Truth())

    before = release("before", "2026-06-30")
    small_school.add_people(MART, [chapter | newcomer for chapter in chapters])
    without_memory = compared(release("no_memory", "2026-06-30"), before)
    assert without_memory.tried == 20 and without_memory.succeeded > 10

    with duckdb.connect(str(small_school.vault)) as con:
        con.execute(f"delete from people.int_people__{MART} where pseudonym = ?", [newcomer["pseudonym"]])
    assert compared(release("before_again", "2026-06-30"), before).succeeded == 0
    small_school.publish()
    open_quarter = chapters[0] | {"start_quarter": dt.date(2025, 10, 1)}
    small_school.add_people(MART, [chapter | newcomer for chapter in (*chapters, open_quarter)])
    after = release("after", "2026-07-30")
    assert len(after.tables[MART].cells) >= 20
    assert (compared(after, before).tried, compared(after, before).succeeded) == (20, 0)
