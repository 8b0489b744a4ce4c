"""Daily: connections to the site, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="connections",
    hour="02:30",
    doc_md="""
### Loads connections to the site

Takes every file of `landing/connections/` into the vault, one transaction a file, and removes the file after
its commit. They are kept for a year (P-LOG) and say when a person last used the school. They reach no mart.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole makes `watch` red and stays in landing with `.refused` at its end: mend it and rename it. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source connections --as-of YYYY-MM-DD`
""",
)
