"""Daily: the school's accounts, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="learners",
    hour="02:00",
    doc_md="""
### Loads the school's accounts

Takes every file of `landing/learners/` into the vault, one transaction a file, and removes the file after its
commit. Its rows say who is who: identifiers, birth date, registration, last login. With
`sources/register.yml` in the home it first pulls what changed in the platform's PostgreSQL, through the
connection `anonymart_register` (docs/sources.md). Red also when the source is silent longer than usual. A
learner under 15 is refused, and so is every later event of the time before that birthday.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole makes `watch` red and stays in landing with `.refused` at its end: mend it and rename it. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source learners --as-of YYYY-MM-DD`
""",
)
