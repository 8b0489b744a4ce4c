"""The warehouse of tests/ingest, for exports of survey tools."""

from tests.ingest.conftest import SmallSchool, small_school

__all__ = ["SmallSchool", "small_school"]
