"""`anonymart detect`: identifiers in texts of one's own, as NDJSON in and out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BufferedReader

import click

from anonymart.errors import UsageError

_CHUNK = 1 << 20
_LONGEST_LINE = 1 << 26


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--no-vault",
    is_flag=True,
    help="Ask no vault: needs neither a home nor keys, and knows no names but those of its lists.",
)
@click.option(
    "--json", "is_json", is_flag=True, help="Changes nothing: the output is JSON, one object a line."
)
def detect(file: BufferedReader, no_vault: bool, is_json: bool) -> None:
    """Find direct identifiers in the texts of FILE, or of standard input (D-IDENT, D-SPECIAL).

    Each line in is a JSON object with an id (a text or a whole number) and a text; each line out, in the same
    order, holds the id and the spans. A span counts Unicode code points from 0, and its end is the first one
    after it:

    \b
      {"id": 1, "text": "Merci à Sylvie, 06 12 34 56 78"}
      {"id": 1, "spans": [{"start": 8, "end": 14, "kind": "name"}, {"start": 16, "end": 30, "kind": "phone_fr"}]}

    Kinds: nir, iban, card, email (spelled out too), url, phone, phone_fr, ipv4, ipv6, uuid, hash, handle,
    birth_date, address, name. With the vault of the home also what it knows: known_name, known_email,
    known_account, known_learner_id, known_hash (an unsalted MD5, SHA-1 or SHA-256 of an identifier) and the
    like. The text itself is never written.

    Lines are answered as they come. A line of another shape stops with exit 2 and is named by its number,
    never quoted.

    \b
      anonymart detect --no-vault comments.ndjson > spans.ndjson
    """  # noqa: E501
    import duckdb

    from anonymart import engine
    from anonymart.detect.search import Detector
    from anonymart.home import Home
    from anonymart.keys import Keys

    if no_vault:
        connection = duckdb.connect()
        connection.execute("SET enable_progress_bar = false")
    else:
        home = Home.from_env().prepare()
        connection = engine.connect(home, Keys.load(home), vault="ro")
    with connection:
        detector = Detector(connection, has_vault=not no_vault)
        line = 0
        for block in _blocks(file):
            ids, texts, problem = [], [], None
            for raw in block:
                line += 1
                try:
                    if raw.strip():
                        number, text = _read(raw)
                        ids.append(number)
                        texts.append(text)
                except ValueError as error:
                    problem = (
                        f"Line {line} {error}: give one JSON object with id and text a line; the lines "
                        f"before it are answered."
                    )
                    break
            _write(ids, detector.spans(texts) if texts else [])
            if problem:
                raise UsageError(problem)


def _blocks(file: BufferedReader) -> Iterator[list[bytes]]:
    """Whole lines, as many as have come so far, so that whoever writes slowly is answered at once."""
    rest = b""
    while chunk := file.read1(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise UsageError(f"A line is longer than {_LONGEST_LINE >> 20} MiB: is this NDJSON?")
        if whole:
            yield whole
    if rest:
        yield [rest]


def _read(raw: bytes) -> tuple[str | int, str]:
    """Raise ValueError, with words that quote nothing, when the line is not {id, text}."""
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("is no JSON") from None
    if not isinstance(content, dict):
        raise ValueError("is no JSON object")
    if content.keys() != {"id", "text"}:
        raise ValueError("has other keys than id and text, or lacks one")
    if not isinstance(content["id"], str | int) or isinstance(content["id"], bool):
        raise ValueError("has an id that is neither a text nor a whole number")
    if not isinstance(content["text"], str):
        raise ValueError("has a text that is none")
    return content["id"], content["text"]


def _write(ids: list[str | int], found: list) -> None:
    out = click.get_text_stream("stdout")
    for number, spans in zip(ids, found, strict=True):
        out.write(json.dumps({"id": number, "spans": [span._asdict() for span in spans]}) + "\n")
    out.flush()
