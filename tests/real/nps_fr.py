"""The answers of a French retailer's survey, delivered byte for byte as they are: cp850 within Latin-1.

Only the header line gets the names that the warehouse knows, and each line is led by the time, the path and
the fictional address of the one who answers. The customer's number stays an unknown column, which admission
refuses.
"""

from __future__ import annotations

import json
from pathlib import Path

HEADER = b'"","id","nps","satisfaction","intention","explication","NbPassageKS","CaTicket","t"'
NAMED = (
    b'"answered_at","path_id","email","response_id","customer","score","satisfaction","intention",'
    b'"comment","NbPassageKS","CaTicket","t"'
)
LEAD = b"2025-02-14T10:00:00Z,path-garden,%s,"
N_ROWS = 13_954


def deliver(folder: Path, landing: Path) -> None:
    """Write the answers, the people who gave them, and the consent of every second one."""
    lines = rows(folder)
    _write(
        landing / "nps" / "nps-fr.csv",
        b"\n".join([NAMED, *(LEAD % email(customer(line)).encode() + line for line in lines), b""]),
    )
    ids = [customer(line) for line in lines]
    learners = [
        {"learner_id": f"nps-{number}", "email": email(number), "last_login_at": "2025-02-01T08:00:00Z"}
        for number in ids
    ]
    _write_lines(landing / "learners" / "nps-fr.ndjson", learners)
    consents = [
        {
            "learner_id": f"nps-{number}",
            "purpose": "P-SURVEY",
            "status": "granted",
            "at": "2025-02-01T08:00:00Z",
        }
        for number in ids
        if has_consent(number)
    ]
    _write_lines(landing / "consents" / "nps-fr.ndjson", consents)
    _write_lines(
        landing / "catalogue" / "nps-fr.ndjson", [{"path_id": "path-garden", "path_title": "Garden"}]
    )


def rows(folder: Path) -> list[bytes]:
    """The lines of the file without its header; each is one answer."""
    header, *lines = (folder / "nps.csv").read_bytes().split(b"\n")
    assert header == HEADER
    assert lines.pop() == b""
    return lines


def customer(line: bytes) -> str:
    return line.split(b",", 2)[1].decode()


def email(number: str) -> str:
    return f"client.{number}@jardin.example"


def has_consent(number: str) -> bool:
    return int(number) % 2 == 0


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write_lines(path: Path, rows_: list[dict]) -> None:
    _write(path, b"".join(json.dumps(row).encode() + b"\n" for row in rows_))
