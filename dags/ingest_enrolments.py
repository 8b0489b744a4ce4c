"""Daily: enrolments, their outcome and their diplomas, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="enrolments",
    hour="02:20",
    doc_md="""
### Loads enrolments, their outcome and their diplomas

Takes every file of `landing/enrolments/` into the vault, one transaction a file, and removes the file after
its commit. A row that comes again with new content replaces the old one. Graduates of diplomas are the base
of the salary marts.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole makes `watch` red and stays in landing with `.refused` at its end: mend it and rename it. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source enrolments --as-of YYYY-MM-DD`
""",
)
