"""Named points at which a test kills the run, to prove that any step may die and be run again."""

import os
import signal

POINTS = (
    "ingest.before_load",
    "ingest.after_insert",
    "ingest.before_commit",
    "ingest.after_commit",
    "ingest.after_file_removed",
    "catalogue.before_commit",
    "pull.before_rename",
    "pull.after_rename",
    "pull.after_commit",
    "build.before_dbt",
    "build.after_dbt",
    "candidate.after_marts",
    "candidate.after_files",
    "gate.before",
    "gate.drill_planted",
    "gate.after",
    "approval.after_held",
    "approval.after_refused",
    "publish.before_commit",
    "publish.after_commit",
    "publish.after_rename",
    "publish.after_swap",
    "withdraw.before_commit",
    "withdraw.after_commit",
    "withdraw.after_swap",
    "withdraw.before_mark_rename",
    "withdraw.before_signature",
    "withdraw.after_mark",
    "audit.before_append",
    "audit.after_append",
    "removal.before_tombstones",
    "removal.after_tombstones",
    "removal.begun",
    "removal.before_warehouse_commit",
    "removal.after_warehouse_commit",
    "removal.before_vault_commit",
    "removal.after_vault_commit",
    "removal.before_rewrite",
    "rewrite.after_copy",
    "rewrite.before_rename",
    "rewrite.after_rename",
    "removal.after_receipt",
    "removal.after_tombstones_swept",
    "rights.before_planned_commit",
    "rights.after_planned_commit",
    "rights.before_executed",
    "rights.before_executed_commit",
    "rights.after_executed_commit",
    "rights.before_verified_commit",
    "rights.after_verified_commit",
    "rights.before_answered_commit",
    "rights.after_answered_commit",
    "rights.before_received_commit",
    "rights.after_received_commit",
    "rectify.before_commit",
    "rectify.after_commit",
    "rights.handover_written",
    "rights.handover_renamed",
    "migrate.after_copy",
    "migrate.before_commit",
    "migrate.after_commit",
    "restore.file_moved",
    "rights.before_commit",
    "rights.after_commit",
)


def point(name: str) -> None:
    """Die here, as by a power cut, when ANONYMART_CRASH_AT names this point."""
    if name not in POINTS:
        raise ValueError(f"unknown crash point {name}")
    if os.environ.get("ANONYMART_CRASH_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
