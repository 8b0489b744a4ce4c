"""The warehouse of tests/ingest, and lines of access logs."""

from __future__ import annotations

from tests.ingest.conftest import SmallSchool, small_school

__all__ = ["SmallSchool", "line", "small_school"]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0"


def line(
    target: str = "/",
    address: str = "203.0.113.7",
    at: str = "01/Jun/2026:10:00:00 +0200",
    agent: str = FIREFOX,
    method: str = "GET",
    status: int = 200,
) -> str:
    """A line of the combined log format, with a referrer, a user name and a query that must not stay."""
    return (
        f'{address} - jeanne.secret [{at}] "{method} {target} HTTP/1.1" {status} 5316 '
        f'"https://search.example/?q=referrer-secret" "{agent}"\n'
    )
