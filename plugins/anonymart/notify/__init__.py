"""Somebody is told: messages by SMTP and webhook, with counts, days and names of sources only (R-CLOCK).

`tell` is the package's entrance; a run without Airflow and the DAGs call the same functions.
"""
