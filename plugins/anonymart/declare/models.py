"""The SQL of the models that follow from a mart's YAML: they call the macros of
`dbt_project/macros/disclosure/` and hold no SQL of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from anonymart.contracts import MartContract

_ANALYST = {
    "name": "release",
    "label": "Release for the analyst",
    "type": "analysis",
    "owner": "Data team",
    "description": "The folder releases/current: the marts as DuckDB and Parquet, with their dictionary. "
    "Approved by the reviewer, and the only thing that may be read outside (docs/analyst.md).",
}
_REVIEWER = {
    "name": "privacy_report",
    "label": "Report for the privacy reviewer",
    "type": "dashboard",
    "owner": "Privacy reviewer",
    "description": "What a release hides, adds and may tell about somebody, worked out from the true figures "
    "(docs/privacy-reviewer.md).",
}


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


def exposures(contracts: Iterable[MartContract]) -> str:
    """The readers of a release, for dbt's graph: the analyst, and the reviewer, who is told from true figures
    how well the published ones do.
    """
    marts = [contract.name for contract in contracts]
    told_from = [*marts, "cell_evidence", "int_persons", "int_survey_consents"]
    return "\n".join(
        [
            "version: 2",
            "",
            "exposures:",
            *_exposure(_ANALYST, marts),
            "",
            *_exposure(_REVIEWER, told_from),
            "",
        ]
    )


def _exposure(said: Mapping[str, str], read: Iterable[str]) -> list[str]:
    return [
        f"  - name: {said['name']}",
        f"    label: {said['label']}",
        f"    type: {said['type']}",
        "    maturity: high",
        f"    owner: {{name: {said['owner']}}}",
        f'    description: "{said["description"]}"',
        "    depends_on:",
        *(f"      - ref('{name}')" for name in read),
    ]


def _copied_from(contract: MartContract) -> set[str]:
    """The other marts whose rates this one repeats word for word (macro `is_copied`)."""
    found = {
        (measure.get("told_by") or {}).get("mart", contract.name)
        for measure in contract.measures
        if measure["kind"] in ("rate", "rate_low", "rate_high")
    }
    return found - {contract.name}
