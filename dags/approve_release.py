"""Whenever a candidate waits: ask the privacy reviewers, and carry out what one of them answers."""

from anonymart_airflow.factory import approval_dag

dag = approval_dag(
    doc_md="""
### Puts a release before the privacy reviewer

`read` looks up what waits and why. `ask` shows it under "Required Actions" (reasons and what changed, names
and counts only) and waits: choose Approve or Reject and say why. Only users named in `ANONYMART_REVIEWERS`
may answer. `decide` publishes the candidate or sets it aside, in the name of who answered. Read the report on
the page Privacy first; the same can be answered there, and single marts held back.

It is woken by the asset `anonymart://candidate`, which `build_release` tells when a candidate waits.

**Why it retries.** The files may be locked by a run, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. An answer of somebody else, or without a reason, is no fault: `decide`
fails at once.

**How to restart it.** Clear `ask`: it asks again, and `decide` follows the new answer. An answer that comes
after the page Privacy or the command line has decided is skipped; an unanswered request looks every ten
minutes whether it is still needed. With nothing that waits `read` is skipped.

**By hand.** `anonymart approve RELEASE_ID`
""",
)
