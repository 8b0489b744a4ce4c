"""`anonymart detect`: one line in, one line out, and no text in what it says (D-IDENT)."""

import json

import pytest
from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.errors import UsageError


def run(data: bytes, *arguments: str):
    return CliRunner().invoke(anonymart, ["detect", *arguments], input=data)


def test_spans_in_code_points_in_the_order_of_the_lines():
    lines = [
        {"id": 7, "text": "😀 né le 12/03/1998"},
        {"id": "b", "text": "rien"},
        {"id": 7, "text": "a@b.fr\u0000"},
    ]
    done = run("\n\n".join(json.dumps(line) for line in lines).encode(), "--no-vault")
    assert done.exit_code == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"id": 7, "spans": [{"start": 2, "end": 18, "kind": "birth_date"}]},
        {"id": "b", "spans": []},
        {"id": 7, "spans": [{"start": 0, "end": 6, "kind": "email"}]},
    ]


BROKEN = [
    b'{"id": 1, "text": "secret"',
    b'["secret"]',
    b'{"id": 1, "txt": "secret"}',
    b'{"id": 1, "text": "x", "name": "secret"}',
    b'{"id": null, "text": "secret"}',
    b'{"id": true, "text": "secret"}',
    b'{"id": 1, "text": ["secret"]}',
    b'{"id": 1, "text": "secret \xff"}',
]


@pytest.mark.parametrize("line", BROKEN)
def test_a_line_of_another_shape_is_named_and_not_quoted(line):
    done = run(b'{"id": 1, "text": "x"}\n' + line, "--no-vault")
    assert isinstance(done.exception, UsageError)
    assert str(done.exception).startswith("Line 2 ")
    assert "secret" not in str(done.exception)
    assert done.stdout == '{"id": 1, "spans": []}\n'


def test_without_a_vault_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path))
    done = run(b"")
    assert done.exit_code != 0
    assert "anonymart keys init" in str(done.exception)
