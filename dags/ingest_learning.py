"""Daily: xAPI statements, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="learning",
    hour="02:25",
    doc_md="""
### Loads xAPI statements

Takes every file of `landing/learning/` into the vault, one transaction a file, and removes the file after its
commit. The largest source: one million statements take a few seconds. What the allow-list of xAPI paths does
not name is not stored. A statement that comes again, in whatever file, counts as a duplicate. Where a
connection `anonymart_lrs` exists, what is new in that learning record store is fetched into landing first
(docs/sources.md).

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole makes `watch` red and stays in landing with `.refused` at its end: mend it and rename it. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source learning --as-of YYYY-MM-DD`
""",
)
