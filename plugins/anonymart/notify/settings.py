"""Who is told and how: `expectations/notify.yml` with the school's own `notify.yml` over it, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from anonymart import config
from anonymart.contracts import LOADER
from anonymart.errors import UsageError
from anonymart.home import PROJECT

FILE = PROJECT / "expectations" / "notify.yml"
PASSWORD, WEBHOOK_URL = "ANONYMART_SMTP_PASSWORD", "ANONYMART_WEBHOOK_URL"
SECURITY = ("starttls", "tls", "none")
_EMAIL = {"host", "port", "security", "user", "sender", "to"}
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Email:
    """A server and who writes to whom; the password stands in the environment alone."""

    host: str
    port: int
    security: str
    user: str | None
    sender: str
    to: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """Where messages go (None: not there), when they come again, and the words of each kind."""

    email: Email | None
    webhook: str | None
    again_after_days: int
    smallest_free_share: float
    kinds: Mapping[str, Mapping[str, str]]

    @property
    def tells_somebody(self) -> bool:
        return self.email is not None or self.webhook is not None


def load() -> Settings:
    """The settings as they hold. Raises UsageError for what cannot be sent to: an entry that is missing or
    unknown, an address without a server, an open connection to another machine.
    """
    shipped = yaml.load(FILE.read_text(encoding="utf-8"), Loader=LOADER)
    own = config.file(config.NOTIFY)
    raw = config.over(shipped, own) if own else shipped
    where = own or FILE
    return Settings(
        email=_email(raw["email"], where) if raw["email"] else None,
        webhook=_webhook(raw["webhook"], where),
        again_after_days=int(_positive(raw, "again_after_days", where)),
        smallest_free_share=float(_positive(raw, "smallest_free_share", where)),
        kinds=raw["kinds"],
    )


def _positive(raw: Mapping[str, Any], name: str, where: Path) -> float:
    value = raw[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise UsageError(f"{where}: '{name}' must be a number above 0.")
    return value


def _email(entry: Any, where: Path) -> Email:
    if not isinstance(entry, dict) or not set(entry) <= _EMAIL or not {"host", "sender", "to"} <= set(entry):
        raise UsageError(
            f"{where}: 'email' needs host, sender and to, and knows {', '.join(sorted(_EMAIL))} besides."
        )
    to = entry["to"] if isinstance(entry["to"], list) else [entry["to"]]
    if not to or not all(isinstance(each, str) and "@" in each and each.isprintable() for each in to):
        raise UsageError(f"{where}: 'email.to' must be a list of e-mail addresses.")
    security, host = entry.get("security", "starttls"), str(entry["host"])
    if security not in SECURITY:
        raise UsageError(f"{where}: 'email.security' must be one of {', '.join(SECURITY)}.")
    if security == "none" and host not in _THIS_MACHINE:
        raise UsageError(f"{where}: 'email.security' may be none only to this machine: use starttls or tls.")
    port = entry.get("port", 465 if security == "tls" else 587)
    if not isinstance(port, int):
        raise UsageError(f"{where}: 'email.port' must be a number.")
    user = entry.get("user")
    return Email(host, port, security, str(user) if user else None, str(entry["sender"]), tuple(to))


def _webhook(entry: Any, where: Path) -> str | None:
    url = os.environ.get(WEBHOOK_URL) or (entry.get("url") if isinstance(entry, dict) else None)
    if url is None:
        if entry:
            raise UsageError(f"{where}: 'webhook' needs a url, or {WEBHOOK_URL} in the environment.")
        return None
    parts = urlsplit(str(url))
    is_closed = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
    if not is_closed or not parts.hostname:
        raise UsageError(f"{where}: the address of 'webhook' must begin with https://.")
    return str(url)
