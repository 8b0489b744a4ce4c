"""Exports of survey tools as they come: told by their columns, read by a YAML, handed to ingest as rows of `nps` or `salary`."""
