"""One page of a learning record store (xAPI 1.0.3 part three, 2.1.3; 2.0): asked for with patience, and by
its own host only.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import httpx
import msgspec

from anonymart.errors import AnonymartError, UsageError
from anonymart.progress import Progress
from anonymart.sources.lrs_store import Store

VERSIONS = ("2.0.0", "1.0.3")
TRIES = 7
LONGEST_WAIT_SECONDS = 600
LARGEST_PAGE_BYTES = 1 << 28
_LONGEST_PAUSE_SECONDS = 60
_BUSY = (429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5


class LinkGone(Exception):
    """The store no longer knows this paging link: go on from the watermark."""


@dataclass(frozen=True)
class Page:
    """What one answer holds: statements as bytes of JSON, the link to the next ones, and up to when nothing
    is missing.
    """

    statements: list[msgspec.Raw]
    more: str | None
    consistent_through: datetime | None


class _Result(msgspec.Struct):
    statements: list[msgspec.Raw]
    more: str | None = None


class _NotWhole(Exception):
    """A connection that broke, or an answer that is not whole: worth another try."""


class Client:
    """A session with a store. Secrets are sent to the store's own origin only, whatever a link or a redirect
    says.
    """

    def __init__(self, store: Store, progress: Progress, sleep: Callable[[float], None] = time.sleep) -> None:
        self._store, self.progress, self._sleep = store, progress, sleep
        # Its lines would show paging links, at the level that Airflow writes.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        # Loopback never goes through a proxy that is set for the outside.
        self._http = httpx.Client(
            timeout=httpx.Timeout(120, connect=15), trust_env=not store.is_loopback, follow_redirects=False
        )
        self._headers = {"Accept": "application/json", **store.headers}

    def __enter__(self) -> Client:
        self._headers["X-Experience-API-Version"] = self._version()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def first(self, since: datetime | None) -> Page:
        """The first page of what was stored after `since`, the oldest first. Raises UsageError when the store
        refuses.
        """
        asked = {"ascending": "true", "limit": str(self._store.page_size)}
        if since:
            asked["since"] = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        status, page = self._ask(self._address(asked))
        if status == 400:
            # A limit above the store's own may be refused; without one it chooses.
            asked.pop("limit")
            status, page = self._ask(self._address(asked))
        if page is None:
            raise UsageError(_refusal(status))
        return page

    def next(self, link: str) -> Page:
        """The page behind a `more` link. Raises LinkGone when the store does not know it any more, or it is
        no link.
        """
        try:
            _, page = self._ask(self.at_home(link))
        except (ValueError, httpx.InvalidURL):
            raise LinkGone from None
        if page is None:
            raise LinkGone
        return page

    def at_home(self, link: str) -> str:
        """The link at the store's own origin: stores behind a proxy give an inner host, and nobody else may
        see the secrets.
        """
        origin, there = urlsplit(self._store.statements), urlsplit(urljoin(self._store.statements, link))
        return urlunsplit((origin.scheme, origin.netloc, there.path, there.query, ""))

    def _version(self) -> str:
        """The newest version that both sides speak, by the store's `about`; 1.0.3 where it does not tell."""
        if self._store.version:
            return self._store.version
        try:
            answer = self._http.get(self._store.about, headers={"Accept": "application/json"})
            told = json.loads(answer.content).get("version") if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError, AttributeError):
            told = None
        told = told if isinstance(told, list) else []
        return VERSIONS[0] if any(str(each).startswith("2.") for each in told) else VERSIONS[1]

    def _address(self, asked: dict[str, str]) -> str:
        return f"{self._store.statements}?{urlencode(asked)}"

    def _ask(self, address: str) -> tuple[int, Page | None]:
        """Status and page; no page where the store says no for good. Raises AnonymartError when patience
        ends.
        """
        status, why = 0, ""
        for number in range(TRIES):
            try:
                status, headers, content = self._get(address)
                if status == 200:
                    return status, _page(headers, content)
                why = f"answers {status}"
            except (httpx.HTTPError, _NotWhole) as error:
                status, headers, why = (
                    0,
                    httpx.Headers(),
                    str(error)
                    if isinstance(error, _NotWhole)
                    else f"does not answer ({type(error).__name__})",
                )
            if status in (401, 403):
                raise UsageError(_refusal(status))
            if status and status not in _BUSY:
                return status, None
            if number < TRIES - 1:
                self._pause(number, headers.get("Retry-After"), why)
        if status and status != 429:
            # Some stores answer 500 to a link that has expired.
            return status, None
        raise AnonymartError(
            f"The store {why}, {TRIES} times in a row: run again later, the drain goes on where it stopped."
        )

    def _get(self, address: str) -> tuple[int, httpx.Headers, bytes]:
        for _ in range(_MOST_REDIRECTS):
            with self._http.stream("GET", address, headers=self._headers) as answer:
                if answer.status_code not in _REDIRECTS:
                    return answer.status_code, answer.headers, b"".join(_bounded(answer.iter_bytes()))
                there = urljoin(address, answer.headers.get("Location", ""))
                if urlsplit(there)[:2] != urlsplit(self._store.statements)[:2]:
                    raise UsageError(
                        "The store redirects to another host or scheme: give the address that it moved "
                        "to, credentials do not follow."
                    )
                address = there
        raise UsageError("The store redirects in a circle: check its address.")

    def _pause(self, number: int, retry_after: str | None, why: str) -> None:
        seconds = _asked_for(retry_after)
        if seconds is None:
            seconds = min(2.0**number, _LONGEST_PAUSE_SECONDS) * random.uniform(0.75, 1.25)
        if seconds > LONGEST_WAIT_SECONDS:
            raise AnonymartError(
                f"The store asks to wait {seconds:.0f} s: run again then, the drain goes on where it stopped."
            )
        self.progress.say(f"  The store {why}: next try in {seconds:.0f} s.")
        self._sleep(seconds)


def _bounded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST_PAGE_BYTES:
            raise UsageError(
                "One page is larger than 256 MiB: ask for fewer statements a page with --page-size."
            )
        yield chunk


def _page(headers: httpx.Headers, content: bytes) -> Page:
    try:
        result = msgspec.json.decode(content, type=_Result)
    except msgspec.DecodeError:
        if content.lstrip()[:1] == b"<":
            raise UsageError(
                "The address answers with a web page: give the xAPI endpoint, the part before /statements."
            ) from None
        raise _NotWhole("answers with something that is no whole page of statements") from None
    return Page(
        result.statements, result.more or None, moment(headers.get("X-Experience-API-Consistent-Through"))
    )


def moment(text: str | None) -> datetime | None:
    """The time in UTC of an ISO 8601 text, None when it is none; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _asked_for(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After header, which may be a number or a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _refusal(status: int) -> str:
    if status in (401, 403):
        return (
            f"The store refuses these credentials ({status}): check user and password or token, and that "
            f"they may read statements."
        )
    if status == 404:
        return (
            "The store knows no statements at this address (404): give the xAPI endpoint, the part before "
            "/statements."
        )
    return (
        f"The store refuses to give statements ({status}): check its address and the version of xAPI it "
        f"speaks."
    )
