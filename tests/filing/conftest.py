"""Signed release folders with a few cells, made by hand."""

import json
from datetime import date

import pytest

from anonymart.attack import controls
from anonymart.contracts import load_contracts
from anonymart.keys import Keys
from anonymart.release.folder import MANIFEST, MANIFEST_SIGNATURE
from anonymart.release.manifest import write_manifest
from anonymart.release.signature import sign

KEYS = Keys(*("4" * 64 for _ in range(6)))
DATA, DESIGN = "diploma-data", "diploma-design"


def cell(hidden=(), reason="too_few", **figures):
    """A row of a mart: what is hidden has a reason."""
    row = {**figures, "is_complete": True}
    for name in hidden:
        row |= {name: None, f"{name}_reason": reason}
    return row


ROWS = {
    "rncp_promotion": [
        cell(
            diploma_id=DATA,
            promotion_year=2023,
            n_certified=120,
            n_certified_vae=14,
            insertion_rate_6m=0.8125,
            insertion_rate_6m_low=0.7,
            insertion_rate_6m_high=0.9,
            insertion_in_field_rate_6m=0.5,
        ),
        cell(
            ("n_certified_vae",),
            "protected",
            diploma_id=DATA,
            promotion_year=2022,
            n_certified=90,
            insertion_rate_6m=0.7,
            insertion_in_field_rate_6m=0.4,
        ),
        cell(
            ("n_certified_vae", "insertion_rate_6m", "insertion_in_field_rate_6m"),
            diploma_id=DESIGN,
            promotion_year=2023,
            n_certified=21,
        ),
    ],
    "rncp_two_years": [
        cell(diploma_id=DATA, promotion_year=2022, n_certified=90, insertion_in_field_rate_24m=0.625),
    ],
    "salary_outcome": [
        cell(
            diploma_id="all",
            graduation_year=2023,
            graduation_year_from=2023,
            months_after=6,
            n_graduates=141,
            n_respondents=100,
            employed_rate=0.77,
            in_field_rate=0.44,
            response_rate=0.709,
        ),
        cell(
            diploma_id="all", graduation_year=2023, graduation_year_from=2022, months_after=6, n_graduates=999
        ),
        cell(
            diploma_id=DATA,
            graduation_year=2023,
            graduation_year_from=2023,
            months_after=6,
            n_graduates=120,
            n_respondents=80,
            employed_rate=0.8125,
            in_field_rate=0.5,
            response_rate=0.667,
        ),
        cell(
            diploma_id=DATA,
            graduation_year=2022,
            graduation_year_from=2022,
            months_after=24,
            n_graduates=90,
            n_respondents=60,
            in_field_rate=0.625,
        ),
        cell(
            ("employed_rate", "in_field_rate"),
            diploma_id=DESIGN,
            graduation_year=2023,
            graduation_year_from=2023,
            months_after=6,
            n_graduates=21,
            n_respondents=12,
        ),
    ],
    "nps_quarterly": [
        cell(
            path_id="path-data",
            quarter=date(2026, 1, 1),
            n_invited=200,
            n_respondents=90,
            nps=31.5,
            nps_low=15.0,
            nps_high=48.0,
            response_rate=0.45,
        ),
        cell(
            ("nps",),
            "protected",
            path_id="path-data",
            quarter=date(2025, 10, 1),
            n_invited=180,
            n_respondents=70,
            response_rate=0.4,
        ),
        cell(path_id="all", quarter=date(2026, 1, 1), n_invited=400, n_respondents=200, nps=12.0),
    ],
    "project_validation": [
        cell(
            path_id="path-data",
            project_id="p1",
            half_year=date(2025, 7, 1),
            n_submitted=60,
            n_validated=48,
            validation_rate=0.8,
        ),
        cell(
            path_id="path-design",
            project_id="p2",
            half_year=date(2025, 7, 1),
            n_submitted=50,
            n_validated=25,
            validation_rate=0.5,
        ),
    ],
}


@pytest.fixture
def release(tmp_path):
    """A whole, signed release folder."""
    folder = controls.write_release(tmp_path / "2026-06-30.1", load_contracts(), ROWS)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    write_manifest(folder, manifest)
    sign(folder / MANIFEST, folder / MANIFEST_SIGNATURE, KEYS)
    return folder
