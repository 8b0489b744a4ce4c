"""Two revisions side by side on this machine: each line of the table of docs/speed.md as the ratio of
both, and of each to its yardstick where it has one.

Both are driven by their command lines alone, in turn, on the same landing; only their demos are their own.
"""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from anonymart.bench import children, landings, machine, sides
from anonymart.bench.children import Used
from anonymart.bench.sides import Side
from anonymart.progress import Progress

_DEMO_LEARNERS = 2000


@dataclass(frozen=True)
class Sizes:
    """How large: statements, answers, diplomas; and how often each line is measured (its median counts)."""

    statements: int = 100_000
    answers: int = 100_000
    diplomas: int = 250
    turns: int = 1


@dataclass
class Line:
    """A line of the table: seconds (or MiB, or a share) of both, the yardstick's, and at most what the ratio
    to the other side (`aim`) and to the yardstick (`aim_of_plain`) shall be.
    """

    name: str
    what: str
    unit: str = "s of processors"
    aim: float | None = None
    aim_of_plain: float | None = None
    here: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Medians, ratios and aims."""
        here, other, plain = (
            statistics.median(values) if values else None for values in (self.here, self.other, self.plain)
        )
        return {
            "line": self.name,
            "what": self.what,
            "unit": self.unit,
            "here": here,
            "other": other,
            "plain": plain,
            "ratio": _ratio(here, other),
            "aim": self.aim,
            "here_to_plain": _ratio(here, plain),
            "other_to_plain": _ratio(other, plain),
            "aim_of_plain": self.aim_of_plain,
        }


@dataclass(frozen=True)
class Bench:
    """What a comparison runs on: both sides, a folder for files and homes, the sizes."""

    pair: tuple[Side, Side]
    work: Path
    sizes: Sizes
    progress: Progress

    def in_turn(self) -> Iterable[tuple[int, Side, Path]]:
        """Each side in turn, as often as asked, with a new home for it; the home goes afterwards."""
        for turn in range(self.sizes.turns):
            for side in self.pair:
                home = self.work / "home"
                shutil.rmtree(home, ignore_errors=True)
                side.make_keys(home)
                yield turn, side, home
                shutil.rmtree(home)

    def landing(self, made: Path) -> Path:
        """A copy of a landing folder that a run may empty."""
        shutil.rmtree(self.work / "landing", ignore_errors=True)
        return landings.linked(made, self.work / "landing")

    def plain(self, what: str, place: Path) -> Used:
        """DuckDB alone reads the same."""
        module = ["-m", "anonymart.bench.plain", what, str(place), str(self.work / "plain.duckdb")]
        return children.run([str(self.pair[0].python), *module])

    def add(self, line: Line, side: Side, value: float) -> None:
        """Note a figure of one side."""
        (line.here if side is self.pair[0] else line.other).append(value)
        self.progress.say(f"  {side.name}: {line.what}, {value:.2f} {line.unit}")


def compare(revision: str, names: Iterable[str], sizes: Sizes, work: Path, progress: Progress) -> dict:
    """Measure the lines of these names here and at the revision.

    Gives machine, versions, both commits and the lines; raises UsageError for a revision that is not there
    and AnonymartError for a step that fails.
    """
    progress.say(f"Checking out {revision} with an environment of its own …")
    other = sides.of_revision(revision)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    bench = Bench((sides.this(), other), work, sizes, progress)
    lines: list[Line] = []
    try:
        for name in names:
            progress.say(f"{name.replace('_', ' ')} …")
            lines += PARTS[name](bench)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return {
        **machine.about(),
        "other_commit": machine.commit_of(other.root),
        "sizes": {**vars(sizes)},
        "lines": [line.as_dict() for line in lines],
    }


def _statements(bench: Bench) -> list[Line]:
    n = bench.sizes.statements
    whole = Line("whole_way", f"whole way, {n:,} statements", aim=0.5, aim_of_plain=1.2)
    work = Line("work", "the same without what 1,000 statements take", aim_of_plain=1.2)
    nothing = Line("nothing_new", "a run with nothing new", aim=0.15)
    more = Line("one_percent", "a run with 1 % more and nothing closed", aim=0.3)
    peak = Line("peak", f"peak memory, {n:,} statements", "MiB")
    disk = Line("disk", "disk of vault and warehouse", "of the landed JSON")
    school = landings.statements(bench.work / "school", n)
    tiny = landings.statements(bench.work / "tiny", 1000)
    increment = landings.increment(bench.work / "more", n)
    size = sum(path.stat().st_size for path in (school / "learning").iterdir())
    for _, side, home in bench.in_turn():
        read = bench.plain("statements", school).cpu_seconds
        whole.plain.append(read)
        work.plain.append(read)
        _, used = side.run(home, *sides.publishing(bench.landing(school), landings.AS_OF))
        stored = sum((home / zone).stat().st_size for zone in _zones(home))
        _, later = side.run(home, *sides.publishing(bench.landing(increment), landings.NEXT_DAY))
        _, idle = side.run(home, *sides.publishing(_empty(bench.work), landings.NEXT_DAY))
        small = bench.work / "small"
        side.make_keys(small)
        _, least = side.run(small, *sides.publishing(bench.landing(tiny), landings.AS_OF))
        shutil.rmtree(small)
        for line, value in (
            (whole, used.cpu_seconds),
            (work, used.cpu_seconds - least.cpu_seconds),
            (more, later.cpu_seconds),
            (nothing, idle.cpu_seconds),
            (peak, used.peak_mib),
            (disk, stored / size),
        ):
            bench.add(line, side, round(value, 3))
    return [whole, work, nothing, more, peak, disk]


def _answers(bench: Bench) -> list[Line]:
    n = bench.sizes.answers
    line = Line("answers", f"{n:,} survey answers in four encodings", aim_of_plain=4)
    work = Line("answers_alone", "the same without what 100 answers take", aim_of_plain=4)
    made, clean = landings.answers(bench.work / "survey", n)
    few, _ = landings.answers(bench.work / "few", 100)
    for _, side, home in bench.in_turn():
        read = bench.plain("answers", clean).cpu_seconds
        words = ("--as-of", str(landings.AS_OF))
        _, least = side.run(home, "ingest", "--landing", str(bench.landing(few)), *words)
        _, used = side.run(home, "ingest", "--landing", str(bench.landing(made)), *words)
        for each, value in ((line, used.cpu_seconds), (work, used.cpu_seconds - least.cpu_seconds)):
            each.plain.append(read)
            bench.add(each, side, round(value, 3))
    return [line, work]


def _diplomas(bench: Bench) -> list[Line]:
    n = bench.sizes.diplomas
    once, twice = (
        Line(name, f"attack on {count:,} diplomas")
        for name, count in (("attack", n), ("attack_on_twice", 2 * n))
    )
    for line, count in ((once, n), (twice, 2 * n)):
        made = landings.diplomas(bench.work / f"diplomas-{count}", count)
        for _, side, home in bench.in_turn():
            side.run(home, *sides.publishing(bench.landing(made), landings.AS_OF))
            _, used = side.run(home, "attack")
            bench.add(line, side, used.cpu_seconds)
    return [once, twice]


def _release(bench: Bench) -> list[Line]:
    line = Line("release", f"a first release of the demo ({_DEMO_LEARNERS:,} learners)", aim=0.5)
    for turn, side, home in bench.in_turn():
        school = bench.work / f"demo-{side.name}-{turn}"
        _generate_demo(side, school)
        _, used = side.run(home, *sides.publishing(school / "landing", date(2026, 6, 30)))
        bench.add(line, side, used.cpu_seconds)
        shutil.rmtree(school)
    return [line]


def _demo(bench: Bench) -> list[Line]:
    line = Line("demo", "make demo, after the environment", aim=0.6)
    for _, side, home in bench.in_turn():
        shutil.rmtree(home)
        home.mkdir()
        used = children.run(
            [str(side.python), "-m", "anonymart_airflow.demo"], {"ANONYMART_HOME": str(home)}, side.root
        )
        bench.add(line, side, used.cpu_seconds)
    return [line]


PARTS: dict[str, Callable[[Bench], list[Line]]] = {
    "statements": _statements,
    "answers": _answers,
    "diplomas": _diplomas,
    "release": _release,
    "demo": _demo,
}


def table(results: dict) -> list[str]:
    """The lines for a person."""
    rows = [f"{'':<52}{'here':>9}{'other':>9}{'ratio':>7}{'aim':>6}{'to plain':>10}{'other':>8}{'aim':>6}"]
    for line in results["lines"]:
        texts = [_text(line[name]) for name in ("here", "other", "ratio", "aim")]
        plain = [_text(line[name]) for name in ("here_to_plain", "other_to_plain", "aim_of_plain")]
        rows.append(
            f"{line['what']:<52}{texts[0]:>9}{texts[1]:>9}{texts[2]:>7}{texts[3]:>6}"
            f"{plain[0]:>10}{plain[1]:>8}{plain[2]:>6}  {line['unit']}"
        )
    return rows


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if value >= 1000 else f"{value:.2f}"


def _ratio(value: float | None, base: float | None) -> float | None:
    return round(value / base, 3) if value is not None and base else None


def _zones(home: Path) -> list[str]:
    return [path.name for path in home.glob("*.duckdb")]


def _empty(work: Path) -> Path:
    folder = work / "nothing"
    folder.mkdir(exist_ok=True)
    return folder


def _generate_demo(side: Side, out: Path) -> None:
    words = [
        "demo",
        "generate",
        "--out",
        str(out),
        "--learners",
        str(_DEMO_LEARNERS),
        "--as-of",
        "2026-06-30",
    ]
    children.run([str(side.python), "-m", "anonymart.cli", *words], cwd=side.root)
