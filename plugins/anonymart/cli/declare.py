"""The command `anonymart declare`: what follows from the YAML of the marts is written, or checked."""

from __future__ import annotations

from typing import Any

import click

from anonymart.cli.base import as_json, print_result


@click.command("declare")
@click.option("--check", "is_check", is_flag=True, help="Change nothing; end with 1 when a file is stale.")
@as_json
def declare_command(is_check: bool, is_json: bool) -> None:
    """Write all that follows from the YAML of the marts, in this clone of the project.

    For each mart: its suite in expectations/suites/, its models `MART` and `int_cells__MART` with the
    description of each column; and of all marts the evidence, the exposures and the dictionary of
    docs/analyst.md. Needs no home. Commit what it writes: the reviewer reads the suites, and `make lint`
    checks that nothing is stale.

    \b
      anonymart declare
      anonymart declare --check

    Exit codes: 1 when --check finds a stale file, or one of a mart that is no more; 2 for a mart whose YAML
    says too little, and for two marts that may share persons and do not say how.
    """
    from anonymart.declare import written
    from anonymart.home import PROJECT
    from anonymart.policy import load_policy

    written.need_clone(PROJECT)
    found = written.compare(PROJECT, load_policy())
    if not is_check:
        written.write(PROJECT, found)
    result = {
        "written": not is_check,
        "stale": [path.as_posix() for path in found.stale],
        "left_over": [path.as_posix() for path in found.left_over],
    }
    print_result(is_json, result, _lines)
    if is_check and (found.stale or found.left_over):
        raise click.exceptions.Exit(1)


def _lines(result: dict[str, Any]) -> list[str]:
    word = "written" if result["written"] else "stale"
    lines = [f"{word:<9} {path}" for path in result["stale"]]
    lines += [
        f"left over {path}: no YAML describes its mart, remove the file" for path in result["left_over"]
    ]
    if not result["written"] and result["stale"]:
        lines.append("Run `anonymart declare` and commit what it writes.")
    return lines or ["All that follows from the YAML of the marts is up to date."]
