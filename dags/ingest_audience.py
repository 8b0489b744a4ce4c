"""Daily: visits of the public site, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="audience",
    hour="03:15",
    doc_md="""
### Loads visits of the public site

Takes every file of `landing/audience/` into the vault, one transaction a file, and removes the file after its
commit. Of a line of an access log or an export of Matomo the day, the type of page or the course and a keyed
hash of the visitor are kept, for thirteen months (P-AUDIENCE). They are joined with no learner.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole is removed, for it names addresses: the run says why, deliver it again once it is mended. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source audience --as-of YYYY-MM-DD`
""",
)
