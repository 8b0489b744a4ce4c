"""Daily: questionnaires after the diploma, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="salary",
    hour="02:40",
    doc_md="""
### Loads questionnaires after the diploma

Takes every file of `landing/salary/` into the vault, one transaction a file, and removes the file after its
commit. Amounts become gross EUR a year, full time, in the build; impossible ones go to quarantine. The last
answer of a response id counts.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole makes `watch` red and stays in landing with `.refused` at its end: mend it and rename it. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source salary --as-of YYYY-MM-DD`
""",
)
