"""Homes in pairs, alike but for the history of one person, through a year of monthly releases; and who tells
the twins apart.

One small_school holds every home: a home is a course with a chapter, with record keys of its own, as
test_two_schools.py does it. Six months and two quarters are published when something happens to the person,
between the sixth release and the seventh.
"""

from __future__ import annotations

import datetime as dt
import re
import shutil
from itertools import pairwise, product
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from small_school import SmallSchool, policy, rules

from anonymart.attack.score import interval
from anonymart.contracts import load_contracts
from anonymart.disclosure.perturbation import Entry, read_seed
from anonymart.disclosure.risk import published_counts
from anonymart.release.withdraw import _set_aside

MONTHLY, QUARTERLY = "course_engagement_monthly", "chapter_completion"
MARTS = (MONTHLY, QUARTERLY)
# As-of dates a few days after each month's cell has closed; quarters close with releases 1, 3, 6, 9 and 12.
RELEASES = [dt.date(2025 + month // 13, (month - 1) % 12 + 1, 4) for month in range(3, 15)]
MONTHS = [dt.date(2025, month, 1) for month in range(1, 13)]
QUARTERS = [dt.date(2024, 7, 1), dt.date(2024, 10, 1), dt.date(2025, 1, 1), dt.date(2025, 4, 1)]
PUBLISHED = {MONTHLY: MONTHS[:6], QUARTERLY: QUARTERS[:2]}
STILL_OPEN = {MONTHLY: MONTHS[6:8], QUARTERLY: QUARTERS[2:3]}
GONE_AFTER, EVENT_AFTER, RECALLED_AFTER = 3, 6, 8

EVENTS = ("arrives", "objects", "is erased", "is corrected", "leaves", "comes back")
# Where the person is when it happens.
PLACES = {
    "published": "eight published cells",
    "few": "eight published cells of two others each",
    "open": "eight published cells and three that close later",
    "mistake": "eight published cells that lack many people, until the ninth release",
}
HISTORIES = {"kept": "none", "recalled": "one, of the eight cells"}
CONTROLS = {
    "no memory": "none, and cells are counted anew each month",
    "every move": "one, which shows every move",
}
TRAINED, TESTED = 200, 200
SHAPE = (len(PLACES), len(EVENTS), 2, TRAINED + TESTED)
N_HOMES = int(np.prod(SHAPE))
LAW = policy()
CLOSING_ON = dt.date(2031, 1, 1)


def noise(mart: str) -> list[Entry]:
    """The table of noise of a mart's counts."""
    return read_seed()[load_contracts()[mart].noise]


def widest() -> int:
    """The largest deviation of any count of these marts."""
    return max(entry.deviation for mart in MARTS for entry in noise(mart))


# Enough people that every figure is shown; enough late ones that every plain count moves whatever the noise
# does.
BASES = (
    max(LAW[group][name].values())
    for group, name in (("quantiles", "smallest_base_median"), ("rates", "smallest_base"))
)
N_OTHERS = max(*BASES, 2 * LAW["quantiles"]["persons_each_side"]) + widest()
N_REGISTERED, N_COMPLETED, N_FEW = N_OTHERS // 2, N_OTHERS // 3, 2
N_LATE = 4 * widest() + 2


def homes(place: str, event: str) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of all homes of a place and an event: those without the event, and those with it, one for
    each key file.
    """
    numbers = np.arange(N_HOMES).reshape(SHAPE)[list(PLACES).index(place), EVENTS.index(event)]
    return numbers[0], numbers[1]


def open_small_school(small_school: SmallSchool) -> None:
    """Put the people of all homes in, but for the persons themselves."""
    dice = np.random.default_rng(1)
    with duckdb.connect(str(small_school.vault)) as con:
        for mart in MARTS:
            con.execute(f"drop table people.int_people__{mart}")
        place = np.repeat(np.arange(len(PLACES)), N_HOMES // len(PLACES))
        size = np.select(
            [place == list(PLACES).index("mistake"), place == list(PLACES).index("few")],
            [N_OTHERS + N_LATE, N_FEW],
            N_OTHERS,
        )
        home = np.repeat(np.arange(N_HOMES), size)
        number = np.arange(len(home)) - np.repeat(np.cumsum(size) - size, size)
        few, late = place[home] == list(PLACES).index("few"), number >= N_OTHERS
        columns = {
            "course_id": home,
            "number": number,
            "record_key": dice.integers(0, 2**32, len(home)),
            "is_late": late,
            "b": ~few & (late | (number < N_REGISTERED)),
            "c": ~few & (late | (number < N_COMPLETED)),
            "progress": number * 7 % 101,
        }
        con.register("given", pa.table({name: pa.array(values) for name, values in columns.items()}))
        con.execute(
            "create table people.others as select * replace (cast(course_id as varchar) as course_id) "
            "from given"
        )
        con.execute(
            "create table people.person (mart varchar, course_id varchar, period date, record_key "
            "bigint, b boolean, c boolean, progress double)"
        )
        con.execute("create table people.mended as select false as is_mended")
        con.execute(
            "create schema catalogue; create table catalogue.items as select 'chapter' as item_kind, "
            "'h' as code"
        )
        con.execute(
            f"insert into catalogue.items select 'course', cast(range as varchar) from range({N_HOMES})"
        )
        for mart, periods in ((MONTHLY, MONTHS), (QUARTERLY, QUARTERS)):
            con.execute(_people(mart, periods))


def _people(mart: str, periods: list[dt.date]) -> str:
    """The people of a mart as a view: the same others in each period, whose cells draw noise of their own,
    and the person.
    """
    period = rules(mart)["period"]["column"]
    flags = (
        "true as is_active, b as is_registered, c as is_completed, progress"
        if mart == MONTHLY
        else "c as has_completed"
    )
    chapter = "" if mart == MONTHLY else "'h' as chapter_id, "
    after = f"date '{PUBLISHED[mart][-1]}'"
    days = ", ".join(f"(date '{day}')" for day in periods)
    return f"""
        create view people.int_people__{mart} as
        select course_id, {chapter}days.period as {period}, 'o' || number as pseudonym, record_key,
            date '{CLOSING_ON}' as closing_on, {flags}
        from vault.people.others cross join (values {days}) as days (period)
        where not is_late or (days.period <= {after} and (select is_mended from vault.people.mended))
        union all
        select course_id, {chapter}period as {period}, 'person' as pseudonym, record_key,
            date '{CLOSING_ON}' as closing_on, {flags}
        from vault.people.person where mart = '{mart}'"""


def let_persons_be(small_school: SmallSchool, released: int) -> None:
    """Write where each person is and with which values, once so many releases are out."""
    keys = np.random.default_rng(2).integers(0, 2**32, (2, N_HOMES))
    rows: dict[str, list[Any]] = {
        name: [] for name in ("mart", "course_id", "period", "record_key", "b", "c", "progress")
    }
    for place, event, history in product(PLACES, EVENTS, (0, 1)):
        happened = bool(history) and released >= EVENT_AFTER
        is_there = {
            "arrives": happened,
            "comes back": happened or released < GONE_AFTER,
            "is corrected": True,
        }.get(event, not happened)
        if not is_there:
            continue
        life = 1 if event == "comes back" and happened else 0
        for mart in MARTS:
            for period in PUBLISHED[mart] + (STILL_OPEN[mart] if place == "open" else []):
                # Where a draw is made anew the person moves one count, so that the theory can say what it
                # tells.
                alone = place in ("mistake", "few") or period in STILL_OPEN[mart]
                corrected = event == "is corrected" and happened
                progress = None if alone else 0.0 if corrected else 50.0
                told = (not alone, corrected if alone else not corrected, progress)
                for home in homes(place, event)[history]:
                    for name, value in zip(
                        rows, (mart, str(home), period, int(keys[life, home]), *told), strict=True
                    ):
                        rows[name].append(value)
    with duckdb.connect(str(small_school.vault)) as con:
        con.register("given", pa.table(rows))
        con.execute("delete from people.person; insert into people.person select * from given")


def mend(small_school: SmallSchool) -> None:
    """Let the people come in who were missing by mistake."""
    with duckdb.connect(str(small_school.vault)) as con:
        con.execute("update people.mended set is_mended = true")


def recall(small_school: SmallSchool) -> None:
    """Recall the published periods, as `anonymart withdraw` does in the ledger."""
    with duckdb.connect() as con:
        con.execute(f"attach '{small_school.vault}' as vault")
        con.execute("create temp table wrong_periods (mart varchar, period_key varchar)")
        for mart in MARTS:
            con.executemany(
                "insert into wrong_periods values (?, ?)", [(mart, str(period)) for period in PUBLISHED[mart]]
            )
        for mart in MARTS:
            _set_aside(con, load_contracts()[mart], "r")
        con.execute(
            "create table vault.ledger.withdrawn_periods as select *, 'r' as release_id, 'r' as "
            "last_release_id from wrong_periods"
        )
        con.execute("""
            delete from vault.ledger.closed_periods as closed using wrong_periods
            where closed.mart = wrong_periods.mart and closed.period_key = wrong_periods.period_key""")


def drop_everything(small_school: SmallSchool, *kept: str) -> None:
    """A small_school without memory: what was published is not known any more. Only homes of these places are
    kept, to be quick.
    """
    inside = [
        int(home) for place in kept for event in EVENTS for side in homes(place, event) for home in side
    ]
    with duckdb.connect(str(small_school.vault)) as con:
        for mart in MARTS:
            con.execute(f"drop table ledger.cells_{mart}")
        con.execute("delete from ledger.closed_periods")
        con.register("kept", pa.table({"home": inside}))
        for table in ("others", "person"):
            con.execute(
                f"delete from people.{table} where cast(course_id as bigint) not in (select home from kept)"
            )


def show_every_move(small_school: SmallSchool) -> None:
    """A small_school whose corrections show each count as it is counted now."""
    path = small_school.project / "macros" / "disclosure" / "corrected_figures.sql"
    macro = r"(\{% macro smallest_move\(.*?%\}).*?(\{%- endmacro)"
    text, n = re.subn(macro, r"\1{{ return(1) }}\2", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert n == 1
    path.write_text(text, encoding="utf-8")


def release(small_school: SmallSchool, number: int, is_parsed: bool | None = None) -> np.ndarray:
    """Build and publish one release; its figures: homes by cells and their figures, with the reason of
    each.
    """
    as_of, is_parsed = str(RELEASES[number - 1]), number > 1 if is_parsed is None else is_parsed
    small_school.build("--exclude", "resource_type:test", as_of=as_of, is_parsed=is_parsed)
    small_school.publish()
    found = []
    for mart, periods in ((MONTHLY, MONTHS), (QUARTERLY, QUARTERS)):
        period = rules(mart)["period"]["column"]
        shown = [measure["name"] for measure in rules(mart)["measures"] if not measure.get("hidden")]
        reason = "case {0}_reason when 'too_few' then 1 when 'protected' then 2 else 0 end as {0}_reason"
        columns = ", ".join(f"coalesce({name}, 0) as {name}, {reason.format(name)}" for name in shown)
        with duckdb.connect(str(small_school.warehouse), read_only=True) as con:
            rows = con.execute(
                f"select cast(course_id as bigint) as home, {period} as period, {columns} from marts.{mart}"
            ).fetchnumpy()
        figures = np.full((N_HOMES, len(periods), 2 * len(shown)), -1.0, dtype=np.float32)
        place = np.searchsorted(
            np.array(periods, dtype="datetime64[D]"), rows["period"].astype("datetime64[D]")
        )
        for number_of, name in enumerate(name for each in shown for name in (each, f"{each}_reason")):
            figures[rows["home"], place, number_of] = rows[name]
        found.append(figures.reshape(N_HOMES, -1))
    return np.concatenate(found, axis=1)


class State:
    """A copy of a small school's vault, to go back to; the warehouse is built anew with every release."""

    def __init__(self, small_school: SmallSchool, name: str) -> None:
        self.vault, self.copy = small_school.vault, small_school.vault.with_suffix(f".{name}")
        shutil.copy(self.vault, self.copy)

    def restore(self) -> None:
        shutil.copy(self.copy, self.vault)


def a_year(small_school: SmallSchool) -> dict[str, list[np.ndarray]]:
    """The releases of a year: without a withdrawal, with one after the eighth; and two of defences that are
    left out.
    """
    open_small_school(small_school)
    first: list[np.ndarray] = []
    for number in range(1, RECALLED_AFTER + 1):
        if number - 1 in (0, GONE_AFTER, EVENT_AFTER):
            let_persons_be(small_school, number - 1)
        first.append(release(small_school, number))
        if number == EVENT_AFTER:
            before = State(small_school, "before")
    eighth, rest = State(small_school, "eighth"), range(RECALLED_AFTER + 1, len(RELEASES) + 1)
    mend(small_school)
    told = {"kept": first + [release(small_school, number) for number in rest]}
    eighth.restore()
    mend(small_school)
    recall(small_school)
    recalled = State(small_school, "recalled")
    told["recalled"] = first + [release(small_school, number) for number in rest]
    recalled.restore()
    show_every_move(small_school)
    told["every move"] = [*first, release(small_school, RECALLED_AFTER + 1, is_parsed=False)]
    before.restore()
    drop_everything(small_school, "published")
    told["no memory"] = [release(small_school, EVENT_AFTER)]
    let_persons_be(small_school, EVENT_AFTER)
    drop_everything(small_school, "published")
    told["no memory"].append(release(small_school, EVENT_AFTER + 1))
    return told


def features(releases: list[np.ndarray], chosen: np.ndarray) -> np.ndarray:
    """What an analyst holds of each home: the first release, every change since, whether it is one, and how
    many there are.
    """
    tables = [table[chosen] for table in releases]
    found = [tables[0], tables[-1]]
    for earlier, later in pairwise(tables):
        changed = (later != earlier).astype(np.float32)
        found += [later - earlier, changed, changed.sum(axis=1, keepdims=True)]
    return np.concatenate(found, axis=1).astype(float)


class Distinguisher:
    """Logistic regression with a ridge, on the features whose means differ between the twins that it was
    trained on.
    """

    def __init__(
        self, without: np.ndarray, with_event: np.ndarray, ridge: float = 1.0, at_most: int = 60
    ) -> None:
        rows = np.concatenate([without, with_event])
        sides = np.repeat([0.0, 1.0], [len(without), len(with_event)])
        self.mean, spread = rows.mean(axis=0), rows.std(axis=0)
        apart = np.abs(with_event.mean(axis=0) - without.mean(axis=0))
        weight = np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 1e-6)
        # Two standard errors of a difference of means, or the one feature that differs most.
        best = np.argsort(weight, kind="stable")[::-1][:at_most]
        self.chosen = best[weight[best] > 2 * 2 / len(rows) ** 0.5]
        self.chosen = self.chosen if len(self.chosen) else best[:1]
        self.spread = np.where(spread > 1e-6, spread, 1.0)
        seen = self._seen(rows)
        self.weights = np.zeros(seen.shape[1])
        penalty = ridge * np.eye(seen.shape[1])
        penalty[0, 0] = 1e-6
        for _ in range(25):
            chance = 1 / (1 + np.exp(-np.clip(seen @ self.weights, -30, 30)))
            slope = seen.T @ (sides - chance) - penalty @ self.weights
            curve = (seen * np.maximum(chance * (1 - chance), 1e-6)[:, None]).T @ seen + penalty
            self.weights += np.linalg.solve(curve, slope)

    def _seen(self, rows: np.ndarray) -> np.ndarray:
        scaled = (rows[:, self.chosen] - self.mean[self.chosen]) / self.spread[self.chosen]
        return np.column_stack([np.ones(len(rows)), scaled])

    def says_it_happened(self, rows: np.ndarray) -> np.ndarray:
        """Whether it takes each home for the one with the event."""
        return self._seen(rows) @ self.weights > 0


def guesses(releases: list[np.ndarray], place: str, event: str) -> tuple[int, int]:
    """How many homes of those kept for the test the distinguisher names right, and of how many."""
    without, with_event = (features(releases, numbers) for numbers in homes(place, event))
    trained = Distinguisher(without[:TRAINED], with_event[:TRAINED])
    right = (~trained.says_it_happened(without[TRAINED:])).sum() + trained.says_it_happened(
        with_event[TRAINED:]
    ).sum()
    return int(right), 2 * TESTED


def new_draws(place: str, event: str, is_recalled: bool) -> list[tuple[str, int]]:
    """The counts that are drawn after the event with the person or without: mart and number of others."""
    if place == "open":
        found, more = STILL_OPEN, 0
    elif place == "mistake" and is_recalled:
        found, more = PUBLISHED, N_LATE
    else:
        return []
    others = (N_COMPLETED if event == "is corrected" else N_OTHERS) + more
    return [(mart, others) for mart, periods in found.items() for _ in periods]


def best_guess(draws: list[tuple[str, int]], n: int = 400_000) -> float:
    """How often the best guess from these draws is right, as (1 + TV) / 2 of their joint distributions; by
    simulation.
    """
    dice, likelihood = np.random.default_rng(3), np.zeros(n)
    for mart, others in draws:
        without, with_person = (published_counts(noise(mart), size) for size in (others, others + 1))
        values = sorted(without.keys() | with_person.keys())
        p, q = (np.array([side.get(value, 0.0) for value in values]) for side in (without, with_person))
        seen = dice.choice(len(values), n, p=p / p.sum())
        likelihood += np.log(np.maximum(q[seen], 1e-300)) - np.log(p[seen])
    # TV = E[max(0, 1 - q/p)] over what is seen without the person.
    return 0.5 + float(np.maximum(0, -np.expm1(np.minimum(likelihood, 0))).mean()) / 2


def table(found: dict[tuple[str, str, str], tuple[int, int]]) -> list[str]:
    """Lines of Markdown: share of homes named right with its interval of 95 %, and the most that new draws
    allow.
    """
    lines = [
        f"| the person is in | withdrawal | {' | '.join(EVENTS)} | all six | at most |",
        "| --- " * (len(EVENTS) + 4) + "|",
    ]
    for history, place in dict.fromkeys(each[:2] for each in found):
        counts = [found[history, place, event] for event in EVENTS]
        shares = []
        for right, tries in [*counts, tuple(map(sum, zip(*counts, strict=True)))]:
            low, high = interval(right, tries)
            shares.append(f"{100 * right / tries:.0f} ({100 * low:.0f} to {100 * high:.0f})")
        most = max(best_guess(new_draws(place, event, history == "recalled")) for event in EVENTS)
        lines.append(
            f"| {PLACES[place]} | {(HISTORIES | CONTROLS)[history]} | {' | '.join(shares)} | "
            f"{100 * most:.0f} |"
        )
    return lines
