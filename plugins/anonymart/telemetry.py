"""Nothing calls home: what each library needs to be told so."""

from __future__ import annotations

import os

OFF = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DBT_VERSION_CHECK": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "SCARF_ANALYTICS": "false",
}


def switch_off() -> None:
    """Set the switches for this process and its children; call it before the libraries are imported."""
    os.environ.update(OFF)
