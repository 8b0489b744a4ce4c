"""Daily: paths, courses, chapters, exercises and projects, from landing to the vault."""

from anonymart_airflow.factory import ingest_dag

dag = ingest_dag(
    source="catalogue",
    hour="02:05",
    doc_md="""
### Loads paths, courses, chapters, exercises and projects

Takes every file of `landing/catalogue/` into the vault, one transaction a file, and removes the file after
its commit. It holds no personal data. Statements about what it does not name still load, are reported, and
reach no figure of a course until it is named. Send the whole catalogue or only what is new, also as Open edX
and Moodle export it: a row places the item that it names.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A file that was committed is never loaded again.

**How to restart it.** Clear the task, or trigger the DAG: it takes whatever waits. A file that was refused
whole makes `watch` red and stays in landing with `.refused` at its end: mend it and rename it. For another
day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart ingest --source catalogue --as-of YYYY-MM-DD`
""",
)
