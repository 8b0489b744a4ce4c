"""The pages of the page Privacy: Jinja2 with every value escaped, one style sheet inside the page, no script
and nothing from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from anonymart.policy import load_policy
from anonymart.release import exact_page, privacy_page
from anonymart.release.page_parts import in_words

_HERE = Path(__file__).parent
_COMMON = "frame-ancestors 'self'; base-uri 'none'"
_STYLE = privacy_page.style() + (_HERE / "page.css").read_text(encoding="utf-8")
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; form-action 'self'; {_COMMON}"
# The report carries its style inside, the Data Docs have theirs beside them.
POLICY_OF_EVIDENCE = (
    f"default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'none'; "
    f"{_COMMON}"
)


def page(request: Request, name: str, status: int = 200, **told_values: Any) -> HTMLResponse:
    """A page of the page by the name of its template."""
    base = request.scope.get("root_path", "")
    text = (
        _environment()
        .get_template(f"{name}.html")
        .render(base=base, style=Markup(_STYLE), status=status, **told_values)
    )
    return HTMLResponse(text, status)


def changes_part(changes: Mapping[str, Any]) -> Markup:
    """Tables of what changed, escaped; a sentence when nobody can tell."""
    if not changes:
        return Markup("<p>One of the two has no privacy report, so nobody can tell what changed.</p>")
    return Markup(privacy_page.changes_part({"changes": changes}))


def exact_part(notes: Mapping[str, Any]) -> Markup:
    """Tables of the exact figures that stand in no release, escaped."""
    return Markup(f"<p>{exact_page.heading()}</p>{exact_page.part(notes)}")


def moment(at: str | datetime | None) -> str:
    """A time as a person where the school is reads it: 30 July 2026, 12:00 (Europe/Paris). What is no time
    stays as it is.
    """
    zone = load_policy().figure("window", "time_zone")
    try:
        found = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    except ValueError:
        return str(at)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return f"{found.astimezone(ZoneInfo(zone)):%-d %B %Y, %H:%M} ({zone})"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters["in_words"] = in_words
    made.filters["moment"] = moment
    return made
