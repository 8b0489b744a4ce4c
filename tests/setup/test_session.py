"""What a command works with travels as one session: a home is not passed beside its keys."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest

from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.keys import Keys
from anonymart.policy import load_policy
from anonymart.session import Session

ROOT = Path(__file__).resolve().parents[2]
APART = {
    "connect": "what a session opens its zones with",
    "bring_forward": "a rotation has a home with two sets of keys",
    "_open": "a rewrite reads with one set of keys and writes with another",
    "scratch": "a trial without a home has neither",
    "check": "a check of an export without a home has neither",
}
KEYS = Keys(**dict.fromkeys(("vault", "warehouse", "pseudonym", "record", "person", "signing"), "0" * 64))


def test_no_function_takes_a_home_and_its_keys_apart():
    apart = {
        node.name
        for path in (ROOT / "plugins").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and {"home", "keys"} <= {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
    }
    assert apart == set(APART)


def test_a_step_that_needs_a_day_or_a_policy_does_not_take_another_one(tmp_path):
    session = Session(Home(tmp_path), KEYS)
    with pytest.raises(AnonymartError, match="needs the policy"):
        _ = session.policy
    with pytest.raises(AnonymartError, match="needs a day"):
        _ = session.as_of
    later = session.under(load_policy()).on(date(2026, 6, 30))
    assert (later.policy.version, later.as_of) == (load_policy().version, date(2026, 6, 30))
    assert session.given_day is None, "a session never changes: another day is another session"


def test_a_session_shows_no_key(tmp_path):
    assert "0" * 64 not in repr(Session(Home(tmp_path), KEYS))
