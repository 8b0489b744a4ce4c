"""Weekly: an attacker on every release, and on generated people."""

from anonymart_airflow.factory import audit_dag

dag = audit_dag(
    hour="07:00",
    doc_md="""
### Attacks every release with nothing but its files

`releases` runs the six attacks of the gate on each release with all others at hand: time brings new tables to
link and new releases to subtract. Where the last build knows the truth it scores them. `generated` makes two
halves of a fictional school with a fixed seed, releases one, and asks whether singling out, linking and
inference (WP29) succeed on it more often than on the half held out (Holm at 0.1 %). Every attack must succeed
on a naive release made up on the spot: one that does not is a red task too.

**Why it retries.** The files may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. An attack that succeeded is no fault: the task fails at once.

**How to restart it.** Clear the task, or trigger the DAG. A red `releases` names release, attack, mart and
measure: hand that release to nobody, tell the privacy reviewer, and look at it with the command below.

**By hand.** `anonymart attack --release DIR --generated`
""",
)
