"""What the gate adds to the privacy report, the page that is made of it, and the look at both once they are
written (S-ANON, D-IDENT).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from anonymart.gate.docs import texts_of
from anonymart.gate.drill import page_failures
from anonymart.gate.identifiers import find_in_pages
from anonymart.gate.report import Failure, GateReport
from anonymart.gate.rules import RULES
from anonymart.gate.texts import strings
from anonymart.home import Home
from anonymart.policy import Policy
from anonymart.processing import page as register_page
from anonymart.processing import record
from anonymart.release.folder import (
    PRIVACY_PAGE,
    PRIVACY_REPORT,
    PROCESSING_REGISTER,
    sha256,
    write_durably,
)
from anonymart.release.policy_rows import FORBIDDEN, OF_KIND
from anonymart.release.privacy_page import page
from anonymart.release.privacy_report import GATE, read_privacy_report
from anonymart.release.report_persons import REASONS

TEXT_WITH_PATTERN = "text_with_pattern"


def finish_report(connection: duckdb.DuckDBPyConnection, folder: Path, verdict: GateReport) -> list[Failure]:
    """Write both forms of the report anew, with the gate's part, and give what is found in them when they are
    read again.
    """
    if any(failure.kind == "privacy_report_unlike_evidence" for failure in verdict.failures):
        # Nobody knows what such a report holds: it is left as it is, and no page is made of it.
        (folder / PRIVACY_PAGE).unlink(missing_ok=True)
        return []
    report = read_privacy_report(folder)
    report[GATE] = _gate_part(connection, report, verdict)
    found = _write(connection, folder, report)
    if found:
        # What is refused must not say of itself that it passed.
        report[GATE]["passed"] = False
        _write(connection, folder, report)
    verdict.files |= {name: sha256(folder / name) for name in (PRIVACY_REPORT, PRIVACY_PAGE)}
    return found


def write_register(
    connection: duckdb.DuckDBPyConnection, home: Home, folder: Path, policy: Policy, verdict: GateReport
) -> list[Failure]:
    """Write the processing register of a candidate, and give what is found in it when it is read again."""
    told = record.of_release(policy, date.fromisoformat(verdict.as_of), record.shared(home))
    write_durably(folder / PROCESSING_REGISTER, register_page.page(told))
    verdict.files[PROCESSING_REGISTER] = sha256(folder / PROCESSING_REGISTER)
    return page_failures(find_in_pages(connection, texts_of(folder / PROCESSING_REGISTER)))


def _write(connection: duckdb.DuckDBPyConnection, folder: Path, report: Mapping[str, Any]) -> list[Failure]:
    write_durably(folder / PRIVACY_REPORT, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    write_durably(folder / PRIVACY_PAGE, page(report))
    read = [
        (PRIVACY_REPORT, text)
        for _, text in strings(json.loads((folder / PRIVACY_REPORT).read_text(encoding="utf-8")))
    ]
    return page_failures(find_in_pages(connection, [*read, *texts_of(folder / PRIVACY_PAGE)]))


def _gate_part(
    connection: duckdb.DuckDBPyConnection, report: Mapping[str, Any], verdict: GateReport
) -> dict[str, Any]:
    texts = connection.execute("SELECT coalesce(sum(n), 0)::BIGINT FROM gate.texts").fetchone()
    return {
        "passed": verdict.passed,
        "expectations": verdict.n_expectations,
        "rows": sum(mart["rows"] for mart in report["marts"].values()),
        "texts": texts[0] if texts else 0,
        "policies": sorted(
            [*_asked(verdict.expectations), *_persons_out(report["persons"])],
            key=lambda entry: entry["policy"],
        ),
        "attacks": [
            {name: attack.get(name) for name in ("attack", "succeeded", "control")}
            for attack in verdict.attacks
        ],
        "drill": verdict.drill,
    }


def _asked(expectations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], list[bool]] = {}
    for line in expectations:
        found.setdefault((line["policy"], line["forbids"]), []).append(line["passed"])
    return [
        {
            "policy": policy,
            "what": f"{FORBIDDEN}{says(forbids)}"
            + (OF_KIND.get(policy, "") if forbids == TEXT_WITH_PATTERN else ""),
            "how_often": len(kept),
            "not_kept": kept.count(False),
        }
        for (policy, forbids), kept in sorted(found.items())
    ]


def says(forbids: str) -> str:
    """What a rule forbids, in the words of its own description, without the ids."""
    words = RULES[forbids].doc.partition(" (")[0].rstrip(".")
    return words[:1].lower() + words[1:]


def _persons_out(persons: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {"policy": policy, "what": words, "how_often": persons.get(reason), "not_kept": 0}
        for reason, (policy, words) in REASONS.items()
        if reason != "in"
    ]
