"""`anonymart policy`: the figures that hold, and which of them are the school's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from anonymart.cli.base import as_json, print_result


@click.group("policy")
def policy() -> None:
    """The policy register, with the school's own figures over the shipped ones.

    The school's own configuration lies in the folder config of the home, or in the one that ANONYMART_CONFIG
    names: policy.yml, learning.yml, notify.yml, sources/*.yml and lists/*.csv, each with only what the school
    changes. A figure that protects people may be stricter than the shipped one, not weaker.
    """


@policy.command("show")
@click.option(
    "--changed", "is_changed_only", is_flag=True, help="Only entries whose value is not the shipped one."
)
@as_json
def show(is_changed_only: bool, is_json: bool) -> None:
    """Show each entry: its value, the shipped one where it differs, and where it is from.

    Names the school's other files too, which come over the shipped lists and mappings, and the id of the
    policy, which changes with any entry. Exit 2 when something in the school's folder is refused.
    """
    from anonymart import config, lists
    from anonymart.ingest.learning_map import load_map
    from anonymart.policy import load_policy, origins, policy_id
    from anonymart.surveys import mapping

    found = [each for each in origins() if each.is_changed or not is_changed_only]
    # Whoever asks is told of every file that would stop a run.
    lists.texts()
    load_map()
    mapping.load_all()
    for name in mapping.SHARED:
        mapping.shared(name)
    result = {
        "policy_id": policy_id(load_policy()),
        "folder": str(config.folder() or ""),
        "files": sorted(config.files()),
        "entries": [{**asdict(each), "is_changed": each.is_changed} for each in found],
    }
    print_result(is_json, result, _lines)


def _lines(result: dict[str, Any]) -> list[str]:
    own = (
        f"Own configuration: {result['folder']} ({', '.join(result['files']) or 'empty'})."
        if result["folder"]
        else "No configuration of the school's own: every entry is the shipped one."
    )
    return [*map(_line, result["entries"]), own, f"Policy {result['policy_id']}."]


def _line(entry: dict[str, Any]) -> str:
    shipped = f", shipped {_value(entry['shipped'])}" if entry["is_changed"] else ""
    return f"{entry['entry']}: {_value(entry['value'])}{shipped} ({entry['source']}; limit: {entry['limit']})"


def _value(value: Any) -> str:
    if not isinstance(value, list):
        return str(value)
    if all(isinstance(each, str) for each in value):
        return " ".join(value)
    return "; ".join(
        f"from {band['base_from']} persons {band['lowest']} to {band['highest']}" for band in value
    )
