"""A mail server and a webhook on this machine, and a home whose configuration names them."""

from __future__ import annotations

import email
import json
import socket
import threading
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiosmtpd.controller import Controller

from tests.erasure.small_school import SmallSchool


class Inbox:
    """What has arrived, oldest first."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.posts: list[dict] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.messages.append(email.message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [message["Subject"].removeprefix("[Anonymart] ") for message in self.messages]

    @property
    def text(self) -> str:
        return "\n".join(message.get_content() for message in self.messages)

    def printed(self) -> str:
        return "\n".join(
            f"--- {message['Subject']}\n{message.get_content().strip()}" for message in self.messages
        )


@pytest.fixture
def inbox():
    found = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found.port = free.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=found.port)
    controller.start()
    yield found
    controller.stop()


@pytest.fixture
def webhook(inbox):
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            inbox.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()


@pytest.fixture
def school(tmp_path, monkeypatch, inbox):
    """A home of two people whose messages go to the inbox."""
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path / "home"))
    for name in ("ANONYMART_CONFIG", "ANONYMART_WEBHOOK_URL", "ANONYMART_SMTP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    small_school = SmallSchool(tmp_path / "home")
    configure(small_school, inbox)
    return small_school


def configure(school, inbox, more: str = "") -> None:
    folder = school.home.root / "config"
    folder.mkdir(exist_ok=True)
    (folder / "notify.yml").write_text(
        f"email: {{host: 127.0.0.1, port: {inbox.port}, security: none, "
        f"sender: anonymart@school.example, to: [dpo@school.example]}}\n{more}"
    )
