"""One message, sent: by SMTP and to a webhook. What cannot be sent is said, and stops nothing."""

from __future__ import annotations

import logging
import os
import smtplib
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid

import httpx

from anonymart.notify.settings import PASSWORD, Email, Settings

_SECONDS = 20
# It logs the whole address of each call, and that of a webhook is its secret.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True)
class Message:
    """What is told: its kind, one line, and the text below it."""

    kind: str
    subject: str
    text: str


def send(message: Message, settings: Settings, but: Collection[str] = ()) -> dict[str, str]:
    """Send a message everywhere `but` on these ways (`email`, `webhook`); gives a sentence, without
    addresses, for each way on which it did not arrive.
    """
    failed = {}
    if settings.email and "email" not in but:
        try:
            _by_email(message, settings.email, os.environ)
        except (OSError, smtplib.SMTPException) as error:
            failed["email"] = f"The message could not be sent by e-mail ({type(error).__name__})."
    if settings.address and "webhook" not in but:
        try:
            # The answer's text is not read: it may never end.
            with httpx.stream(
                "POST",
                settings.address,
                json={"kind": message.kind, "subject": message.subject, "text": message.text},
                timeout=_SECONDS,
                follow_redirects=False,
            ) as answer:
                answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failed["webhook"] = f"The message could not be sent to the webhook ({type(error).__name__})."
    return failed


def _by_email(message: Message, email: Email, environment: Mapping[str, str]) -> None:
    written = EmailMessage()
    written["Subject"] = message.subject
    written["From"] = email.sender
    written["To"] = ", ".join(email.recipients)
    written["Message-ID"] = make_msgid(domain=email.sender.rpartition("@")[2] or "localhost")
    written["Auto-Submitted"] = "auto-generated"
    written.set_content(message.text)
    context = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(email.host, email.port_of_server, timeout=_SECONDS, context=context)
        if email.security == "tls"
        else smtplib.SMTP(email.host, email.port_of_server, timeout=_SECONDS)
    )
    with server:
        if email.security == "starttls":
            server.starttls(context=context)
        if email.user:
            server.login(email.user, environment.get(PASSWORD, ""))
        server.send_message(written)
