"""What is wrong in a YAML is told by file and entry, in words, and never by value."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from anonymart.errors import UsageError
from anonymart.shapes import shaped

SECRET = "ada@school.example"


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    host: str
    port: Annotated[int, msgspec.Meta(ge=1)] = 25
    kind: Literal["tls", "none"] = "tls"
    to: list[str] | str = ""

    def __post_init__(self):
        if self.host == "no":
            raise ValueError("'inner.host' must be another.")


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    inner: Inner
    share: Annotated[float, msgspec.Meta(gt=0)] = 1
    words: dict[str, str] = {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "'the file' must be a group of entries: correct it."),
        ({}, "the entry 'inner' is missing: add it."),
        ({"inner": {}}, "the entry 'inner.host' is missing: add it."),
        (
            {"inner": {"host": "a", SECRET[:3]: 1}},
            "unknown entry 'inner.ada': correct its name or remove it.",
        ),
        ({"inner": {"host": 1}}, "'inner.host' must be a text: correct it."),
        ({"inner": {"host": False}}, "'inner.host' must be a text: put yes, no, true and false in quotes."),
        ({"inner": {"host": "a", "port": True}}, "'inner.port' must be a whole number: correct it."),
        (
            {"inner": {"host": "a", "port": 0}},
            "'inner.port' must be a whole number of at least 1: correct it.",
        ),
        (
            {"inner": {"host": "a", "kind": SECRET}},
            "'inner.kind' has a value that it cannot have: correct it.",
        ),
        ({"inner": {"host": "a", "to": [1]}}, "'inner.to[0]' must be a text: correct it."),
        ({"inner": {"host": "a", "to": 1}}, "'inner.to' must be a text or a list: correct it."),
        ({"inner": {"host": "a"}, "share": 0.0}, "'share' must be a number above 0: correct it."),
        ({"inner": {"host": "a"}, "words": {"x": 1}}, "'words[...]' must be a text: correct it."),
        ({"inner": {"host": "no"}}, "'inner.host' must be another."),
    ],
)
def test_what_is_wrong_in_words(content, says):
    with pytest.raises(UsageError) as found:
        shaped(content, Outer, "own.yml")
    assert str(found.value) == f"own.yml: {says}" and SECRET not in str(found.value)
    assert found.value.__cause__ is None


def test_what_fits_is_its_value():
    assert shaped({"inner": {"host": "a"}, "share": 1}, Outer, "own.yml").inner.port == 25
    with pytest.raises(UsageError, match=r"own\.yml: the entry 'fields\.x\.host' is missing"):
        shaped({}, Inner, "own.yml", "fields.x")
