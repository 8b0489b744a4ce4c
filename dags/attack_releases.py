"""Weekly: an attacker on what is new in the releases, and on generated people."""

from anonymart_airflow.factory import attack_dag

dag = attack_dag(
    hour="07:00",
    doc_md="""
### Attacks the releases with nothing but their files

`releases` runs the attacks of the gate on what is new in the current release, against all that it carries and
all that was recalled, and scores them where the last build knows the truth. An older release is attacked
again when the attacks or the policy have changed, or when it or one before it was recalled. It reads the
truth in a moment in which nobody writes, and then neither the lock nor the pool of the writer. `generated`
makes two halves of a fictional school with a fixed seed, releases one, and asks whether singling out, linking
and inference (WP29) succeed on it more often than on the half held out (Holm at 0.1 %). Every attack must
succeed on a naive release made up on the spot: one that does not is a red task too.

**Why it retries.** The files may be locked by hand work, or the disk full for a while. Three tries, a minute
apart and then twice as long each time. An attack that succeeded is no fault: the task fails at once.

**How to restart it.** Clear the task, or trigger the DAG. A red `releases` names release, attack, mart and
measure: hand that release to nobody, tell the privacy reviewer, and look at it with the command below.

**By hand.** `anonymart attack --release DIR --generated`
""",
)
