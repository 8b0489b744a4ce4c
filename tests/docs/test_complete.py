"""What must be in the documentation is there, and what it names exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from anonymart.cli import dbt
from anonymart.cli.commands import anonymart
from anonymart.contracts import load_contracts
from anonymart.gate.rules import RULES
from anonymart.keys import KEY_NAMES
from anonymart.policy import load_policy
from tests.docs.pages import ROOT, blocks, page, pages

READERS = ("docs/analyst.md", "docs/data-team.md", "docs/dbt.md", "docs/privacy-reviewer.md")
EXCUSED = {
    "README.md": 2,
    "docs/analyst.md": 3,
    "docs/data-team.md": 6,
    "docs/deploy.md": 4,
    "docs/scale.md": 1,
    "docs/sources.md": 1,
    "docs/speed.md": 1,
}
EVERYTHING = "\n".join(page(name) for name in pages())
SOURCES = [path for room in ("plugins", "dags", "tests") for path in (ROOT / room).rglob("*.py")]


def commands(
    group: click.Group = anonymart, path: tuple[str, ...] = ()
) -> dict[tuple[str, ...], click.Command]:
    found = {}
    for name, command in group.commands.items():
        found |= (
            commands(command, (*path, name)) if isinstance(command, click.Group) else {(*path, name): command}
        )
    return found


def quoted() -> list[tuple[str, str]]:
    """Every `anonymart …` that a page, a help text, a runbook or a message tells somebody to type, with its
    place.
    """
    found = [
        (block.name, line)
        for name in pages()
        for block in blocks(name, "sh")
        for line in block.text.splitlines()
        if line.startswith("anonymart ")
    ]
    found += [(name, text) for name in pages() for text in re.findall(r"`(anonymart [^`]+)`", page(name))]
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] != "tests":
            found += [
                (path.name, text)
                for text in re.findall(r"`(anonymart [^`{]+)`", path.read_text(encoding="utf-8"))
            ]
    texts = {
        "anonymart": anonymart.help or "",
        **{" ".join(path): command.help or "" for path, command in commands().items()},
    }
    for name, text in texts.items():
        found += [
            (f"{name} --help", line.strip())
            for line in text.splitlines()
            if line.strip().startswith("anonymart ")
        ]
    return found


def test_enough_is_quoted():
    places = {place for place, _ in quoted()}
    assert {"anonymart --help", "keys.py", "build_release.py"} <= places


@pytest.mark.parametrize(("place", "text"), sorted(set(quoted())))
def test_a_quoted_command_exists(place, text):
    # What follows a lone -- are the words of another program.
    words = shlex.split(text.split(" > ")[0].split(" -- ")[0].replace("…", ""))[1:]
    known = commands()
    path = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in known), None)
    if path is None:
        # A group alone, or several words of one: `anonymart keys init|check`.
        assert words and words[0].split("|")[0] in anonymart.commands, f"{place}: {text}"
        return
    options = {name for parameter in known[path].params for name in parameter.opts}
    assert [word for word in words if word.startswith("--") and word.split("=")[0] not in options] == [], (
        f"{place}: {text}"
    )


def test_every_command_is_documented():
    missing = [" ".join(path) for path in commands() if f"anonymart {' '.join(path)}" not in EVERYTHING]
    assert missing == []


def test_every_mart_policy_entry_and_expectation_is_documented():
    assert [name for name in load_contracts() if f"### {name}\n" not in page("docs/analyst.md")] == []
    reviewer = page("docs/privacy-reviewer.md")
    assert [name for name in load_policy().raw if f"`{name}" not in reviewer] == []
    assert [name for name in RULES if f"`{name}`" not in reviewer] == []


def test_every_dag_and_make_target_is_documented():
    dags = [path.stem for path in (ROOT / "dags").glob("*.py")]
    assert len(dags) == 15
    assert [name for name in dags if f"`{name}`" not in page("docs/data-team.md")] == []
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in targets if not re.search(rf"make {name}\b|`{name}`", EVERYTHING)] == []
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)\b", EVERYTHING, re.MULTILINE))
    assert named <= set(targets)


def test_every_variable_is_documented():
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in [*SOURCES, ROOT / "Makefile"] if "docs" not in path.parts
    )
    used = set(re.findall(r"\bANONYMART_[A-Z_]+[A-Z]\b", code)) - {
        f"ANONYMART_KEY_{name.upper()}" for name in KEY_NAMES
    }
    assert "ANONYMART_MEMORY_LIMIT" in used
    data_team = page("docs/data-team.md")
    assert [name for name in used if f"`{name}`" not in data_team] == []
    assert [
        name for name in KEY_NAMES if f"_{name.upper()}`" not in data_team or f"\n| {name} |" not in data_team
    ] == []
    named = set(re.findall(r"\bANONYMART_[A-Z_]+[A-Z]\b", EVERYTHING))
    assert named <= used | {"ANONYMART_KEY_VAULT"}


def test_only_these_blocks_are_not_run():
    excused = [block for name in pages() for block in blocks(name) if block.not_run]
    assert {name: sum(block.page == name for block in excused) for name in EXCUSED} == EXCUSED
    assert len(excused) == sum(EXCUSED.values())
    assert all(len(block.not_run) > 20 for block in excused)
    languages = {(block.language, bool(block.not_run)) for name in pages() for block in blocks(name)}
    assert languages <= {
        ("sh", False),
        ("sh", True),
        ("python", False),
        ("sql", False),
        ("r", True),
        ("text", False),
        ("json", False),
    }


@pytest.mark.parametrize("name", pages())
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", page(name)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, (
                target
            )


@pytest.mark.parametrize("name", READERS)
def test_the_readme_leads_to_every_reader(name):
    assert f"({name})" in page("README.md")


def test_who_comes_from_dbt_is_told_what_is_allowed():
    told = page("docs/dbt.md")
    words = {word for word in (*dbt.READS, *dbt.WRITES, *dbt._REFUSED) if word != "docs"}
    assert [word for word in words if not re.search(rf"`(?:dbt )?{word}`", told)] == []
    exposures = yaml.safe_load((ROOT / "dbt_project/models/exposures.yml").read_text(encoding="utf-8"))
    assert [each["name"] for each in exposures["exposures"] if f"`{each['name']}`" not in told] == []
    ways = {found[0]: found[1] for found in re.findall(r"`(\w+)` on `(\w+)`", told)}
    events = (ROOT / "dbt_project/models/intermediate/history/int_events.yml").read_text(encoding="utf-8")
    assert ways == {"is_recent": "int_events"} and "- is_recent" in events


def test_every_decision_is_listed_and_whole():
    listed = page("docs/decisions/README.md")
    decisions = [path for path in (ROOT / "docs" / "decisions").glob("*.md") if path.name != "README.md"]
    assert len(decisions) >= 12
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert f"({path.name})" in listed
        assert all(part in text for part in ("**What.**", "**Why.**", "**Given up.**")), path.name
        assert len(text.split()) < 260, path.name


def test_files_that_pages_name_exist():
    named = set(re.findall(r"`((?:plugins|tests|docs|dags|dbt_project|expectations)/[\w./-]*)`", EVERYTHING))
    assert len(named) > 10
    # Steps name files by a word in capitals: one of each is there.
    files = [name.replace("MART", "nps_quarterly").replace("TOOL", "delighted") for name in named]
    # What a build makes is not there before the first one.
    assert [name for name in files if not (ROOT / name).exists() and name != "dbt_project/target/"] == []


@pytest.mark.parametrize("name", pages())
def test_no_path_of_a_machine(name):
    text = page(name)
    assert re.findall(r"(?<![\w~.$}\"])/(?:work|root|home|Users|mnt|opt|tmp)/\S*", text) == []
    assert all(ord(character) >= 32 or character == "\n" for character in text)


def test_the_readme_is_one_page():
    assert len(page("README.md").splitlines()) <= 125


def test_the_changelog_names_this_version():
    from anonymart import __version__

    assert f"## [{__version__}]" in Path(ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
