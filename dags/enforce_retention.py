"""Daily: removes what may no longer be kept."""

from anonymart_airflow.factory import retention_dag

dag = retention_dag(
    hour="06:00",
    doc_md="""
### Keeps to the terms of `expectations/policy.yml`

Removes from vault and warehouse whoever left the window (P-STAT), identified answers three years after the
last contact (P-SURVEY), withdrawn answers, rows about minors that were found late, connections after a year
(P-LOG), and raw rows 90 days after the run that loaded them. Once a week it rewrites the files, so that the
bytes go too; the disk needs room for a second copy. Published cells stay. Each removal leaves a receipt:
`anonymart rights verify-receipts`.

What Airflow itself keeps of our runs (rows of its database, log files) leaves after the term of P-LOG too:
this task removes log files, and the scheduler rows once this DAG has ended well, of our DAGs only.

**Why it retries.** The vault may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time.

A plan that would remove a large share of the learners, or whose day is far ahead of the data, waits 7 days
for a person: the task fails at once and says what to type.

**How to restart it.** Clear the task, or trigger the DAG: it removes whatever is over its time, however late.
For another day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart purge --as-of YYYY-MM-DD` shows a plan and how to carry it out.
""",
)
