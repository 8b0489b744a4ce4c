"""A release for Apache Superset: datasets, charts and dashboards as one file to import (S-ANON)."""

from anonymart.superset.bundle import Bundle, make_bundle

__all__ = ["Bundle", "make_bundle"]
