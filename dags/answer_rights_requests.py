"""Hourly: requests of people, from received to answered, and the clock that shows what is late."""

from anonymart_airflow.factory import rights_dag

dag = rights_dag(
    minute=30,
    doc_md="""
### Answers requests by which people exercise their rights

`advance` loads what waits in `landing/rights/` and takes every proved request as far as it may go: access and
portability first, then rectification, objection and restriction, then all withdrawals and erasures in one
removal with one rewrite of the files. What is to be handed over lies in `exports/`; `anonymart rights show
REQUEST_ID` tells where. `clock` is red while a request is past its last day (R-CLOCK), which includes those
that wait for proof (R-DOUBT).

**Why it retries.** The files may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. A late request is no fault: `clock` fails at once.

**How to restart it.** Clear `advance`, or trigger the DAG: each request goes on from the state that it has.
When `clock` is red (a request is late, or cannot be read), look at `anonymart rights list`, verify or refuse
what waits, and trigger the DAG. For another day: `{"as_of": "YYYY-MM-DD"}`.

**By hand.** `anonymart rights advance --as-of YYYY-MM-DD`
""",
)
