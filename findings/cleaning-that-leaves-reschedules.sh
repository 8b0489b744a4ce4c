#!/usr/bin/env bash
# apache-airflow 3.3.2: `airflow db clean --dag-ids` looks for a column dag_id in the tables task_reschedule and
# deadline, which have had none since Airflow 3: a reschedule names its task instance, a deadline its run. Each
# cleaning of them stops on an SQL error that is logged as a warning; the rows stay, and the command ends with 0.
# Whoever trusts the exit code keeps rows over their term. Without --dag-ids both tables are cleaned. With
# --error-on-cleanup-failure every cleaning of dag_run ends with 1, since deadline goes with it.
# Seen: "The following tables were not cleaned due to errors: ['task_reschedule']", exit code 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apache-airflow==3.3.2
export AIRFLOW_HOME=$folder/home AIRFLOW__CORE__LOAD_EXAMPLES=False
airflow() { venv/bin/airflow "$@"; }
airflow db migrate >"$folder/log" 2>&1
clean() {
  airflow db clean --yes --skip-archive --tables task_reschedule --clean-before-timestamp 2025-01-01 "$@" 2>&1
}
clean >"$folder/whole" && echo 0 >>"$folder/whole"
clean --dag-ids one >"$folder/chosen" && echo 0 >>"$folder/chosen"
venv/bin/python - "$folder/whole" "$folder/chosen" <<'PY'
import sys

whole, chosen = (open(path).read() for path in sys.argv[1:])
print(f"apache-airflow 3.3.2, with --dag-ids: {[line for line in chosen.splitlines() if 'not cleaned' in line]}")
assert "not cleaned" not in whole and whole.endswith("0\n"), "changed: task_reschedule is not cleaned at all"
assert "not cleaned due to errors" in chosen, "changed: task_reschedule is cleaned by DAG"
assert chosen.endswith("0\n"), "changed: the command ends with an error"
PY
