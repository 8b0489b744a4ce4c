"""The names that DAGs, set-up and tests share; importing them imports nothing of Airflow."""

from __future__ import annotations

POOL = "anonymart_writer"
POOL_NOTE = "One slot: DuckDB has one writer for each file."
# In the order of loading: a later source is read with what the earlier ones say (consents, birth dates, codes).
SOURCES = ("learners", "catalogue", "consents", "rights", "enrolments", "learning", "connections", "nps", "salary")
