"""Daily: requests by which people exercise their rights, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="rights",
    hour="02:15",
    doc_md="""
### Loads requests by which people exercise their rights

Takes every file of `landing/rights/` into the vault, one transaction a file, and removes the file after its
commit. Objection, restriction and erasure take a person out of the next build, whether or not the identity is
verified yet. The answer is given by `answer_rights_requests`.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole makes `watch` red and stays in landing with `.refused` at its end: mend it and rename it. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source rights --as-of YYYY-MM-DD`
""",
)
