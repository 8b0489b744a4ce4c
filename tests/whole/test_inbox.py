"""The mail server's inbox the morning after a whole school was loaded and published: printed, and without a
value of anybody (`pytest -s` shows it).
"""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace

import pytest

from anonymart.notify.tell import tell_standing
from anonymart.policy import load_policy
from tests.notify.conftest import configure, inbox
from tests.whole.planted import Planted

__all__ = ["inbox"]
pytestmark = pytest.mark.long
LATER = date(2026, 6, 20)


def test_the_inbox_after_a_school(released, school, inbox, tmp_path, monkeypatch):
    home = released.copy(tmp_path / "home").home
    monkeypatch.setenv("ANONYMART_HOME", str(home.root))
    monkeypatch.delenv("ANONYMART_CONFIG", raising=False)
    configure(SimpleNamespace(home=home), inbox)
    n_told = tell_standing(home, load_policy(), LATER)
    assert n_told == len(inbox.messages) > 0
    assert tell_standing(home, load_policy(), LATER) == 0, "once"
    print(inbox.printed())
    assert "A request is past its last day" in inbox.subjects
    for message in inbox.messages:
        text = message.get_content()
        assert "What to do: " in text and f"As of {LATER}" in text
    planted = Planted({row["value"] for row in school.identifiers})
    assert planted.find(io.BytesIO(inbox.printed().encode())) == set()
