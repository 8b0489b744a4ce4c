"""The statistics of a record of the French register of certifications (RNCP), as its public page shows them,
from published figures only.

Marked indicative: published counts carry noise, and a filing needs the school's exact ones. Which fields the
school fills from its own schooling files is listed beside; no exact figure leaves the warehouse for it
(S-ANON). The definitions are those of France compétences, FAQ of its certification department, "Comment
calculez-vous l'insertion ?".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from anonymart.filing import published, sheets
from anonymart.filing.words import words

EARLY, LATE = "rncp_promotion", "rncp_two_years"
# The columns of the record in its order: mart, figure.
FIGURES = (
    (EARLY, "n_certified"),
    (EARLY, "n_certified_vae"),
    (EARLY, "insertion_rate_6m"),
    (EARLY, "insertion_in_field_rate_6m"),
    (LATE, "insertion_in_field_rate_24m"),
)
RECORD, TO_FILL = "rncp.csv", "rncp_a_remplir.csv"


def record(folder: Path, trusted: Ed25519PublicKey | None = None) -> dict[str, Any]:
    """The record of each diploma and promotion that a release tells of, newest first, and what the school
    fills. Raises GateRefused and UsageError as `published.read` does.
    """
    found = published.read(folder, (EARLY, LATE), trusted)
    by_place: dict[tuple[str, int], dict[str, published.Row]] = {}
    for mart, rows in found.marts.items():
        for row in rows:
            by_place.setdefault((row["diploma_id"], row["promotion_year"]), {})[mart] = row
    return {
        "release_id": found.release_id,
        "as_of": found.as_of,
        "is_indicative": True,
        "definitions_of_cells": found.definitions,
        "records": [
            _record(found, code, year, by_place[code, year])
            for code, year in sorted(by_place, key=lambda place: (place[0], -place[1]))
        ],
        "filled_by_the_school": [{"field": each["field"], "why": each["why"]} for each in words()["to_fill"]],
    }


def write(found: dict[str, Any], folder: Path) -> list[str]:
    """Write the record and the list of what the school fills, in French, for a spreadsheet."""
    said = words()
    folder = published.prepared(folder)
    status = said["indicative"]["fr"].format(**found)
    definitions = _definitions(found["definitions_of_cells"])
    head = [*said["record_head"], *(said["more_head"])]
    rows = []
    for each in found["records"]:
        reasons = [
            f"{column} : {said['reasons'][each['reasons'][name]]['fr']}"
            for (_, name), column in zip(FIGURES, said["record_head"][2:], strict=True)
            if name in each["reasons"]
        ]
        values = [sheets.percent(each[name]) if "rate" in name else each[name] for _, name in FIGURES]
        rows.append(
            [each["title"], each["promotion_year"], *values, status, definitions, " | ".join(reasons)]
        )
    to_fill = [(each["field"]["fr"], each["why"]["fr"]) for each in said["to_fill"]]
    return [
        published.write(folder / RECORD, sheets.sheet(head, rows)),
        published.write(folder / TO_FILL, sheets.sheet(said["to_fill_head"], to_fill)),
    ]


def _definitions(told: dict[str, Any]) -> str:
    """In French, by which definitions the cells were published: a cell keeps those of its day, so rows may
    differ in who counts. Which row follows which no release tells.
    """
    said = words()["definitions"]
    cells: dict[str, int] = {}
    for sets in told.values():
        for name, n in (sets or {}).items():
            cells[name] = cells.get(name, 0) + n
    names = ", ".join(f"{name} ({n})" for name, n in sorted(cells.items()))
    kind = "none" if not cells else "one" if len(cells) == 1 else "several"
    return str(said[kind]["fr"]).format(names=names)


def _record(
    found: published.Published, code: str, year: int, rows: dict[str, published.Row]
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "diploma_id": code,
        "title": found.title("diploma", code),
        "promotion_year": year,
        "reasons": {},
    }
    for mart, name in FIGURES:
        # Releases of before have the rate of two years beside the others.
        told[name], reason = published.figure(rows.get(mart) or rows.get(EARLY), name)
        if reason:
            told["reasons"][name] = reason
    return told
