"""Events of dbt that nobody wants are neither made nor told."""

from __future__ import annotations

import pytest
from dbt_common.events import base_types, types
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

from anonymart import dbt_events


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch):
    """The names of the events that a callback gets."""
    monkeypatch.setattr(BaseEvent, "__init__", BaseEvent.__init__)
    monkeypatch.setattr(EventManager, "fire_event", EventManager.fire_event)
    dbt_events.only({"SystemStdErr"})
    names: list[str] = []
    manager = EventManager()
    manager.add_callback(lambda message: names.append(message.info.name))
    return manager, names


def test_a_debug_event_is_neither_filled_nor_told(told, monkeypatch: pytest.MonkeyPatch) -> None:
    filled = []
    parse = base_types.ParseDict
    monkeypatch.setattr(base_types, "ParseDict", lambda *args: filled.append(1) or parse(*args))
    manager, names = told
    manager.fire_event(types.SystemExecutingCmd(cmd=["ls"]))
    assert (filled, names) == ([], [])


def test_what_is_wanted_and_what_is_information_is_told(told) -> None:
    manager, names = told
    manager.fire_event(types.SystemStdErr(bmsg="a"))
    manager.fire_event(types.Note(msg="a"), level=EventLevel.WARN)
    manager.fire_event(types.Note(msg="a"), level=EventLevel.INFO)
    assert names == ["SystemStdErr", "Note", "Note"]


def test_a_warning_is_still_an_error_where_it_is_to_be_one(told) -> None:
    manager, _ = told
    manager.warn_error = True
    with pytest.raises(Exception, match="stops"):
        manager.fire_event(types.Note(msg="stops"), level=EventLevel.WARN, force_warn_or_error_handling=True)
