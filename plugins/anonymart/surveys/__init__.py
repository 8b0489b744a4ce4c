"""Exports of survey tools as they come: told by their columns, read by a YAML, handed to ingest as rows of
`nps` or `salary`.
"""

from anonymart.surveys.land import drop_superseded, land

__all__ = ["drop_superseded", "land"]
