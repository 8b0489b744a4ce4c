"""The house of tests/ingest, for exports of survey tools."""

from tests.ingest.conftest import House, house

__all__ = ["House", "house"]
