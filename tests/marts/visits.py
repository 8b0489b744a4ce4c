"""Access logs of the public site: every awkward case of a visit, and the same lines at each call."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
N_VISITORS = 400
BROWSERS = ("Mozilla/5.0 (X11; rv:139.0) Firefox/139.0", "Mozilla/5.0 (Macintosh) Safari/605.1")
CRAWLER = "Mozilla/5.0 (compatible; ExampleBot/2.1)"
# Each page with its type, or what it shows: courses by code and by another name, one that nobody knows, and
# a path that no pattern fits.
PAGES = (
    "/",
    "/",
    "/courses",
    "/courses/sql",
    "/courses/course-v1:Campus+SQL+2026/about",
    "/courses/html/program/week-1",
    "/courses/nobody-knows-it",
    "/paths/data",
    "/blog/2026/news?from=letter",
    "/contact",
    "/somewhere/else",
)
# Not seen: over its term, and a month that has not closed. The others close: the newest on the very day.
MONTHS = ("2025-05", "2025-06", "2026-03", "2026-04", "2026-05", "2026-06")


def logs() -> dict[str, str]:
    """The log of the first delivery, and of the second one, which has part of it again."""
    dice = random.Random(20260531)
    lines = [line for number in range(N_VISITORS) for line in _visitor(number, dice)]
    late = [line for line in lines if dice.random() < 0.1]
    early = [line for line in lines if line not in set(late)]
    return {"first": "".join(early), "second": "".join((*early[::3], *late))}


def _visitor(number: int, dice: random.Random) -> Iterator[str]:
    """What one visitor looks at in some months. Two numbers share an address but for its last part: with one
    browser they are one visitor, with two they are two.
    """
    address = f"203.0.{number // 2 % 250}.{number % 200 + 1}"
    browser = BROWSERS[number % 2 if number % 8 > 1 else 0]
    for month in MONTHS:
        if dice.random() < 0.5:
            continue
        first = datetime.fromisoformat(f"{month}-01").replace(tzinfo=PARIS)
        if number % 40 == 3:
            yield from _crawl(address, first)
        elif number % 20 == 7:
            yield from _many(address, browser, first, dice)
        else:
            days = sorted(dice.sample(range(27), dice.choice((1, 1, 1, 2, 3))))
            for day in days:
                for _ in range(dice.choice((1, 2, 3))):
                    at = first + timedelta(days=day, seconds=dice.randrange(86_000))
                    yield from _look(address, browser, at, dice)
        if number % 10 == 4:  # the last second of a month in Paris, and the first one of the next
            for seconds in (-1, 0):
                yield _line(address, browser, first + timedelta(seconds=seconds), "/contact")


def _look(address: str, browser: str, at: datetime, dice: random.Random) -> Iterator[str]:
    """A page, sometimes twice in one second, and what does not count beside it."""
    line = _line(address, browser, at, dice.choice(PAGES))
    yield line
    if dice.random() < 0.05:
        yield line
    yield _line(address, browser, at, "/static/site.css")
    if dice.random() < 0.1:
        yield _line(address, browser, at, "/contact", method="POST")
    if dice.random() < 0.1:
        yield _line(address, browser, at, "/blog/lost", status=dice.choice((301, 404, 500)))
    if dice.random() < 0.1:
        yield _line(address, browser, at, "/blog/again", status=304)


def _many(address: str, browser: str, first: datetime, dice: random.Random) -> Iterator[str]:
    """More than twenty pages in the month: the twentieth is the last of its day, or one of many, or two types
    share the day; and whoever looks at twenty on the first day comes back for pages that do not count.
    """
    first_count = dice.choice((12, 12, 20, 25))
    pages = (
        ("/", 3, first_count),
        ("/blog/a", 5, dice.choice((6, 8, 11))),
        ("/contact", 5, dice.choice((0, 4))),
        ("/", 9, dice.choice((1, 7, 40))),
    )
    for page, day, count in pages:
        for number in range(count):
            yield _line(address, browser, first + timedelta(days=day, minutes=number), page)


def _crawl(address: str, first: datetime) -> Iterator[str]:
    for number in range(50):
        yield _line(address, CRAWLER, first + timedelta(days=2, seconds=number), "/courses")


def _line(
    address: str, browser: str, at: datetime, target: str, method: str = "GET", status: int = 200
) -> str:
    """A line of the combined log format."""
    time = at.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{address} - - [{time}] "{method} {target} HTTP/1.1" {status} 512 "-" "{browser}"\n'
