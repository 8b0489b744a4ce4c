"""The catalogue as it stands: how many things of each kind, how many ids name them, and codes that were
replaced.
"""

from __future__ import annotations

from dataclasses import dataclass

from anonymart.session import Session


@dataclass(frozen=True)
class Listing:
    """Kinds with numbers of items, of ids and of codes that were made by the program; the ledger of replaced
    codes, newest first.
    """

    kinds: list[tuple[str, int, int, int]]
    replaced: list[tuple[str, int | None, int | None, str, str, str | None]]

    def as_dict(self) -> dict:
        """Plain data for `--json`."""
        kinds = [
            dict(zip(("item_kind", "n_items", "n_ids", "n_derived"), row, strict=True)) for row in self.kinds
        ]
        names = ("as_of", "load_no", "line", "item_kind", "reason", "became")
        return {
            "kinds": kinds,
            "replaced_codes": [dict(zip(names, row, strict=True)) for row in self.replaced],
        }

    @property
    def sentences(self) -> list[str]:
        """A line for each kind and each replaced code."""
        lines = [
            f"{kind}: {n_items} items, {n_ids} ids, {n_derived} codes made from the title or as a number"
            for kind, n_items, n_ids, n_derived in self.kinds
        ]
        for as_of, load_no, line, kind, reason, became in self.replaced:
            where = f", load {load_no}, line {line}" if line else ""
            lines.append(
                f"{as_of}{where}: the code of a {kind} holds {reason}: "
                + (f"published as {became}" if became else "left out of all figures")
            )
        return lines or ["The catalogue is empty: put a file into landing/catalogue/."]


def listed(session: Session) -> Listing:
    """What the vault keeps of the catalogue."""
    with session.connect(vault="ro") as connection:
        kinds = connection.execute("""
            WITH ids AS (SELECT item_kind, count(*) AS n_ids FROM vault.catalogue.aliases GROUP BY item_kind)
            SELECT items.item_kind, count(*), any_value(coalesce(ids.n_ids, 0)),
                count(*) FILTER (items.is_derived)
            FROM vault.catalogue.items AS items LEFT JOIN ids USING (item_kind) GROUP BY items.item_kind
            ORDER BY items.item_kind
        """).fetchall()
        replaced = connection.execute("""
            SELECT as_of::VARCHAR, load_no, line, item_kind, reason, became FROM vault.ledger.replaced_codes
            ORDER BY as_of DESC, rowid DESC
        """).fetchall()
    return Listing(kinds, replaced)
