"""Access logs of the public site of a fictional school, and an export of Matomo: addresses, queries,
referrers and user agents are there, and must not stay.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from anonymart.demo.files import write_bytes
from anonymart.demo.world import World

_MONTHS = 6
_HOST = "https://www.school.example"
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 Safari/537.36",
    "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/)",
)
_PLAIN = ("/", "/", "/courses", "/blog/how-to-choose", "/contact", "/users/jeanne.martin/profile")


def write_visits(folder: Path, world: World, learners: int, as_of: date, rng: np.random.Generator) -> None:
    """Write the last six whole months, one file each: four logs of the web server, one in JSON, and an export
    of Matomo. A month has a visitor for ten learners, and fifty at least.
    """
    first = as_of.replace(day=1)
    months = []
    for _ in range(_MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
        months.append(first)
    courses = [world.ids[course] for path in world.courses for course in path]
    for number, month in enumerate(reversed(months)):
        views = _views(month, max(50, learners // 10), courses, rng)
        name = f"{month:%Y-%m}"
        if number == 3:
            write_bytes(folder / f"access-{name}.json", "".join(map(_as_json, views)).encode())
        elif number == 4:
            write_bytes(folder / f"matomo-{name}.json", _as_matomo(views).encode())
        else:
            ending = ".log.gz" if number % 2 else ".log"
            write_bytes(folder / f"access-{name}{ending}", "".join(map(_as_line, views)).encode())


def _views(
    month: date, n_visitors: int, courses: list[str], rng: np.random.Generator
) -> list[tuple[datetime, int, str]]:
    """Time, visitor and target of each page view of a month, in order; a few visitors look at very much."""
    found = []
    popular = courses[: max(3, len(courses) // 3)]
    for visitor in range(n_visitors):
        n_pages = 80 if visitor == 7 else 1 + int(rng.geometric(0.3))
        n_days = 1 + int(rng.random() < 0.35) + int(rng.random() < 0.1)
        days = rng.integers(0, 28, n_days)
        for page in range(n_pages):
            at = datetime(month.year, month.month, 1, tzinfo=UTC) + timedelta(
                days=int(days[page % n_days]), seconds=int(rng.integers(6 * 3600, 22 * 3600))
            )
            is_of_course = rng.random() < 0.5
            target = (
                f"/courses/{popular[int(rng.integers(len(popular)))]}?from=jeanne.martin%40mail.example"
                if is_of_course
                else _PLAIN[int(rng.integers(len(_PLAIN)))]
            )
            found.append((at, visitor, target))
    return sorted(found)


def _address(visitor: int) -> str:
    return f"10.{visitor // 250 % 250}.{visitor % 250}.{1 + visitor * 7 % 250}"


def _as_line(view: tuple[datetime, int, str]) -> str:
    at, visitor, target = view
    return (
        f'{_address(visitor)} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET {target} HTTP/1.1" 200 5316 '
        f'"https://search.example/?q=school" "{_AGENTS[visitor % 17 % 4]}"\n'
    )


def _as_json(view: tuple[datetime, int, str]) -> str:
    at, visitor, target = view
    event = {
        "remote_addr": _address(visitor),
        "time_iso8601": f"{at:%Y-%m-%dT%H:%M:%S+00:00}",
        "request": f"GET {target} HTTP/2.0",
        "status": "200",
        "http_referer": "https://search.example/",
        "http_user_agent": _AGENTS[visitor % 17 % 4],
    }
    return json.dumps(event) + "\n"


def _as_matomo(views: list[tuple[datetime, int, str]]) -> str:
    visits: dict[tuple[int, date], list[dict[str, object]]] = {}
    for at, visitor, target in views:
        action = {"type": "action", "url": _HOST + target, "pageTitle": "", "timestamp": int(at.timestamp())}
        visits.setdefault((visitor, at.date()), []).append(action)
    return json.dumps(
        [
            {
                "idVisit": number,
                "visitIp": "10.0.0.0",
                "visitorId": f"{visitor * 7919 + 1:016x}",
                "serverTimestamp": actions[0]["timestamp"],
                "actionDetails": actions,
            }
            for number, ((visitor, _), actions) in enumerate(visits.items(), 1)
        ]
    )
