"""Daily: Net Promoter Score invitations and answers, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="nps",
    hour="02:35",
    doc_md="""
### Loads Net Promoter Score invitations and answers

Takes every file of `landing/nps/` into the vault, one transaction a file, and removes the file after its
commit. Comments are kept in the vault while consent lasts; only their themes go on. An answer that matches no
person is counted as no_person and reaches no mart.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole makes `watch` red and stays in landing with `.refused` at its end: mend it and rename it. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source nps --as-of YYYY-MM-DD`
""",
)
