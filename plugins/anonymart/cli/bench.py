"""The command `anonymart bench`: how fast it is here, beside another revision, and against what is held."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import click

from anonymart.cli.base import as_json, print_result
from anonymart.errors import AnonymartError
from anonymart.home import PROJECT
from anonymart.progress import Progress

_NUMBER = click.IntRange(min=1000)
_PARTS = ("statements", "answers", "diplomas", "release", "demo")


def _working(command: Any) -> Any:
    return click.option(
        "--work",
        type=click.Path(file_okay=False, path_type=Path),
        default=PROJECT / "bench" / "tmp",
        help="Folder for files and homes; emptied first and last (default: bench/tmp of the clone).",
    )(command)


@click.group("bench")
def bench_group() -> None:
    """How fast it is: here, beside another revision, and against what is committed.

    All of it runs on generated files and in homes of its own, which go afterwards; your home is not touched.
    What is compared are processor seconds and ratios of one run, which a busy machine spoils little.

    \b
      anonymart bench run --size 100000            the whole way, step by step
      anonymart bench compare v0.4.0               this revision and another, side by side
      anonymart bench watch                        what CI asks: has it become slower?
    """


@bench_group.command("run")
@click.option(
    "--size", type=_NUMBER, default=1_000_000, show_default=True, help="How many statements to generate."
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=PROJECT / "bench" / "results.json",
    help="Where the figures go, with machine, versions and commit (default: bench/results.json).",
)
@_working
@as_json
def run_command(size: int, out: Path, work: Path, is_json: bool) -> None:
    """Measure ingest, build, gate and publication on generated statements, 1 % more on top, a run with
    nothing new, what protection costs over plain aggregation, and erasure.

    The yardstick is DuckDB's plain read of the same fields into a plain table. A million statements take
    about ten minutes on two cores and 4 GB of disk; `make bench SIZE=100000` is the same for a first look.
    """
    from anonymart.bench import whole

    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        results = whole.measure(size, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print_result(is_json, results, lambda told: [*whole.lines(told), f"Written to {out}."])


@bench_group.command("compare")
@click.argument("revision")
@click.option("--only", type=click.Choice(_PARTS), multiple=True, help="Only these lines; several times.")
@click.option("--size", type=_NUMBER, default=100_000, show_default=True, help="Statements, and answers.")
@click.option(
    "--diplomas", type=click.IntRange(min=10), default=250, show_default=True, help="Diplomas to attack."
)
@click.option(
    "--turns", type=click.IntRange(min=1), default=1, show_default=True, help="How often; the median counts."
)
@_working
@as_json
def compare_command(
    revision: str, only: tuple[str, ...], size: int, diplomas: int, turns: int, work: Path, is_json: bool
) -> None:
    """Run this revision and REVISION (a commit, tag or branch) on the same files, in turn, and print ratios.

    REVISION is checked out into a work tree of its own under bench/revisions with an environment of its own:
    some minutes the first time, kept for the next (`git worktree remove` takes it away). What is checked out
    here is measured as it stands, changes that are not committed as well.

    \b
    Lines:
      statements   the whole way, 1 % more, nothing new, peak memory, disk; over DuckDB's plain read
      answers      survey answers in four encodings into the vault; over DuckDB's read of the clean file
      diplomas     the attack on a release of many diplomas, and on twice as many
      release      a first release of a demo of 2,000 learners, each revision on its own demo
      demo         make demo, after the environment

    \b
      anonymart bench compare 4687b60 --only statements --size 1000000 --turns 5
      anonymart bench compare main --json > compared.json

    A ratio below 1 says that this revision needs less. An aim that is missed is no error: exit 0 when all was
    measured.
    """
    from anonymart.bench import compare as comparing

    sizes = comparing.Sizes(size, size, diplomas, turns)
    results = comparing.compare(revision, only or _PARTS, sizes, work, Progress())
    print_result(is_json, results, comparing.table)


@bench_group.command("watch")
@click.option(
    "--commit", "is_commit", is_flag=True, help="Write what was measured as what is to be held from now on."
)
@_working
@as_json
def watch_command(is_commit: bool, work: Path, is_json: bool) -> None:
    """Measure 100,000 statements, and exit with 1 when it became half as slow again as bench/committed.json
    says.

    Three ratios of processor seconds: the whole way without its fixed cost over DuckDB's plain read; a first
    release and a run with nothing new over a loop of plain Python. About a minute on two idle cores. After a
    change that costs more on purpose, `--commit` writes the file anew: the reviewer of the change then sees
    by how much.
    """
    from anonymart.bench import watch as watching

    measured = watching.measure(work, Progress())
    if is_commit:
        watching.commit(measured)
    held = watching.committed()
    told = {"measured": measured, "committed": held, "at_most_times": watching.MOST, "what": watching.WHAT}
    print_result(is_json, told, _watched)
    if found := watching.slower(measured, held):
        raise AnonymartError(
            f"It became slower: {'; '.join(found)}. Find the cause, or run it with --commit."
        )


def _watched(told: dict[str, Any]) -> list[str]:
    return [
        f"{told['measured'][name]:>7.2f} (committed {held:.2f}, at most {told['at_most_times']:g} times "
        f"that): {told['what'][name]}"
        for name, held in told["committed"].items()
    ]
