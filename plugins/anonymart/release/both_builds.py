"""What changed definitions move, counted: the old ones and the new ones each built on the vault as it is, in
warehouses of their own that are gone afterwards (S-SAFE).

Both begin without a history, so they read the same rows: those that the vault still holds. Neither is the
candidate, whose history reaches further back; what differs between them is what the definitions move. Only
counts are kept, for the reviewer.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from anonymart import engine, lists
from anonymart.contracts import ordered_marts
from anonymart.dbt_process import BESIDE_PREFIX, Beside, events
from anonymart.errors import AnonymartError
from anonymart.home import Home
from anonymart.release import kept_definitions
from anonymart.session import Session

_SIDES = ("old", "new")
_DBT = "dbt_project"
_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds")
_WORDS = (
    *("build", "--select", "+cell_evidence"),
    *("--resource-type", "model", "--resource-type", "seed"),
)
_FAILED = ("error", "fail", "runtime error", "skipped")
_COUNTED = ("cells", "cells_moved", "figures", "figures_moved")
_FIGURES = ("true_count", "true_base", "true_numerator", "true_value")


def count_moved(session: Session, before: Mapping[str, str]) -> dict[str, Any]:
    """How many of the cells that close with this day come out differently by the definitions of `before` (a
    manifest's hashes), by mart: `cells` and `figures` that either side has, and how many of these differ.

    `why_not` is a sentence where the old definitions cannot be built, and then `marts` is empty. Nothing of
    the builds stays. The caller holds the writer's lock and has no zone open.
    """
    place = Path(tempfile.mkdtemp(prefix=BESIDE_PREFIX, dir=session.home.tmp))
    try:
        projects = {"old": _old_project(session.home, place / "project", before), "new": lists.project()}
        for side in _SIDES:
            _build(session, Beside(_home(session.home, place / side), projects[side]), side)
        return {"why_not": None, "marts": _differences(session, place)}
    except AnonymartError as error:
        return {"why_not": str(error), "marts": []}
    except OSError as error:
        why = f"The two builds could not be written ({error.strerror}): the next candidate has them again."
        return {"why_not": why, "marts": []}
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _old_project(home: Home, place: Path, before: Mapping[str, str]) -> Path:
    """The present dbt project with the lists, models, macros and marts of then in the place of its own."""
    kept = kept_definitions.contents(home, before)
    if kept is None:
        raise AnonymartError("The files of the old definitions were not kept, so they cannot be built.")
    place.mkdir()
    for name in _PARTS:
        source = lists.project() / name
        if source.is_dir():
            shutil.copytree(source, place / name)
        else:
            shutil.copyfile(source, place / name)
    # Ordered tables follow from their YAML: they are no files of then.
    ordered = {path.stem for path in ordered_marts()}
    own = {name for mart in ordered for name in (mart, f"int_cells__{mart}", f"int_people__{mart}")}
    own |= {"cell_evidence"} if ordered else set()
    replaced = [*(place / "models").rglob("*.sql"), *(place / "macros").rglob("*.sql")]
    replaced = [path for path in replaced if path.stem not in own]
    for path in [*replaced, *(place / "seeds").glob("*.csv")]:
        path.unlink()
    for name, content in kept.items():
        path = place / name.removeprefix(f"{_DBT}/")
        if _is_of_dbt(name) and path.stem not in own and path.resolve().is_relative_to(place.resolve()):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return place


def _is_of_dbt(name: str) -> bool:
    return name.startswith(f"{_DBT}/")


def _home(home: Home, root: Path) -> Home:
    """A home whose vault is the real one, to read, and whose warehouse is empty."""
    root.mkdir()
    beside = Home(root).prepare()
    beside.vault.symlink_to(home.vault)
    return beside


def _build(session: Session, beside: Beside, side: str) -> None:
    failed, code = [], 0
    for event in events(session.home, session.policy, session.as_of, _WORDS, beside):
        if event["kind"] == "node" and event["status"] in _FAILED:
            failed.append(f"{event['name']} ({event['why']})")
        elif event["kind"] == "fault":
            failed.append(event["why"])
        elif event["kind"] == "end":
            code = event["code"]
    if failed or code:
        why = failed[0] if failed else f"code {code} and no word"
        raise AnonymartError(f"The {side} definitions cannot be built by this version, it ended at {why}.")


def _differences(session: Session, place: Path) -> list[dict[str, Any]]:
    differ = " OR ".join(
        f"round(old.{name}::DOUBLE, 6) IS DISTINCT FROM round(new.{name}::DOUBLE, 6)" for name in _FIGURES
    )
    with engine.memory() as connection:
        engine.prepare(connection, session.home)
        for side in _SIDES:
            warehouse = Home(place / side).warehouse
            engine.attach(connection, f"of_{side}", warehouse, session.keys.warehouse, "ro")
        try:
            cursor = connection.execute(f"""
                WITH both_sides AS (
                    SELECT mart, cell_key, ({differ}) AS is_moved
                    FROM (SELECT * FROM of_old.evidence.cell_evidence WHERE NOT is_hidden) AS old
                    FULL JOIN (SELECT * FROM of_new.evidence.cell_evidence WHERE NOT is_hidden) AS new
                    USING (mart, cell_key, measure)
                )
                SELECT mart, count(DISTINCT cell_key) AS cells,
                    count(DISTINCT cell_key) FILTER (is_moved) AS cells_moved,
                    count(*) AS figures, count(*) FILTER (is_moved) AS figures_moved
                FROM both_sides GROUP BY mart ORDER BY mart""")
        except duckdb.Error:
            raise AnonymartError(
                "The figures of the old definitions cannot be compared with those of the new ones: their "
                "evidence has other columns."
            ) from None
        return [dict(zip(("mart", *_COUNTED), row, strict=True)) for row in cursor.fetchall()]


def moves(changed: Iterable[str]) -> bool:
    """Whether a build shows what these files move: what acts while rows are loaded it does not."""
    return any(_is_of_dbt(name) for name in changed)
