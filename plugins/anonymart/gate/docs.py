"""Data Docs made to stand alone: no script, no picture, nothing fetched from anywhere, and one style sheet of
ours.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser
from pathlib import Path

from anonymart.page import style as page_style
from anonymart.release import privacy_page

STYLE_FILE = "style.css"
# The words that Great Expectations itself writes on its pages: a learner may be called so.
DOCS_WORDS = """
    Data documentation compiled by Great Expectations Docs Home Validations Expectation Validation Result
    Evaluates whether a batch of data matches expectations Actions Filter Show All Failed Only Table of
    Contents Overview Suite asset Status Succeeded Failed Statistics Evaluated Successful Unsuccessful Percent
    more info Run Name Time Batch Markers Spec identifiers schema type Level Observed Value across batches
    block buttons collapse collection contains content currently defined device email false found header ident
    initial navigation notes objects option options parent radio results scale section special style subheader
    values viewport width
"""
_STYLE = Path(__file__).with_name("docs.css")
_DROPPED = re.compile(
    r"<script\b.*?</script>|<style\b.*?</style>|<link\b[^>]*>|<svg\b.*?</svg>|<img\b[^>]*>|<!--.*?-->"
    r"|<(?:footer)\b.*?</footer>",
    re.DOTALL | re.IGNORECASE,
)
_OUTSIDE = re.compile(r"""\s(?:href|src|action|data-\w+)\s*=\s*(["'])(?:[a-z]+:)?//.*?\1""", re.IGNORECASE)
_ADDRESS = re.compile(r"https?:[^\s\"'<>)]*", re.IGNORECASE)
# When a batch was read: the machine's clock, which no rule asks and whose digits may look like a phone
# number.
_CLOCK = re.compile(r"(?<=>)\d{8}T\d{6}\.\d{6}Z(?=<)")
# Names that Great Expectations makes up for elements of a page, to jump to.
_ELEMENT = re.compile(r"#?section-\d+-content-block-[\w-]*")
# Made anew at each run, so that two releases of one school would differ by them.
_MADE_UP = re.compile(r"(?<=-collapse-body-)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ON_EVENT = re.compile(r"""\son\w+\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE)

# Names of styles, and what a drawing is made of; the page of the marts is compared byte for byte elsewhere.
_NO_TEXTS = {"class", "style", "rel", "d", "transform", "viewbox", "x", "y", "x1", "x2", "y1", "y2"}
_NO_TEXTS |= {"width", "height", "fill", "stroke", "points"}


def finish_docs(data_docs: Path, title: str, suites: Sequence[tuple[str, str, int, int]]) -> None:
    """Rewrite every page so that it needs nothing but the style sheet beside it, and write a front page that
    needs no script.

    A suite is its name, what it is about, how many things it asked and how many of them were not so.
    """
    shutil.rmtree(data_docs / "static", ignore_errors=True)
    if not data_docs.is_dir():
        return
    for page in data_docs.rglob("*.html"):
        depth = len(page.relative_to(data_docs).parts) - 1
        page.write_text(
            _alone(page.read_text(encoding="utf-8"), "../" * depth + STYLE_FILE), encoding="utf-8"
        )
    shutil.copyfile(_STYLE, data_docs / STYLE_FILE)
    (data_docs / "index.html").write_text(_front_page(data_docs, title, suites), encoding="utf-8")


def _front_page(data_docs: Path, title: str, suites: Sequence[tuple[str, str, int, int]]) -> str:
    rows = []
    for name, about, asked, failed in suites:
        pages = sorted((data_docs / "validations" / name).rglob("*.html"))
        link = f'<a href="{pages[0].relative_to(data_docs)}">{escape(name)}</a>' if pages else escape(name)
        mark, words = ("success", "all passed") if not failed and asked else ("danger", f"{failed} failed")
        rows.append(
            f"<tr><td>{link}</td><td>{escape(about)}</td><td>{asked}</td><td "
            f'class="text-{mark}">{words}</td></tr>'
        )
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="UTF-8"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="{STYLE_FILE}"></head><body><h1>{escape(title)}</h1>'
        "<p>What this release may not hold, and what the gate found when it read the very files. "
        "Results are names and counts, never a value.</p>"
        "<table><thead><tr><th>Suite</th><th>About</th><th>Asked</th><th>Found</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></body></html>\n"
    )


def _alone(html: str, style: str) -> str:
    for unwanted in (_DROPPED, _OUTSIDE, _ON_EVENT, _ADDRESS, _CLOCK):
        html = unwanted.sub("", html)
    numbers = {name: str(number) for number, name in enumerate(dict.fromkeys(_MADE_UP.findall(html)), 1)}
    html = _MADE_UP.sub(lambda found: numbers[found.group()], html)
    return html.replace("</head>", f'<link rel="stylesheet" href="{style}"></head>', 1)


def page_texts(data_docs: Path) -> list[tuple[str, str]]:
    """Every text of every page, attributes included, as (data_docs, text); a text of markup alone is left
    out.
    """
    return [
        (data_docs.name, text) for page in sorted(data_docs.rglob("*.html")) for _, text in texts_of(page)
    ]


def texts_of(page: Path) -> list[tuple[str, str]]:
    """Every text of one page, as (page, text); of style sheets too."""
    return [(page.name, text) for text in texts_in(page.read_text(encoding="utf-8", errors="replace"))]


def texts_in(html: str) -> list[str]:
    """Every text of a page's source, each once; without our own styles, word for word, whose @media is no
    handle.
    """
    reader = _Reader()
    reader.feed(html.replace(privacy_page.style(), "").replace(page_style(), ""))
    return sorted(reader.texts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: set[str] = set()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.add(" ".join(data.split()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts.update(
            value
            for name, value in attrs
            if value and name not in _NO_TEXTS and not _ELEMENT.fullmatch(value)
        )
