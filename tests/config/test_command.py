"""`anonymart policy show`: what holds and where it is from."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from anonymart.cli.commands import anonymart
from anonymart.errors import UsageError
from anonymart.policy import load_policy, origins, policy_id


def shown(*words: str) -> str:
    done = CliRunner().invoke(anonymart, ["policy", "show", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_what_the_school_changed_is_told_with_file_and_line(configure):
    folder = configure(policy_yml="raw:\n  keep_days: 60\n", lists__verbs_csv="verb_id,verb\n")
    assert shown("--changed").splitlines() == [
        f"raw.keep_days: 60, shipped 90 ({folder / 'policy.yml'}:2; limit: at most 90)",
        f"Own configuration: {folder} (lists/verbs.csv, policy.yml).",
        f"Policy {policy_id(load_policy())}.",
    ]
    told = json.loads(shown("--changed", "--json"))
    assert told["policy_id"] == policy_id(load_policy()) and told["files"] == [
        "lists/verbs.csv",
        "policy.yml",
    ]
    assert told["entries"] == [
        {
            "entry": "raw.keep_days",
            "value": 60,
            "shipped": 90,
            "source": f"{folder / 'policy.yml'}:2",
            "limit": "at most 90",
            "is_changed": True,
        }
    ]


def test_without_a_folder_every_entry_is_shipped(tmp_path, monkeypatch):
    monkeypatch.delenv("ANONYMART_CONFIG", raising=False)
    monkeypatch.setenv("ANONYMART_HOME", str(tmp_path / "nowhere"))
    lines = shown().splitlines()
    assert len(lines) == len(origins()) + 2 and all("(shipped;" in line for line in lines[:-2])
    assert lines[-2].startswith("No configuration") and not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "files",
    [
        {"policy_yml": "raw: {keep_days: 91}\n"},
        {"lists__verbs_csv": "verb\n"},
        {"learning_yml": "kindz: {}\n"},
        {"sources__ours_yml": "tool: ours\n"},
        {"sources__questions_yml": "strange: {}\n"},
    ],
)
def test_whatever_would_stop_a_run_is_told(configure, files):
    configure(**files)
    with pytest.raises(UsageError):
        shown()
