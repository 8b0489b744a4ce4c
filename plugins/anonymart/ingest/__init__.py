"""Ingest: from landing files to the vault, one transaction a file, every row accounted for."""

from anonymart.ingest.run import IngestReport, ingest

__all__ = ["IngestReport", "ingest"]
