"""dbt makes, words and dates an event for whatever it does, thousands in a build, also where nobody listens.
Here those below information that nobody wants are neither filled nor told.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dbt_common.events.base_types import BaseEvent
from dbt_common.events.event_manager import EventManager

_LOW = {"DebugLevel", "TestLevel"}  # classes of this name are in dbt-common, dbt-adapters and dbt-core


def is_low(kind: type) -> bool:
    """Whether events of this class are below information."""
    return any(each.__name__ in _LOW for each in kind.__mro__)


def only(wanted: Collection[str]) -> None:
    """From here on dbt in this process drops events below information, but for those of these names."""
    make, fire = BaseEvent.__init__, EventManager.fire_event

    def is_dropped(event: BaseEvent) -> bool:
        return is_low(type(event)) and type(event).__name__ not in wanted

    def make_wanted(self: BaseEvent, *args: Any, **values: Any) -> None:
        if not is_dropped(self):
            make(self, *args, **values)

    def fire_wanted(self: EventManager, e: BaseEvent, *args: Any, **values: Any) -> None:
        if not is_dropped(e):
            fire(self, e, *args, **values)

    BaseEvent.__init__ = make_wanted  # type: ignore[method-assign]
    EventManager.fire_event = fire_wanted  # type: ignore[method-assign]
