"""The SQL of the models that follow from a mart's YAML: they call the macros of
`dbt_project/macros/disclosure/` and hold no SQL of their own.
"""

from __future__ import annotations

from collections.abc import Iterable

from anonymart.contracts import MartContract


def mart(contract: MartContract) -> str:
    """The model `<mart>`: the cells as they may be published, and those of earlier releases."""
    return f"{{{{ publish_cells('{contract.name}', ref('int_cells__{contract.name}')) }}}}\n"


def cells(contract: MartContract) -> str:
    """The model `int_cells__<mart>`; a mart that copies rates of another one is given that one's cells."""
    told_by = sorted(_copied_from(contract))
    arguments = [
        f"'{contract.name}'",
        f"people=ref('{contract.disclosure['people']}')",
        "closing=ref('int_closed_periods')",
        *(f"first_cells=ref('int_cells__{other}')" for other in told_by),
    ]
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"{{{{ protect_cells(\n{lines}) }}}}\n"


def evidence(contracts: Iterable[MartContract]) -> str:
    """The model `cell_evidence`: the evidence of every mart, one below the other."""
    lines = "".join(f"    '{each.name}': ref('int_cells__{each.name}'),\n" for each in contracts)
    return f"{{{{ cell_evidence({{\n{lines}}}) }}}}\n"


def _copied_from(contract: MartContract) -> set[str]:
    """The other marts whose rates this one repeats word for word (macro `is_copied`)."""
    found = {
        (measure.get("told_by") or {}).get("mart", contract.name)
        for measure in contract.measures
        if measure["kind"] in ("rate", "rate_low", "rate_high")
    }
    return found - {contract.name}
