"""Daily: consents given and withdrawn, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="consents",
    hour="02:10",
    doc_md="""
### Loads consents given and withdrawn

Takes every file of `landing/consents/` into the vault, one transaction a file, and removes the file after its
commit. It is read before the answers: a comment is kept only while its writer consents (P-SURVEY). A
withdrawal counts from the next build on.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole makes `watch` red and stays in landing with `.refused` at its end: mend it and rename it. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source consents --as-of YYYY-MM-DD`
""",
)
