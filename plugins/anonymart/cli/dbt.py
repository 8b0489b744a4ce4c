"""The command `anonymart dbt`: dbt by hand on a home, with its variables, keys, paths and the lock in
place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from anonymart.cli.base import as_json, dated, open_session, print_result

READS = ("ls", "list", "parse", "compile", "docs")
WRITES = ("build", "run", "seed", "test")
# Options that this command sets itself, and one that would store the rows that failed a test.
_REFUSED = (
    *("--vars", "--profiles-dir", "--project-dir", "--target-path", "--log-path", "--log-level-file"),
    *("--target", "-t", "--profile", "--store-failures"),
)


@click.command("dbt", context_settings={"ignore_unknown_options": True})
@dated
@as_json
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED)
def dbt_command(as_of: datetime | None, is_json: bool, words: tuple[str, ...]) -> None:
    """Run dbt with WORDS on this home: the variables, keys, paths and the lock are those of `anonymart
    build`.

    Put -- before dbt's own words, so that its options are not taken for ours. ls, parse, compile, docs
    generate, build, run, seed and test are allowed. What prints rows (show, run-operation) is not: the models
    read people. After them the warehouse is no whole build, and `anonymart publish` builds anew first.

    \b
      anonymart dbt -- ls --select +salary_outcome
      anonymart dbt -- compile --select int_cells__nps_quarterly
      anonymart dbt -- build --select +salary_outcome
      anonymart dbt -- docs generate

    Compiled SQL and the pages of docs are in dbt/target of the home. No message quotes a row.

    Exit codes: 1 when a model or a test fails, 2 for a word that is not allowed.
    """
    from anonymart.build import FAILED
    from anonymart.dbt_process import events
    from anonymart.errors import AnonymartError
    from anonymart.lock import writing
    from anonymart.release import recover
    from anonymart.run import prepare

    _check(words)
    session = open_session(as_of)
    with writing(session.home):
        recover(session)
        if words[0] in WRITES:
            prepare(session)
        found = list(events(session.home, session.policy, session.as_of, words))
    nodes = [event for event in found if event["kind"] == "node"]
    faults = [event["why"] for event in found if event["kind"] == "fault"]
    failed = [*(f"{node['name']} ({node['why']})" for node in nodes if node["status"] in FAILED), *faults]
    result = {
        "words": list(words),
        "listed": [event["text"] for event in found if event["kind"] == "line"],
        "nodes": [{name: node[name] for name in ("name", "status", "seconds")} for node in nodes],
        "target": str(session.home.dbt_target),
    }
    print_result(is_json, result, _lines)
    if failed or found[-1]["code"]:
        raise AnonymartError(
            f"dbt {words[0]} failed at {failed[0] if failed else 'no node'}: mend it and run again."
        )


def _check(words: Sequence[str]) -> None:
    allowed = ", ".join((*READS[:-1], "docs generate", *WRITES))
    if words[0] not in (*READS, *WRITES) or (words[0] == "docs" and list(words[1:2]) != ["generate"]):
        raise click.UsageError(
            f"`{words[0]}` is not allowed here: use {allowed}. What prints rows would show people."
        )
    for word in words:
        if word.split("=")[0] in _REFUSED:
            raise click.UsageError(f"{word} is not for use here: leave it out.")


def _lines(result: dict[str, Any]) -> list[str]:
    lines = [*result["listed"], *(f"{node['status']:<8} {node['name']}" for node in result["nodes"])]
    return [*lines, f"Compiled SQL and docs: {result['target']}"]
