"""Who is told and how: `expectations/notify.yml` with the school's own `notify.yml` over it, checked."""

from __future__ import annotations

import os
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import yaml

from anonymart import config
from anonymart.contracts import LOADER
from anonymart.home import PROJECT
from anonymart.shapes import shaped

FILE = PROJECT / "expectations" / "notify.yml"
PASSWORD, WEBHOOK_URL = "ANONYMART_SMTP_PASSWORD", "ANONYMART_WEBHOOK_URL"
SECURITY = ("starttls", "tls", "none")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
Days = Annotated[int, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(gt=0)]


class Email(msgspec.Struct, forbid_unknown_fields=True):
    """A server and who writes to whom; the password stands in the environment alone."""

    host: str
    sender: str
    to: list[str] | str
    security: str = "starttls"
    port: int | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        if not self.recipients or not all("@" in each and each.isprintable() for each in self.recipients):
            raise ValueError("'email.to' must be a list of e-mail addresses.")
        if self.security not in SECURITY:
            raise ValueError(f"'email.security' must be one of {', '.join(SECURITY)}.")
        if self.security == "none" and self.host not in _THIS_MACHINE:
            raise ValueError("'email.security' may be none only to this machine: use starttls or tls.")

    @property
    def recipients(self) -> list[str]:
        return self.to if isinstance(self.to, list) else [self.to]

    @property
    def port_of_server(self) -> int:
        return self.port or (465 if self.security == "tls" else 587)


class Webhook(msgspec.Struct, forbid_unknown_fields=True):
    """Where a JSON object is posted to."""

    url: str | None = None


class Words(msgspec.Struct, forbid_unknown_fields=True):
    """What a kind of message is called, and what to do then."""

    title: str
    do: str


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """Where messages go (None: not there), when they come again, and the words of each kind."""

    again_after_days: Days
    smallest_free_share: Share
    kinds: dict[str, Words]
    email: Email | None = None
    webhook: Webhook | None = None

    def __post_init__(self) -> None:
        if self.webhook and not self.address:
            raise ValueError(f"'webhook' needs a url, or {WEBHOOK_URL} in the environment.")
        parts = urlsplit(self.address or "https://nowhere")
        is_closed = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
        if not is_closed or not parts.hostname:
            raise ValueError("the address of 'webhook' must begin with https://.")

    @property
    def address(self) -> str | None:
        """Where a webhook is; the environment goes before the file."""
        return os.environ.get(WEBHOOK_URL) or (self.webhook.url if self.webhook else None)

    @property
    def ways(self) -> set[str]:
        """On which ways messages go."""
        return {name for name, to in (("email", self.email), ("webhook", self.address)) if to is not None}

    @property
    def tells_somebody(self) -> bool:
        return bool(self.ways)


def load() -> Settings:
    """The settings as they hold. Raises UsageError for what cannot be sent to: an entry that is missing or
    unknown, an address without a server, an open connection to another machine.
    """
    shipped = yaml.load(FILE.read_text(encoding="utf-8"), Loader=LOADER)
    own = config.file(config.NOTIFY)
    return shaped(config.over(shipped, own) if own else shipped, Settings, str(own or FILE))
